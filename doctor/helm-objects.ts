import { z } from "zod";
import type { ApiClient } from "../providers/existing/api-client.ts";
import { REVISION_LABELS } from "./helm.ts";
import { itemsOf } from "./metadata.ts";
import { pathIn } from "./paths.ts";

/*
 * The objects of a Helm release, found by what Helm writes on each of them, so that they are found without its notes.
 */

const groups = z.object({
  groups: z.array(z.object({ preferredVersion: z.object({ groupVersion: z.string() }) })),
});
const resources = z.object({
  resources: z.array(
    z.object({ name: z.string(), namespaced: z.boolean(), verbs: z.array(z.string()).default([]) }),
  ),
});

interface Kind {
  readonly apiVersion: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

/** Definitions of charts are shared by the whole cluster and outlive every release. */
const SHARED = ["customresourcedefinitions"];

const BY_HELM = "app.kubernetes.io%2Fmanaged-by%3DHelm";

/**
 * API paths of the objects of a Helm release that its first installation made, and of Helm's notes of it.
 *
 * An installation takes over objects that are there and carry its name: those are older than its first note and hold
 * data. Where the notes are gone with their namespace, nothing tells the age of a volume, and none is named.
 *
 * @param place `<namespace>/<name>`
 */
export async function helmObjects(api: ApiClient, place: string): Promise<string[]> {
  const [namespace = "", name = ""] = place.split("/");
  const secrets = pathIn("v1", "secrets", namespace);
  const selector = encodeURIComponent(`${REVISION_LABELS},name=${name}`);
  const notes = (await itemsOf(api, `${secrets}?labelSelector=${selector}`)) ?? [];
  const [first] = notes.map(({ metadata }) => metadata.creationTimestamp).sort();
  const kinds = (await deletableKinds(api)).filter(
    ({ plural }) => first !== undefined || plural !== "persistentvolumeclaims",
  );
  const found = await Promise.all(
    kinds.map(async ({ apiVersion, plural, namespaced }) => {
      const path = pathIn(apiVersion, plural, namespaced ? namespace : undefined);
      const items = (await itemsOf(api, `${path}?labelSelector=${BY_HELM}`)) ?? [];
      return items
        .filter(({ metadata }) => isOf(metadata.annotations, namespace, name))
        .filter(({ metadata }) => first === undefined || metadata.creationTimestamp >= first)
        .map(({ metadata }) => `${path}/${metadata.name}`);
    }),
  );
  return [...found.flat(), ...notes.map(({ metadata }) => `${secrets}/${metadata.name}`)];
}

function isOf(annotations: Readonly<Record<string, string>>, namespace: string, name: string): boolean {
  return (
    annotations["meta.helm.sh/release-name"] === name &&
    annotations["meta.helm.sh/release-namespace"] === namespace
  );
}

/** The kinds that can be listed and deleted, each in one version. */
async function deletableKinds(api: ApiClient): Promise<Kind[]> {
  const answer = await api.get("/apis");
  const all = answer.kind === "found" ? groups.parse(answer.object).groups : [];
  const versions = ["v1", ...all.map(({ preferredVersion }) => preferredVersion.groupVersion)];
  const kinds = await Promise.all(versions.map((version) => kindsOf(api, version)));
  return kinds.flat();
}

async function kindsOf(api: ApiClient, apiVersion: string): Promise<Kind[]> {
  const path = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  // A service behind the API that is away must not hide the rest.
  const answer = await api.get(path).catch(() => undefined);
  const { data } = resources.safeParse(answer?.kind === "found" ? answer.object : undefined);
  return (data?.resources ?? []).flatMap(({ name, namespaced, verbs }) =>
    verbs.includes("list") && verbs.includes("delete") && !name.includes("/") && !SHARED.includes(name)
      ? [{ apiVersion, plural: name, namespaced }]
      : [],
  );
}
