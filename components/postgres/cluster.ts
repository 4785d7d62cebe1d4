import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { seconds } from "../../settings/quantities.ts";
import { BACKUP_SECRETS, type BackupSettings, schemeOf } from "../../settings/releases/backup.ts";
import type { PostgresSettings } from "../../settings/releases/database.ts";
import type { Cluster } from "../cluster.ts";
import { keptAnnotations, type Namespace, OWNER_LABEL, ownerLabel } from "../namespace.ts";
import { warnWhenOverdue } from "../overdue.ts";
import { API_VERSION, clusterName, HUB } from "./chart.ts";
import type { PostgresOperator } from "./operator.ts";
import { clusterSpec, guardSpec, type ObjectStore } from "./values.ts";

/** What a Postgres in the cluster is made of. */
export interface PostgresClusterArgs {
  readonly settings: PostgresSettings;
  readonly secrets: Readonly<Record<string, string>>;
  readonly password: pulumi.Output<string>;
  readonly cluster: Cluster;
  readonly namespace: Namespace;
  readonly operator?: PostgresOperator | undefined;
}

/** A Postgres in the cluster. */
export interface PostgresCluster {
  /** The custom resource; it is made when Postgres is ready. */
  readonly cluster: k8s.apiextensions.CustomResource;
  /** User and password, which the operator and the hub both read. */
  readonly secret: k8s.core.v1.Secret;
}

/** Key of the password in its Secret, as Kubernetes names it for basic authentication. */
export const PASSWORD_KEY = "password";

/** Makes a Postgres with one database and one user, and waits until it is ready. */
export function createPostgresCluster(
  name: string,
  args: PostgresClusterArgs,
  parent: pulumi.Resource,
): PostgresCluster {
  const { settings, namespace } = args;
  const opts = options(args, parent);
  const secret = passwordSecret(name, args, opts);
  const backup = settings.backup && objectStore(name, settings.backup, args, opts);
  const cluster = new k8s.apiextensions.CustomResource(
    clusterName(name),
    {
      apiVersion: API_VERSION,
      kind: "Cluster",
      metadata: {
        name: clusterName(name),
        namespace: namespace.name,
        labels: { [OWNER_LABEL]: ownerLabel() },
        annotations: {
          // The provider knows no readiness of custom resources but the one it is told.
          "pulumi.com/waitFor": "condition=Ready",
          ...(settings.onDestroy === "keep" ? keptAnnotations : {}),
        },
      },
      spec: clusterSpec(settings, {
        password: secret.metadata.name,
        placement: args.cluster.placement("core"),
        ...(args.cluster.storageClass === undefined ? {} : { storageClass: args.cluster.storageClass }),
        ...(backup === undefined ? {} : { backup }),
      }),
    },
    {
      ...opts,
      retainOnDelete: settings.onDestroy === "keep",
      customTimeouts: { create: `${seconds(settings.timeout)}s`, update: `${seconds(settings.timeout)}s` },
    },
  );
  warnWhenOverdue(cluster, `the Postgres ${clusterName(name)}`, {
    namespace: namespace.name,
    kubeconfig: args.cluster.kubeconfig,
    needs: [secret.urn, ...opts.dependsOn.map(({ urn }) => urn)],
    timeout: seconds(settings.timeout),
  });
  guard(name, args, opts);
  if (settings.backup !== undefined) scheduleBackup(name, settings.backup, args, { ...opts, cluster });
  return { cluster, secret };
}

function options(
  { cluster, namespace, operator }: PostgresClusterArgs,
  parent: pulumi.Resource,
): pulumi.CustomResourceOptions & { dependsOn: pulumi.Resource[] } {
  const dependsOn = [...namespace.resources, ...cluster.ready, ...(operator?.resources ?? [])];
  return { parent, provider: cluster.provider, dependsOn };
}

/** The name stays, because the operator knows it; the label tells the operator to follow a new password. */
function passwordSecret(
  name: string,
  { settings, namespace, password }: PostgresClusterArgs,
  opts: pulumi.CustomResourceOptions,
): k8s.core.v1.Secret {
  return new k8s.core.v1.Secret(
    `${clusterName(name)}-user`,
    {
      type: "kubernetes.io/basic-auth",
      metadata: {
        name: `${clusterName(name)}-user`,
        namespace: namespace.name,
        labels: { "cnpg.io/reload": "true", [OWNER_LABEL]: ownerLabel() },
        // An empty map would not be kept by the API server, and so be a change at every `up`.
        ...(settings.onDestroy === "keep" ? { annotations: keptAnnotations } : {}),
      },
      stringData: { username: HUB, [PASSWORD_KEY]: password },
    },
    { ...opts, retainOnDelete: settings.onDestroy === "keep" },
  );
}

/** Lets the hub, the operator and the servers among themselves reach Postgres, and no notebook or worker. */
function guard(name: string, { namespace }: PostgresClusterArgs, opts: pulumi.CustomResourceOptions): void {
  new k8s.networking.v1.NetworkPolicy(
    clusterName(name),
    { metadata: { namespace: namespace.name }, spec: guardSpec(name) },
    opts,
  );
}

function objectStore(
  name: string,
  { destination, identity }: BackupSettings,
  { secrets, namespace }: PostgresClusterArgs,
  opts: pulumi.CustomResourceOptions & { parent?: pulumi.Resource },
): ObjectStore {
  // Postgres refuses to archive into a directory that another server has used, even one of the same name.
  const suffix = new random.RandomBytes(
    `${clusterName(name)}-archive`,
    { length: 4 },
    opts.parent === undefined ? {} : { parent: opts.parent },
  );
  const serverName = pulumi.interpolate`${clusterName(name)}-${suffix.hex}`;
  if (identity !== undefined) return { serverName };
  const keys = BACKUP_SECRETS[schemeOf(destination)].map((key) => [key, pulumi.secret(secrets[key] ?? "")]);
  const secret = new k8s.core.v1.Secret(
    `${clusterName(name)}-backup`,
    { metadata: { namespace: namespace.name }, stringData: Object.fromEntries(keys), immutable: true },
    opts,
  );
  return { serverName, secret: secret.metadata.name };
}

function scheduleBackup(
  name: string,
  { schedule }: BackupSettings,
  { namespace }: PostgresClusterArgs,
  { cluster, ...opts }: pulumi.CustomResourceOptions & { cluster: k8s.apiextensions.CustomResource },
): void {
  new k8s.apiextensions.CustomResource(
    `${clusterName(name)}-backup`,
    {
      apiVersion: API_VERSION,
      kind: "ScheduledBackup",
      metadata: { name: clusterName(name), namespace: namespace.name },
      spec: {
        schedule,
        immediate: true,
        // The records of backups go with the schedule; the backups themselves stay in the object store.
        backupOwnerReference: "self",
        cluster: { name: clusterName(name) },
      },
    },
    { ...opts, dependsOn: [cluster] },
  );
}
