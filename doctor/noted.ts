import type { ApiClient } from "../providers/existing/api-client.ts";
import { helmObjects } from "./helm-objects.ts";
import { creating, creatingReleases } from "./left.ts";
import { askFor, type Said } from "./metadata.ts";
import { shownOwn } from "./own.ts";
import { namespaceIn } from "./paths.ts";
import type { StackState } from "./state.ts";

/** Which of the objects that the state notes are in the cluster, by API path. */
export interface Noted {
  /** Objects that interrupted runs were creating and that are there. */
  readonly made: readonly string[];
  /** Objects and Helm's notes of releases that such runs were creating. */
  readonly helm: readonly string[];
  /** Objects of these releases that are never deleted: they hold what people made, or are to be kept. */
  readonly spared: readonly string[];
  /** Those of `made` and `helm` that nothing shows to be the stack's, where their cluster may be another. */
  readonly doubtful: readonly string[];
  /** What interrupted runs were creating and this user may not see. */
  readonly unseen: readonly string[];
  /** Objects of the state that are not there. */
  readonly absent: readonly string[];
}

/**
 * Looks for what the state notes.
 *
 * @param cut `<namespace>/<name>` of further Helm releases that interrupted runs were creating
 * @param owner the owner label of what is the stack's, where nothing else tells that this is its cluster
 */
export async function lookForNoted(
  api: ApiClient,
  state: StackState,
  cut: readonly string[],
  owner?: string,
): Promise<Noted> {
  const releases = [...new Set([...creatingReleases(state), ...cut])];
  const [begun, known, found] = await Promise.all([
    askFor(api, creating(state)),
    askFor(api, Object.keys(state.objects)),
    Promise.all(releases.map(async (place) => ({ place, ...(await helmObjects(api, place)) }))),
  ]);
  const made = those(begun, "found");
  const placed = [
    ...made.map((path) => ({ path, home: namespaceIn(path) })),
    ...found.flatMap(({ place, made }) => made.map((path) => ({ path, home: place.split("/").at(0) }))),
  ];
  const own = owner === undefined ? undefined : await shownOwn(api, placed, owner);
  return {
    made,
    helm: found.flatMap(({ made }) => made),
    spared: found.flatMap(({ spared }) => spared),
    doubtful: own === undefined ? [] : placed.map(({ path }) => path).filter((path) => !own.includes(path)),
    unseen: [...those(begun, "forbidden"), ...found.flatMap(({ unseen }) => unseen)],
    absent: those(known, "absent"),
  };
}

function those(said: readonly Said[], kind: Said["answer"]["kind"]): string[] {
  return said.filter(({ answer }) => answer.kind === kind).map(({ path }) => path);
}
