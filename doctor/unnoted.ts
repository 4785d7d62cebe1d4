import type { Finding } from "./findings.ts";
import type { Found, Note } from "./labelled.ts";
import { shortPath } from "./paths.ts";
import type { StackState } from "./state.ts";

/*
 * What a run made and no state notes: its provider died before it could answer, and the engine took that for a failure.
 *
 * An up takes over what has a name of its own, and not a Helm release. A destroy leaves all of it where the namespace
 * stays. A stack of the same name on another backend has the same labels, so that a release that Helm holds is touched
 * only where this stack's state knows objects of it and its first installation never ended.
 */

type State = Pick<StackState, "pending" | "objects" | "helmReleases" | "ownNamespaces">;

/**
 * Objects of the stack, and Helm releases of its names, that no state notes; pure.
 *
 * @param alone whether people say that nobody else makes anything of the stack's names
 */
export function unnotedObjects(state: State, found: readonly Found[], alone = false): Finding[] {
  const { pending, objects } = state;
  const begun = pending.map(({ path }) => path);
  const unknown = found
    .flatMap((each) => (each.notes.length === 0 ? each.objects : []))
    .filter(({ path }) => !(path in objects) && !begun.includes(path));
  const paths = unknown.filter(({ data }) => alone || !data).map(({ path }) => path);
  const databases = unknown.filter(({ data }) => data && !alone).map(({ path }) => path);
  const ours = cutInstallations(state, found, alone);
  const releases = unknownReleases(state, found).filter(([place]) => !ours.includes(place));
  return [
    ...(paths.length === 0 ? [] : [leftovers(paths)]),
    ...databases.map(database),
    ...releases.map(unknownRelease),
  ];
}

/**
 * `<namespace>/<name>` of the Helm releases whose first installation a run of this stack began and never ended; pure.
 *
 * @param alone whether people say that nobody else makes anything of the stack's names
 */
export function cutInstallations(state: State, found: readonly Found[], alone = false): string[] {
  const ours = found.filter(({ objects }) => alone || objects.some(({ path }) => path in state.objects));
  return unknownReleases(state, ours).flatMap(([place, notes]) =>
    notes.every(({ version, status }) => version === "1" && status === "pending-install") ? [place] : [],
  );
}

/** Helm releases that the state does not know, in namespaces that are not the stack's, with Helm's notes of them. */
function unknownReleases(state: State, found: readonly Found[]): [place: string, notes: Note[]][] {
  const begun = state.pending.map(({ helmRelease }) => helmRelease);
  const notes = found
    .filter(({ home }) => !state.ownNamespaces.includes(home))
    .flatMap(({ home, notes }) => notes.map((note) => [`${home}/${note.name}`, note] as const))
    .filter(([place]) => !(place in state.helmReleases) && !begun.includes(place));
  const places = [...new Set(notes.map(([place]) => place))];
  return places.map((place) => [place, notes.flatMap(([of, note]) => (of === place ? [note] : []))]);
}

function unknownRelease([place, notes]: readonly [string, readonly Note[]]): Finding {
  const [namespace, name] = place.split("/");
  const said = notes.map(({ version, status }) => `its revision ${version} is ${status}`);
  return {
    problem: `the Helm release ${place} has the name of a release of the stack and is not in its state`,
    evidence: [...said, 'an up would end at "cannot re-use a name that is still in use"'],
    remedy: `where a run of this stack was cut off while it made it: --fix --no-other-run, or helm uninstall ${name} -n ${namespace}. Where it is somebody else's, give the release another name`,
  };
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
    remedy: "--fix leaves data alone; --fix --no-other-run deletes it",
  };
}
