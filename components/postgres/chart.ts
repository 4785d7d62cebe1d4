/**
 * Names of CloudNativePG's parts: of the chart 0.29.0, and of what the operator 1.30 makes for a `Cluster`.
 *
 * Pure facts without Pulumi: the checks of the settings read them too.
 */

/** The Helm release of the operator; a second one in the cluster would fight over the same fixed names. */
export const OPERATOR_RELEASE = "cloudnative-pg";

/** What every operator of a cluster is called by its webhooks, whoever installed it. */
export const OPERATOR_WEBHOOK = "cnpg-mutating-webhook-configuration";

/** API version of `Cluster` and `ScheduledBackup`. */
export const API_VERSION = "postgresql.cnpg.io/v1";

/** Group of all definitions of the chart. */
export const API_GROUP = "postgresql.cnpg.io";

/** Name of the CustomResourceDefinition of `Cluster`. */
export const CLUSTER_CRD = "clusters.postgresql.cnpg.io";

/** Database and owner that the hub gets. */
export const HUB = "hub";

/** Port of Postgres. */
export const PORT = 5432;
/** Ports on which the manager in a Postgres' pod answers operator and kubelet, and gives metrics. */
export const MANAGER_PORT = 8000;
export const METRICS_PORT = 9187;

const LONGEST_CLUSTER = 50;
const SUFFIX = "-db";

/** The `Cluster` of a release, which prefixes all that the operator makes for it. */
export function clusterName(release: string): string {
  return `${release}${SUFFIX}`;
}

/** Most characters a release name may have, so that the webhook takes its Cluster's name. */
export const LONGEST_RELEASE = LONGEST_CLUSTER - SUFFIX.length;

/** Service that always leads to the primary. */
export function primaryService(cluster: string): string {
  return `${cluster}-rw`;
}

/** Labels of the pods of a Cluster. */
export function podLabels(cluster: string): Record<string, string> {
  return { "cnpg.io/cluster": cluster };
}
