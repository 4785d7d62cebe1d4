import { createHash } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type {
  DatabaseSettings,
  ExternalDatabaseSettings,
  PostgresSettings,
} from "../settings/releases/database.ts";
import type { Cluster } from "./cluster.ts";
import type { Namespace } from "./namespace.ts";
import { clusterName, HUB, PORT, podLabels, primaryService } from "./postgres/chart.ts";
import { createPostgresCluster, PASSWORD_KEY } from "./postgres/cluster.ts";
import type { PostgresOperator } from "./postgres/operator.ts";
import { type TokenSettings, token } from "./tokens.ts";

/** What a hub needs to know of its database. */
export interface Database {
  /** `postgresql+psycopg2://user@host:5432/database`, without the password. */
  readonly url: pulumi.Input<string>;
  /** Secret in the hub's namespace whose key holds the password, for `PGPASSWORD`. */
  readonly password: { readonly name: pulumi.Input<string>; readonly key: string };
  /**
   * Changes when the password changes, or the database behind the same URL.
   *
   * It belongs into the annotations of the hub's pod: a hub reads its password and makes its tables only when it
   * starts, and stays Ready without both.
   */
  readonly generation: pulumi.Input<string>;
  /** Egress rules of a NetworkPolicy that let the hub reach the database. */
  readonly egress: readonly object[];
  /** What the hub's release depends on: a database that answers. */
  readonly resources: readonly pulumi.Resource[];
  /** What `pulumi destroy` leaves in the cluster, in words; empty where it leaves nothing. */
  readonly kept: readonly pulumi.Output<string>[];
}

/** What a hub's database is made of. */
export interface DatabaseArgs {
  readonly settings: DatabaseSettings;
  /** Another value than before makes a new password. */
  readonly rotation?: TokenSettings["rotation"];
  /** The release's entry of `dask:secrets`. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly cluster: Cluster;
  readonly namespace: Namespace;
  /** The operator that runs Postgres; needed for kind `postgres`. */
  readonly operator?: PostgresOperator | undefined;
}

/**
 * Makes the database of a hub, or answers `undefined` where the hub keeps a file of its own.
 *
 * @param name the hub's release
 */
export function createDatabase(
  name: string,
  args: DatabaseArgs,
  parent: pulumi.Resource,
): Database | undefined {
  const { settings } = args;
  switch (settings.kind) {
    case "postgres":
      return ownDatabase(name, settings, args, parent);
    case "external":
      return externalDatabase(name, settings, args, parent);
    default:
      settings.kind satisfies "sqlite";
      return undefined;
  }
}

function ownDatabase(
  name: string,
  settings: PostgresSettings,
  args: DatabaseArgs,
  parent: pulumi.Resource,
): Database {
  const { namespace } = args;
  const password = token(`${name}-db-password`, args, parent);
  const { cluster, secret } = createPostgresCluster(name, { ...args, settings, password }, parent);
  const named = clusterName(name);
  const kept = pulumi.interpolate`namespace ${namespace.name} with the Postgres Cluster ${named}, its volumes and its Secret`;
  return {
    url: pulumi.interpolate`postgresql+psycopg2://${HUB}@${primaryService(named)}.${namespace.name}:${PORT}/${HUB}`,
    password: { name: secret.metadata.name, key: PASSWORD_KEY },
    generation: generation(password, cluster.metadata.uid),
    egress: [
      {
        to: [{ podSelector: { matchLabels: podLabels(named) } }],
        ports: [{ port: PORT, protocol: "TCP" }],
      },
    ],
    resources: [cluster],
    kept: settings.onDestroy === "keep" ? [kept] : [],
  };
}

function externalDatabase(
  name: string,
  settings: ExternalDatabaseSettings,
  { secrets, cluster, namespace }: DatabaseArgs,
  parent: pulumi.Resource,
): Database {
  const password = pulumi.secret(secrets[EXTERNAL_PASSWORD] ?? "");
  const url = settings.url.replace(/^postgresql:/, "postgresql+psycopg2:");
  const secret = new k8s.core.v1.Secret(
    `${name}-db-password`,
    { metadata: { namespace: namespace.name }, stringData: { [PASSWORD_KEY]: password }, immutable: true },
    { parent, provider: cluster.provider, dependsOn: [...namespace.resources, ...cluster.ready] },
  );
  return {
    url,
    password: { name: secret.metadata.name, key: PASSWORD_KEY },
    // Not a hash: a password that people chose could be guessed from it. A new password makes a Secret of a new name.
    generation: secret.metadata.name,
    // No destination: the host may be a Service, and an address of a Service matches no block of addresses.
    egress: [{ ports: [{ port: portOf(url), protocol: "TCP" }] }],
    resources: [secret],
    kept: [],
  };
}

/** Key of `dask:secrets.<release>` with the password of an external database. */
const EXTERNAL_PASSWORD = "databasePassword";

function portOf(url: string): number {
  return Number(/@[^:/]+:(\d+)\//.exec(url)?.[1] ?? PORT);
}

const DIGITS = 16;

/** A hash that tells two databases apart and from which no password of 256 bits can be had; not for shorter ones. */
function generation(password: pulumi.Output<string>, identity: pulumi.Input<string>): pulumi.Output<string> {
  const hash = (parts: string[]) =>
    createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, DIGITS);
  return pulumi.unsecret(pulumi.all([password, identity]).apply(hash));
}
