import { z } from "zod";
import { type ApiClient, METADATA_ONLY } from "../providers/existing/api-client.ts";

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

/** The objects of a list; `undefined` where this user may not see them or the cluster does not know the kind. */
export async function itemsOf(api: ApiClient, path: string): Promise<Item[] | undefined> {
  const answer = await api.get(path, METADATA_ONLY);
  const { data } = listed.safeParse(answer.kind === "found" ? answer.object : undefined);
  return data === undefined ? undefined : (data.items ?? []);
}
