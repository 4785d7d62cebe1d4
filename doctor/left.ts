import type { Finding } from "./findings.ts";
import { shortPath } from "./paths.ts";
import type { PendingOperation, StackState } from "./state.ts";

/*
 * What a run made that was interrupted before it could write it down.
 *
 * An up takes over what carries the name that it would give, and makes a second one of what has a drawn name. A destroy
 * takes nothing but what the state knows. The engine keeps its notes of creations through both, and they name the
 * objects.
 */

type State = Pick<StackState, "pending" | "objects" | "helmReleases" | "kubeconfig">;

/** API paths of the plain objects that interrupted runs were creating; pure. */
export function creating({ pending }: Pick<StackState, "pending">): string[] {
  return unique(pending.flatMap(({ type, path }) => (type === "creating" ? (path ?? []) : [])));
}

/** `<namespace>/<name>` of the Helm releases that interrupted runs were creating and the state does not know; pure. */
export function creatingReleases({
  pending,
  helmReleases,
}: Pick<State, "pending" | "helmReleases">): string[] {
  const begun = pending.flatMap(({ type, helmRelease }) => (type === "creating" ? (helmRelease ?? []) : []));
  return unique(begun).filter((place) => !(place in helmReleases));
}

/**
 * URNs of objects that the state can take over, so that an up and a destroy both know them; pure.
 *
 * @param made API paths of objects that are there, of those that were being created
 */
export function adoptable(state: State, made: readonly string[]): string[] {
  // A destroy that has ended took the provider with it, without which no object can be in the state.
  if (state.kubeconfig === undefined) return [];
  const known = Object.values(state.objects);
  return unique(state.pending.filter((each) => isMade(each, made)).map(({ urn }) => urn)).filter(
    (urn) => !known.includes(urn),
  );
}

/**
 * What interrupted runs made that nobody will use or delete; pure.
 *
 * @param made API paths of plain objects that are there, of those that were being created
 * @param helm API paths of the objects and notes of Helm releases that were being created
 */
export function leftBehind(state: State, made: readonly string[], helm: readonly string[]): Finding[] {
  const adopted = adoptable(state, made);
  const objects = state.pending
    .filter((each) => isMade(each, made) && !adopted.includes(each.urn) && each.kept !== true)
    .flatMap(({ path }) => path ?? [])
    .filter((path) => !(path in state.objects));
  const paths = unique([...helm, ...objects]);
  if (paths.length === 0) return [];
  return [
    {
      problem: `an interrupted run made ${paths.length} object${paths.length > 1 ? "s" : ""} that the stack's state does not know`,
      evidence: paths.map(shortPath),
      remedy: "--fix deletes them: the next up makes them again, and a destroy would leave them",
      fix: { kind: "delete-objects", paths },
    },
  ];
}

function isMade({ type, path }: PendingOperation, made: readonly string[]): boolean {
  return type === "creating" && path !== undefined && made.includes(path);
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
