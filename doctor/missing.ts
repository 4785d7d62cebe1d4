import type { Finding } from "./findings.ts";
import { shortPath } from "./paths.ts";
import type { StackState } from "./state.ts";

/**
 * Objects that the state knows and the cluster does not: a destroy was interrupted after it had deleted them, or
 * somebody else did; pure.
 *
 * @param absent their API paths
 */
export function missingObjects(
  { objects }: Pick<StackState, "objects">,
  absent: readonly string[],
): Finding[] {
  const urns = absent.flatMap((path) => objects[path] ?? []);
  if (urns.length === 0) return [];
  return [
    {
      problem: `${urns.length} object${urns.length > 1 ? "s are" : " is"} in the stack's state and not in the cluster`,
      evidence: absent.map(shortPath),
      remedy:
        "--fix asks the cluster and takes them out of the state, as pulumi refresh does; the next up makes them again",
      fix: { kind: "refresh", urns },
    },
  ];
}
