import { closest, distance } from "fastest-levenshtein";
import { keyOf, type Problem } from "./problems.ts";
import { dnsLabel } from "./quantities.ts";
import type { Settings } from "./schema.ts";

/**
 * Whether every part of `dask:secrets` belongs to somebody: a misspelt name would leave its release without secrets.
 *
 * @param releases names of all releases of the file, sound or not
 */
export function checkSecrets({ secrets }: Settings, releases: readonly string[]): Problem[] {
  // A release with an impossible name is refused for that, and would garble the line.
  const known = ["cluster", ...releases.filter((name) => dnsLabel.safeParse(name).success)];
  return Object.keys(secrets)
    .filter((name) => !known.includes(name) && !releases.includes(name))
    .map((name) => {
      const near = closest(name, known);
      const hint = distance(name, near) <= 3 ? `; did you mean ${near}?` : "; remove it.";
      return {
        key: keyOf(["secrets", name]),
        message: `names no release${hint} Known here: ${known.join(", ")}.`,
      };
    });
}
