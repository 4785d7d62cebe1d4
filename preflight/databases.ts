import { z } from "zod";
import { OWNER_LABEL } from "../components/namespace.ts";
import {
  CLUSTER_CRD,
  clusterName,
  OPERATOR_RELEASE,
  OPERATOR_WEBHOOK,
} from "../components/postgres/chart.ts";
import type { ApiClient } from "../providers/existing/api-client.ts";
import { keyOf, type Problem } from "../settings/problems.ts";
import { show } from "../settings/quantities.ts";
import type { DatabaseSettings, PostgresSettings, SqliteSettings } from "../settings/releases/database.ts";
import { databaseOf, needsPostgresOperator } from "../settings/releases/database-rules.ts";
import { namespaceOf } from "../settings/releases/namespace-rules.ts";
import type { Settings } from "../settings/schema.ts";

/**
 * Compares the databases of hubs with what runs in the cluster: no users are lost, kept data can be kept, and there is
 * one operator.
 *
 * What the user may not look at is left to what the cluster says later.
 *
 * @param owner value of the owner label of namespaces that this stack made
 */
export async function databaseProblems(
  settings: Settings,
  api: ApiClient,
  owner: string,
): Promise<readonly Problem[]> {
  const releases = Object.entries(settings.releases).flatMap(([name, release]) => {
    const database = databaseOf(release);
    return database === undefined ? [] : [{ name, namespace: namespaceOf(name, release).name, database }];
  });
  const found = await Promise.all([
    operatorProblems(settings, api, owner),
    ...releases.map((hub) => lostUsers(hub, api)),
    ...releases.map((hub) => unkeptVolume(hub, settings, api)),
  ]);
  return found.flat();
}

interface Hub {
  readonly name: string;
  readonly namespace: string;
  readonly database: DatabaseSettings;
}

const annotated = z.object({
  metadata: z.object({
    annotations: z.record(z.string(), z.string()).default({}),
    labels: z.record(z.string(), z.string()).default({}),
  }),
});

async function find<Shape extends z.ZodType>(api: ApiClient, path: string, shape: Shape) {
  const answer = await api.get(path);
  return answer.kind === "found" ? shape.parse(answer.object) : undefined;
}

/** A hub that changes its database starts anew: Helm deletes its SQLite volume, the stack its Postgres. */
async function lostUsers({ name, namespace, database }: Hub, api: ApiClient): Promise<Problem[]> {
  if (database.acceptDataLoss) return [];
  const key = keyOf(["releases", name, "database"]);
  const remedy = "export its users first, then set acceptDataLoss: true";
  if (database.kind !== "sqlite") {
    const volume = await find(
      api,
      `/api/v1/namespaces/${namespace}/persistentvolumeclaims/hub-db-dir`,
      annotated,
    );
    if (volume?.metadata.annotations["meta.helm.sh/release-name"] === name) {
      const message = `leaves the hub's SQLite volume hub-db-dir, and that is deleted with all users and tokens; ${remedy}`;
      return [{ key, value: show(database.kind), message }];
    }
  }
  if (database.kind !== "postgres") {
    const path = `/apis/postgresql.cnpg.io/v1/namespaces/${namespace}/clusters/${clusterName(name)}`;
    if ((await find(api, path, annotated)) !== undefined) {
      const message = `leaves the hub's Postgres ${clusterName(name)}, and with it all users and tokens; ${remedy}`;
      return [{ key, value: show(database.kind), message }];
    }
  }
  return [];
}

const storageClass = z.looseObject({ ...annotated.shape, reclaimPolicy: z.string().default("Delete") });
const storageClasses = z.object({ items: z.array(storageClass) });
const DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class";

/** Kept data lie on volumes that go with whoever deletes the namespace or the Cluster, unless their class retains them. */
async function unkeptVolume(hub: Hub, settings: Settings, api: ApiClient): Promise<Problem[]> {
  const { database } = hub;
  if (database.kind === "external" || database.onDestroy !== "keep") return [];
  const name = classOf(database, settings);
  const found = await (name === undefined ? defaultClass(api) : namedClass(api, name));
  if (found === undefined || found.reclaimPolicy === "Retain") return [];
  const which = name === undefined ? "the cluster's default storage class" : `the storage class ${name}`;
  const message = `cannot hold, because ${which} has reclaimPolicy ${found.reclaimPolicy} and deletes volumes with their claims; name one with Retain in database.storageClass`;
  return [{ key: keyOf(["releases", hub.name, "database", "onDestroy"]), value: show("keep"), message }];
}

function classOf(database: PostgresSettings | SqliteSettings, { cluster }: Settings): string | undefined {
  const own = typeof cluster.storageClass === "object" ? cluster.storageClass.name : cluster.storageClass;
  return database.storageClass ?? own;
}

function namedClass(api: ApiClient, name: string) {
  return find(api, `/apis/storage.k8s.io/v1/storageclasses/${name}`, storageClass);
}

async function defaultClass(api: ApiClient) {
  const all = await find(api, "/apis/storage.k8s.io/v1/storageclasses", storageClasses);
  return all?.items.find((each) => each.metadata.annotations[DEFAULT_CLASS] === "true");
}

async function operatorProblems(settings: Settings, api: ApiClient, owner: string): Promise<Problem[]> {
  const hubs = Object.values(settings.releases).map(databaseOf);
  if (!hubs.some((database) => database?.kind === "postgres")) return [];
  const found = needsPostgresOperator(settings)
    ? await rivalOperator(settings, api, owner)
    : await missingOperator(hubs, api);
  if (found === undefined) return [];
  return [{ key: keyOf(["postgres", "operator"]), value: show(settings.postgres.operator), message: found }];
}

/** Two operators would both answer for every Postgres of the cluster. */
async function rivalOperator(settings: Settings, api: ApiClient, owner: string) {
  const { postgres } = settings;
  const remedy = "set it to present to use that one";
  const webhooks = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
  const webhook = await find(api, `${webhooks}/${OPERATOR_WEBHOOK}`, annotated);
  if (webhook !== undefined) {
    const { annotations } = webhook.metadata;
    const release = annotations["meta.helm.sh/release-name"];
    const namespace = annotations["meta.helm.sh/release-namespace"];
    if (release !== OPERATOR_RELEASE || namespace !== postgres.namespace)
      return `would be the second CloudNativePG of the cluster (the first is in namespace ${namespace ?? "unknown"}); ${remedy}`;
  }
  const namespace = await find(api, `/api/v1/namespaces/${postgres.namespace}`, annotated);
  if (namespace === undefined || namespace.metadata.labels[OWNER_LABEL] === owner)
    return strangeDefinitions(settings, api);
  const other = namespace.metadata.labels[OWNER_LABEL];
  return other === undefined
    ? `finds namespace ${postgres.namespace}, which is not this stack's; choose another in dask:postgres.namespace`
    : `would be the second CloudNativePG of the cluster (the first belongs to the stack ${other}); ${remedy}`;
}

/** The chart's definitions outlive its release, and Helm lets no other release have them: it would stop half-way. */
async function strangeDefinitions({ crds, postgres }: Settings, api: ApiClient) {
  // The stack applies them itself then, and asks about them itself: see definitions.ts.
  if (crds === "own") return undefined;
  const { namespace, values } = postgres;
  const own = z.object({ crds: z.object({ create: z.literal(false) }) });
  if (own.safeParse(values).success) return undefined;
  const definition = await find(api, `${DEFINITIONS}/${CLUSTER_CRD}`, annotated);
  if (definition === undefined) return undefined;
  const { annotations } = definition.metadata;
  const release = annotations["meta.helm.sh/release-name"];
  const home = annotations["meta.helm.sh/release-namespace"];
  if (release === OPERATOR_RELEASE && home === namespace) return undefined;
  return release === OPERATOR_RELEASE && home !== undefined
    ? `finds definitions (${CLUSTER_CRD}) that an earlier CloudNativePG left, and Helm takes them over in its namespace alone; set dask:postgres.namespace to ${home}`
    : `finds definitions (${CLUSTER_CRD}) that Helm would not take over; set dask:postgres.values.crds.create to false to use them as they are`;
}

const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

async function missingOperator(hubs: readonly (DatabaseSettings | undefined)[], api: ApiClient) {
  const answer = await api.get(`${DEFINITIONS}/${CLUSTER_CRD}`);
  if (answer.kind === "forbidden") return undefined;
  if (answer.kind === "absent") return "finds no CloudNativePG in the cluster; set it to install";
  const backups = hubs.some((database) => database?.kind === "postgres" && database.backup !== undefined);
  // The API server drops fields that it does not know, and then there would be no backups and no word of it.
  return backups && !JSON.stringify(answer.object).includes('"barmanObjectStore"')
    ? "finds a CloudNativePG that takes no backups itself (1.31 or newer); remove database.backup and set up its plug-in"
    : undefined;
}
