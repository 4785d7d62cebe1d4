import { OWNER_LABEL } from "../components/namespace.ts";
import type { ApiClient } from "../providers/existing/api-client.ts";
import { askFor, labelsOf } from "./metadata.ts";
import { pathIn } from "./paths.ts";

/** An object, and the namespace that it goes with. */
export interface Placed {
  /** Its API path. */
  readonly path: string;
  /** Absent for what belongs to no namespace. */
  readonly home?: string | undefined;
}

/** API paths of those objects that carry the owner label of a stack, or whose namespace does. */
export async function shownOwn(api: ApiClient, objects: readonly Placed[], owner: string): Promise<string[]> {
  const homes = [...new Set(objects.flatMap(({ home }) => home ?? []))];
  const own = async (paths: readonly string[]) => {
    const said = await askFor(api, paths);
    return said.filter((each) => labelsOf(each)[OWNER_LABEL] === owner).map(({ path }) => path);
  };
  const [labelled, namespaces] = await Promise.all([
    own(objects.map(({ path }) => path)),
    own(homes.map(pathOfNamespace)),
  ]);
  const isOwn = ({ path, home }: Placed) =>
    labelled.includes(path) || (home !== undefined && namespaces.includes(pathOfNamespace(home)));
  return objects.filter(isOwn).map(({ path }) => path);
}

function pathOfNamespace(name: string): string {
  return pathIn("v1", "namespaces", undefined, name);
}
