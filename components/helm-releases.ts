import { SETTLE_NAMESPACE } from "../settings/releases/namespace-rules.ts";
import { DRAIN_SUFFIX } from "./dask-gateway/chart.ts";
import { END_SUFFIX } from "./dask-operator/chart.ts";
import { gatewayRelease } from "./hub/chart.ts";
import { OPERATOR_RELEASE } from "./postgres/chart.ts";

/** Names of the Helm releases that a release of the settings may be made of, whatever its kind; pure. */
export function helmReleases(release: string): readonly string[] {
  return [release, gatewayRelease(release, "charts"), ...endingReleases(release)];
}

/** Names of the Helm releases that a stack makes once, beside those of its releases; pure. */
export const sharedReleases: readonly string[] = [OPERATOR_RELEASE, SETTLE_NAMESPACE];

/** Those of them that hold nothing and only work when they are uninstalled; pure. */
export function endingReleases(release: string): readonly string[] {
  return [`${release}${DRAIN_SUFFIX}`, `${release}${END_SUFFIX}`];
}
