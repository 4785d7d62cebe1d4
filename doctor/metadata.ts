import { z } from "zod";
import { type Answer, type ApiClient, METADATA_ONLY } from "../providers/existing/api-client.ts";

const texts = z.record(z.string(), z.string()).default({});
const item = z.object({
  metadata: z.object({
    name: z.string(),
    creationTimestamp: z.string().default(""),
    labels: texts,
    annotations: texts,
    ownerReferences: z.array(z.unknown()).default([]),
  }),
});
/** An empty list of metadata comes without its array. */
const listed = z.object({ items: z.array(item).nullish() });

/** An object of which nothing but its metadata is looked at. */
export type Item = z.output<typeof item>;

/** Asks for the metadata of one object alone: the contents of Secrets stay where they are. */
const METADATA_OF_ONE = {
  Accept: "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json",
};

/** How many objects are asked for at once: each question is a connection, and a large stack has hundreds. */
const AT_ONCE = 20;

/** What the cluster says of the object at an API path. */
export interface Said {
  readonly path: string;
  readonly answer: Answer;
}

/** Asks for the metadata of the objects at some API paths. */
export async function askFor(api: ApiClient, paths: readonly string[]): Promise<Said[]> {
  const said: Said[] = [];
  for (let from = 0; from < paths.length; from += AT_ONCE) {
    const some = paths.slice(from, from + AT_ONCE);
    said.push(
      ...(await Promise.all(
        some.map(async (path) => ({ path, answer: await api.get(path, METADATA_OF_ONE) })),
      )),
    );
  }
  return said;
}

/** The labels of an object; none of one that is not there or may not be seen; pure. */
export function labelsOf({ answer }: Said): Readonly<Record<string, string>> {
  const { data } = item.safeParse(answer.kind === "found" ? answer.object : undefined);
  return data?.metadata.labels ?? {};
}

/** The objects of a list; `undefined` where this user may not see them or the cluster does not know the kind. */
export async function itemsOf(api: ApiClient, path: string): Promise<Item[] | undefined> {
  const answer = await api.get(path, METADATA_ONLY);
  const { data } = listed.safeParse(answer.kind === "found" ? answer.object : undefined);
  return data === undefined ? undefined : (data.items ?? []);
}
