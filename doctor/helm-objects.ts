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

/** Kinds that hold what people made: an installation that nobody saw end may have served for days. */
const HOLD_DATA = ["persistentvolumeclaims", "persistentvolumes"];

const BY_HELM = "app.kubernetes.io%2Fmanaged-by%3DHelm";

/** What the cluster holds of a Helm release, by API path. */
export interface HelmObjects {
  /** The objects that its first installation made, and Helm's notes of it. */
  readonly made: readonly string[];
  /** Those of the objects that are never deleted here: volumes, their claims, and what the chart says is to be kept. */
  readonly spared: readonly string[];
  /** What this user may not see of it. */
  readonly unseen: readonly string[];
}

/**
 * Finds the objects of a Helm release that its first installation made, and Helm's notes of it.
 *
 * An installation takes over objects that are there and carry its name: those are older than its first note.
 *
 * @param place `<namespace>/<name>`
 */
export async function helmObjects(api: ApiClient, place: string): Promise<HelmObjects> {
  const [namespace = "", name = ""] = place.split("/");
  const secrets = pathIn("v1", "secrets", namespace);
  const selector = encodeURIComponent(`${REVISION_LABELS},name=${name}`);
  const notes = await itemsOf(api, `${secrets}?labelSelector=${selector}`);
  // Without the notes nothing tells what the installation made and what it found.
  if (notes === undefined) return { made: [], spared: [], unseen: [secrets] };
  const [first] = notes.map(({ metadata }) => metadata.creationTimestamp).sort();
  const kinds = await deletableKinds(api);
  const found = await Promise.all(
    kinds.map(async ({ apiVersion, plural, namespaced }) => {
      const path = pathIn(apiVersion, plural, namespaced ? namespace : undefined);
      const items = (await itemsOf(api, `${path}?labelSelector=${BY_HELM}`)) ?? [];
      return items
        .filter(({ metadata }) => isOf(metadata.annotations, namespace, name))
        .filter(({ metadata }) => first === undefined || metadata.creationTimestamp >= first)
        .map(({ metadata }) => ({
          path: `${path}/${metadata.name}`,
          stays: HOLD_DATA.includes(plural) || metadata.annotations[RESOURCE_POLICY] === "keep",
        }));
    }),
  );
  const objects = found.flat();
  return {
    made: [
      ...objects.flatMap(({ path, stays }) => (stays ? [] : [path])),
      ...notes.map(({ metadata }) => `${secrets}/${metadata.name}`),
    ],
    spared: objects.flatMap(({ path, stays }) => (stays ? [path] : [])),
    unseen: [],
  };
}

/** The annotation by which a chart tells Helm to leave an object. */
const RESOURCE_POLICY = "helm.sh/resource-policy";

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
