/**
 * Names that the `dask` chart 2024.1.1 gives its objects (`templates/_helpers.tpl` and the Services there).
 *
 * Pure facts without Pulumi: the checks of the settings read them too.
 */

/** The fixed name of the ServiceAccount, Role and RoleBinding that `jupyter.rbac` makes. */
export const RBAC_NAME = "dask-jupyter";

/** Ports of the chart's Services, and the ports its containers listen on. */
export const PORTS = {
  scheduler: 8786,
  dashboard: 80,
  dashboardTarget: 8787,
  jupyter: 80,
  jupyterTarget: 8888,
  worker: 8790,
} as const;

const LONGEST_SUFFIX = "-scheduler-external";

/** The prefix of every object: the release's name, with `-dask` added unless the name contains `dask`. */
export function fullName(release: string): string {
  return release.includes("dask") ? release : `${release}-dask`;
}

/** Most characters a release name may have, so that no Service name passes 63 and Helm's 53 hold. */
export function longestReleaseName(release: string): number {
  return Math.min(53, 63 - LONGEST_SUFFIX.length - (fullName(release).length - release.length));
}

/** Service of the scheduler, ports 8786 and 80 (dashboard). */
export function schedulerService(release: string): string {
  return `${fullName(release)}-scheduler`;
}

/** Service of the notebook server, port 80. */
export function jupyterService(release: string): string {
  return `${fullName(release)}-jupyter`;
}

/** The ServiceAccount of pods that have no business with Kubernetes; the stack makes it, not the chart. */
export function podAccount(release: string): string {
  return `${fullName(release)}-pods`;
}

/** Labels that select the pods of one part of a release. */
export function podLabels(
  release: string,
  component: "scheduler" | "worker" | "jupyter",
): Record<string, string> {
  return { app: "dask", release, component };
}
