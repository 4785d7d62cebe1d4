import type { Finding } from "./findings.ts";
import type { Noted } from "./noted.ts";
import { shortPath } from "./paths.ts";
import { FORGET } from "./pending.ts";
import type { PendingOperation, StackState } from "./state.ts";

/*
 * What a run made that was interrupted before it could write it down.
 *
 * An up takes over what carries the name that it would give, and makes a second one of what has a drawn name. A destroy
 * takes nothing but what the state knows. The engine keeps its notes of creations through both, and they name the
 * objects; not their cluster, which after a destroy may be another than the one that the settings name.
 */

type Left = Pick<Noted, "made" | "helm" | "spared" | "doubtful">;
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

/** What interrupted runs made that nobody will use or delete; pure. */
export function leftBehind(state: State, noted: Left): Finding[] {
  const all = unused(state, noted);
  const doubtful = all.filter((path) => noted.doubtful.includes(path));
  const paths = all.filter((path) => !noted.doubtful.includes(path));
  return [
    ...(paths.length === 0 ? [] : [leftovers(paths, noted.spared)]),
    ...(doubtful.length === 0 ? [] : [perhapsOthers(doubtful)]),
  ];
}

/** What carries a name that interrupted runs gave, and nothing shows to be the stack's; pure. */
export function inDoubt(state: State, noted: Left): string[] {
  return unused(state, noted).filter((path) => noted.doubtful.includes(path));
}

function unused(state: State, { made, helm }: Left): string[] {
  const adopted = adoptable(state, made);
  const objects = state.pending
    .filter((each) => isMade(each, made) && !adopted.includes(each.urn) && each.kept !== true)
    .flatMap(({ path }) => path ?? [])
    .filter((path) => !(path in state.objects));
  return unique([...helm, ...objects]);
}

function leftovers(paths: readonly string[], spared: readonly string[]): Finding {
  const rest =
    spared.length === 0
      ? ""
      : `. It leaves ${spared.map(shortPath).join(", ")}, which may hold what people made: the next up takes them over, and a destroy without one leaves them`;
  return {
    problem: `an interrupted run made ${paths.length} object${paths.length > 1 ? "s" : ""} that the stack's state does not know`,
    evidence: paths.map(shortPath),
    remedy: `--fix deletes them: the next up makes them again, and a destroy would leave them${rest}`,
    fix: { kind: "delete-objects", paths },
  };
}

function perhapsOthers(paths: readonly string[]): Finding {
  const many = paths.length > 1;
  return {
    problem: `${paths.length} object${many ? "s have names" : " has a name"} that an interrupted run gave, and nothing shows that ${many ? "they are" : "it is"} the stack's`,
    evidence: [
      ...paths.map(shortPath),
      "the state names no cluster since a destroy has ended, and the settings may name another one now",
    ],
    remedy: `where this is the cluster that held the stack, --fix --no-other-run deletes ${many ? "them" : "it"}; where it is another, point dask:cluster back first; where somebody else made ${many ? "them" : "it"}, ${FORGET} forgets the run's notes`,
  };
}

function isMade({ type, path }: PendingOperation, made: readonly string[]): boolean {
  return type === "creating" && path !== undefined && made.includes(path);
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
