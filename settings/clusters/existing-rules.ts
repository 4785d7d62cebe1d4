import type { Problem, Report } from "../problems.ts";

const OF_THE_CLUSTER = "is a matter of the existing cluster; remove it here";

/**
 * Problems of keys that would have no effect, because what is there already has decided them.
 *
 * @param keys below `dask:cluster`, like `network.cidr`; those that the stack file does not name are no problems,
 *   whatever their defaults
 */
export function decidedAlready(
  keys: readonly string[],
  report: Report,
  message: string = OF_THE_CLUSTER,
): Problem[] {
  return keys
    .map((key) => report(["cluster", ...key.split(".")], message))
    .filter(({ value }) => value !== undefined);
}
