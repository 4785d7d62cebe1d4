import type { ApiClient } from "../providers/existing/api-client.ts";
import { helmObjects } from "./helm-objects.ts";
import { creating, creatingReleases } from "./left.ts";
import type { StackState } from "./state.ts";

/** Which of the objects that the state notes are in the cluster, by API path. */
export interface Noted {
  /** Objects that interrupted runs were creating and that are there. */
  readonly made: readonly string[];
  /** Objects and Helm's notes of releases that such runs were creating. */
  readonly helm: readonly string[];
  /** Objects of the state that are not there. */
  readonly absent: readonly string[];
}

/**
 * Looks for what the state notes.
 *
 * @param cut `<namespace>/<name>` of further Helm releases that interrupted runs were creating
 */
export async function lookForNoted(
  api: ApiClient,
  state: StackState,
  cut: readonly string[],
): Promise<Noted> {
  const releases = [...new Set([...creatingReleases(state), ...cut])];
  const [made, absent, helm] = await Promise.all([
    those(api, creating(state), "found"),
    those(api, Object.keys(state.objects), "absent"),
    Promise.all(releases.map((place) => helmObjects(api, place))),
  ]);
  return { made, absent, helm: helm.flat() };
}

/** Asks for the metadata of one object alone: the contents of Secrets stay where they are. */
const METADATA_OF_ONE = {
  Accept: "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json",
};

/** How many objects are asked for at once: each question is a connection, and a large stack has hundreds. */
const AT_ONCE = 20;

async function those(api: ApiClient, paths: readonly string[], kind: "found" | "absent"): Promise<string[]> {
  const found: string[] = [];
  for (let from = 0; from < paths.length; from += AT_ONCE) {
    const some = paths.slice(from, from + AT_ONCE);
    const answers = await Promise.all(
      some.map(async (path) => ({ path, answer: await api.get(path, METADATA_OF_ONE) })),
    );
    found.push(...answers.filter(({ answer }) => answer.kind === kind).map(({ path }) => path));
  }
  return found;
}
