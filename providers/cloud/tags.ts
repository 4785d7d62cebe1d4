import * as pulumi from "@pulumi/pulumi";
import { labelText } from "../../settings/clusters/gke-facts.ts";

/** Tags of everything a stack makes in a cloud, by which its parts and any leftover are found with one query. */
export type Tags = Readonly<Record<string, string>>;

/** The tag that names the stack: `<organization>/<project>/<stack>`. */
export const STACK_TAG = "dask:stack";
/** The tag that names who answers for the stack. */
export const OWNER_TAG = "dask:owner";

/** Settings that tags are made of. */
export interface TagSettings {
  readonly owner?: string | undefined;
  readonly tags: Tags;
}

/** The tags of this stack: its name, its owner and the settings' further tags, which cannot replace the first two. */
export function tagsOf({ owner, tags }: TagSettings): Tags {
  const stack = [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()].join("/");
  return { ...tags, [STACK_TAG]: stack, ...(owner === undefined ? {} : { [OWNER_TAG]: owner }) };
}

/** Tags as Google Cloud's labels; that no two become one is a rule of the settings. */
export function gcpLabels(tags: Tags): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [labelText(key), labelText(value)]));
}

/** Tags as OpenStack's network resources carry them: a list of words, without the comma that separates them. */
export function openstackTags(tags: Tags): string[] {
  return Object.entries(tags).map(([key, value]) => `${key}=${value}`.replace(/[,/]/g, ".").slice(0, 60));
}
