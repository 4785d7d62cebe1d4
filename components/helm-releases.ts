import { DRAIN_SUFFIX } from "./dask-gateway/chart.ts";
import { END_SUFFIX } from "./dask-operator/chart.ts";
import { gatewayRelease } from "./hub/chart.ts";

/** Names of the Helm releases that a release of the settings may be made of, whatever its kind; pure. */
export function helmReleases(release: string): readonly string[] {
  return [release, gatewayRelease(release, "charts"), ...endingReleases(release)];
}

/** Those of them that hold nothing and only work when they are uninstalled; pure. */
export function endingReleases(release: string): readonly string[] {
  return [`${release}${DRAIN_SUFFIX}`, `${release}${END_SUFFIX}`];
}
