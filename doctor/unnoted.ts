import type { Finding } from "./findings.ts";
import type { Labelled } from "./labelled.ts";
import { shortPath } from "./paths.ts";
import type { StackState } from "./state.ts";

/*
 * What a run made and no state notes: its provider died before it could answer, and the engine took that for a failure.
 *
 * An up takes over what has a name of its own. A destroy leaves all of it where the namespace stays.
 */

type State = Pick<StackState, "pending" | "objects">;

/** Objects of the stack that no state notes; pure. */
export function unnotedObjects({ pending, objects }: State, unnoted: readonly Labelled[]): Finding[] {
  const begun = pending.map(({ path }) => path);
  const unknown = unnoted.filter(({ path }) => !(path in objects) && !begun.includes(path));
  const paths = unknown.filter(({ data }) => !data).map(({ path }) => path);
  const databases = unknown.filter(({ data }) => data).map(({ path }) => path);
  return [...(paths.length === 0 ? [] : [leftovers(paths)]), ...databases.map(database)];
}

function leftovers(paths: readonly string[]): Finding {
  const many = paths.length > 1;
  return {
    problem: `${paths.length} object${many ? "s" : ""} that the stack made ${many ? "are" : "is"} in the cluster, and neither its state nor Helm knows the release`,
    evidence: paths.map(shortPath),
    remedy: "--fix deletes them: a run was cut off while it made them, and a destroy would leave them",
    fix: { kind: "delete-objects", paths },
  };
}

function database(path: string): Finding {
  return {
    problem: `the Postgres ${shortPath(path)} is in the cluster and not in the stack's state`,
    evidence: ["a run may have been cut off while it made it, or somebody took it out of the state"],
    remedy: "--fix leaves data alone: where nobody wants them, delete it with kubectl",
  };
}
