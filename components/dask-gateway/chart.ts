/**
 * Names that the `dask-gateway` chart gives its objects (`templates/_helpers.tpl` and the Services there), the same
 * in 2024.1.0 and 2026.3.0.
 *
 * Pure facts without Pulumi: the checks of the settings read them too.
 */

import type { Owner, Target } from "../drain.ts";

/** Ports of the chart's proxy Service, and the ports its container listens on. */
export const PORTS = { web: 80, webTarget: 8000, tcpTarget: 8786, api: 8000 } as const;

/** The chart adds this to a release's name that does not contain it. */
const CHART = "dask-gateway";

/** The longest prefix that the chart puts before the full name and that must not be cut at 63 characters. */
const LONGEST_PREFIX = "controller-";

/** What tells one version of the chart from another: its schema refuses keys that it does not know. */
export interface GatewayChartFacts {
  /** Whether `gateway.auth.jupyterhub.jupyterhubServiceName` exists. */
  readonly serviceName: boolean;
}

/** The versions of the chart that values can be written for: the pinned one, and the one in `daskhub` 2024.1.1. */
export const GATEWAY_CHARTS = {
  "2026.3.0": { serviceName: true },
  "2024.1.0": { serviceName: false },
} as const satisfies Record<string, GatewayChartFacts>;

/** A version of the chart that values can be written for. */
export type GatewayChartVersion = keyof typeof GATEWAY_CHARTS;

/** The name in every object: the release's name, with `-dask-gateway` added unless the name contains it. */
export function fullName(release: string): string {
  return release.includes(CHART) ? release : `${release}-${CHART}`;
}

/** Most characters a release name may have, so that no name is cut and Helm's 53 hold. */
export function longestReleaseName(release: string): number {
  return Math.min(53, 63 - LONGEST_PREFIX.length - (fullName(release).length - release.length));
}

/** Added to the name of a hub or a gateway without one: the Helm release that ends its users' work where the namespace stays. */
export const DRAIN_SUFFIX = "-drain";

/** Most characters the name of a release without a hub may have. */
export function longestOwnName(release: string): number {
  return Math.min(53 - DRAIN_SUFFIX.length, longestReleaseName(release));
}

/** Service of the proxy, which clients connect to. */
export function proxyService(release: string): string {
  return `traefik-${fullName(release)}`;
}

/** Service of the API server, port 8000; inside only. */
export function apiService(release: string): string {
  return `api-${fullName(release)}`;
}

/** The ClusterRoles and ClusterRoleBindings of a release: cluster-wide, so no two releases may share them. */
export function clusterRoles(release: string): readonly string[] {
  return [apiService(release), `controller-${fullName(release)}`, proxyService(release)];
}

/** Labels that select the pods of one part of a release. */
export function podLabels(component: "gateway" | "controller" | "traefik"): Record<string, string> {
  return { "app.kubernetes.io/name": CHART, "app.kubernetes.io/component": component };
}

/** The label that every object of a gateway carries, its clusters' pods included. */
export function instanceLabel(release: string): Record<string, string> {
  return { "gateway.dask.org/instance": fullName(release) };
}

/** The Deployment of a gateway's API server; its name is its Service's. */
export function gatewayDeployment(release: string): Owner {
  return { name: apiService(release), labels: instanceLabel(release) };
}

/** What the clusters of a gateway are made of, the owners first: what the server gives its objects in Kubernetes. */
export function clusterObjects(release: string): readonly Target[] {
  const instance = instanceLabel(release);
  const pods = (component: string) => ({
    api: "api/v1",
    resource: "pods",
    labels: { ...instance, "app.kubernetes.io/component": component },
  });
  return [
    { api: "apis/gateway.dask.org/v1alpha1", resource: "daskclusters", labels: instance },
    // Gone with their clusters, but not at once.
    pods("dask-scheduler"),
    pods("dask-worker"),
  ];
}
