/**
 * Names of the chart `dask-kubernetes-operator` 2026.3.0, and what its operator and its users must be allowed to do.
 *
 * Pure facts without Pulumi: the checks of the settings read them too.
 */

const CHART = "dask-kubernetes-operator";
const GROUP = "kubernetes.dask.org";
const KINDS = ["daskclusters", "daskworkergroups", "daskautoscalers", "daskjobs"];

/** Prefix of the chart's objects, and the name of its Deployment and ServiceAccount. */
export function fullName(release: string): string {
  return release.includes(CHART) ? release : `${release}-${CHART}`;
}

/** Added to a release's name: the Helm release that ends its Dask clusters before the operator goes. */
export const END_SUFFIX = "-end-clusters";

/** Most characters a release name may have, so that no name passes 63 and Helm's 53 hold. */
export function longestReleaseName(release: string): number {
  return Math.min(53 - END_SUFFIX.length, 63 - (fullName(release).length - release.length));
}

/** ServiceAccount, in every namespace that an operator serves, of pods that run `KubeCluster`. */
export function userAccount(release: string): string {
  return `${release}-user`;
}

/** A rule of a Role. */
export interface RoleRule {
  readonly apiGroups: string[];
  readonly resources: string[];
  readonly verbs: string[];
}

const READ = ["get", "list", "watch"];

/** What the operator does in a namespace; the chart's own Role reaches the release's namespace only. */
export const operatorRules: readonly RoleRule[] = [
  {
    apiGroups: [GROUP],
    resources: [
      ...KINDS,
      ...KINDS.map((kind) => `${kind}/status`),
      "daskclusters/scale",
      "daskworkergroups/scale",
    ],
    verbs: [...READ, "create", "update", "patch", "delete"],
  },
  { apiGroups: [""], resources: ["pods", "pods/status", "services", "services/status"], verbs: ["*"] },
  { apiGroups: ["apps"], resources: ["deployments", "deployments/status"], verbs: ["*"] },
  { apiGroups: ["", "events.k8s.io"], resources: ["events"], verbs: ["create", "patch"] },
];

/** What the operator's framework looks up in the whole cluster: without it, it would ask for a minute before it works. */
export const discoveryRules: readonly RoleRule[] = [
  { apiGroups: [""], resources: ["namespaces"], verbs: ["list", "watch"] },
  { apiGroups: ["apiextensions.k8s.io"], resources: ["customresourcedefinitions"], verbs: ["list", "watch"] },
];

/** What `KubeCluster` does for its user: make, scale and end clusters, look at their pods and read their logs. */
export const userRules: readonly RoleRule[] = [
  {
    apiGroups: [GROUP],
    resources: [...KINDS, "daskclusters/scale", "daskworkergroups/scale"],
    verbs: [...READ, "create", "update", "patch", "delete"],
  },
  { apiGroups: [""], resources: ["pods", "services", "events"], verbs: READ },
  { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
];

const SCHEDULER_PORTS = [8786, 8787];
const API_PORTS = [443, 6443];

/** Egress rules of a NetworkPolicy that let a notebook ask the API server for a cluster and reach its scheduler. */
export const notebookEgress: readonly object[] = [
  {
    to: [{ podSelector: { matchLabels: { "dask.org/component": "scheduler" } } }],
    ports: SCHEDULER_PORTS.map((port) => ({ port, protocol: "TCP" })),
  },
  // No destination: the API server is no pod, and where it listens differs from cluster to cluster.
  { ports: API_PORTS.map((port) => ({ port, protocol: "TCP" })) },
];
