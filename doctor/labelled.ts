import { z } from "zod";
import { helmReleases } from "../components/helm-releases.ts";
import { keptAnnotations, OWNER_LABEL } from "../components/namespace.ts";
import { API_VERSION as POSTGRES } from "../components/postgres/chart.ts";
import { RELEASE_LABEL } from "../components/release-labels.ts";
import type { ApiClient } from "../providers/existing/api-client.ts";
import { REVISION_LABELS } from "./helm.ts";
import { type Item, itemsOf } from "./metadata.ts";
import { pathIn } from "./paths.ts";

/*
 * Objects of releases by the labels of components/release-labels.ts, and what Helm notes of these releases.
 */

/** The namespaces of a release: that of its Helm releases, and all into which it puts objects. */
export interface Place {
  readonly release: string;
  readonly home: string;
  readonly namespaces: readonly string[];
}

const named = z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)]);
const placed = z.object({
  namespace: named.optional().catch(undefined),
  namespaces: z.array(z.string()).default([]).catch([]),
});

/** Where the releases of a stack's settings put objects; pure. Settings that are wrong place nothing. */
export function placesOf(releases: unknown): Place[] {
  const { data } = z.record(z.string(), z.unknown()).safeParse(releases);
  return Object.entries(data ?? {}).map(([release, settings]) => {
    const { namespace: home = release, namespaces } = placed.catch({ namespaces: [] }).parse(settings);
    return { release, home, namespaces: [...new Set([home, ...namespaces])] };
  });
}

/** An object that carries the labels of a release. */
export interface Labelled {
  /** Its API path. */
  readonly path: string;
  /** Whether it holds what people made. */
  readonly data: boolean;
}

interface Kind {
  readonly apiVersion: string;
  readonly plural: string;
  readonly data?: true;
}

const RBAC = "rbac.authorization.k8s.io/v1";

/** What releases are made of in a namespace, in the order in which it can go. */
const NAMESPACED: readonly Kind[] = [
  { apiVersion: "batch/v1", plural: "jobs" },
  { apiVersion: "apps/v1", plural: "deployments" },
  { apiVersion: "v1", plural: "services" },
  { apiVersion: "v1", plural: "secrets" },
  { apiVersion: "v1", plural: "configmaps" },
  { apiVersion: "networking.k8s.io/v1", plural: "networkpolicies" },
  { apiVersion: RBAC, plural: "rolebindings" },
  { apiVersion: RBAC, plural: "roles" },
  { apiVersion: "v1", plural: "serviceaccounts" },
  { apiVersion: POSTGRES, plural: "scheduledbackups" },
  { apiVersion: POSTGRES, plural: "clusters", data: true },
];

/** What they are made of beside that. */
const CLUSTER_WIDE: readonly Kind[] = [
  { apiVersion: RBAC, plural: "clusterrolebindings" },
  { apiVersion: RBAC, plural: "clusterroles" },
  { apiVersion: "scheduling.k8s.io/v1", plural: "priorityclasses" },
];

/** What the cluster holds of a release. */
export interface Found {
  readonly home: string;
  /** Helm's notes of the Helm releases that it may be made of. */
  readonly notes: readonly Note[];
  /** Its labelled objects. */
  readonly objects: readonly Labelled[];
}

/** A revision of a Helm release, as the labels of its Secret say. */
export interface Note {
  readonly name: string;
  readonly version: string;
  readonly status: string;
}

/** Looks for labelled objects of releases and what Helm notes of these; what this user may not see is left out. */
export async function lookForLabelled(
  api: ApiClient,
  places: readonly Place[],
  owner: string,
): Promise<Found[]> {
  const found = await Promise.all(places.map((place) => ofRelease(api, place, owner)));
  return found.flat();
}

async function ofRelease(
  api: ApiClient,
  { release, home, namespaces }: Place,
  owner: string,
): Promise<Found[]> {
  const secrets = await itemsOf(api, `${pathIn("v1", "secrets", home)}?labelSelector=${REVISION_LABELS}`);
  // What may not be seen may be there.
  if (secrets === undefined) return [];
  const notes = secrets.map(noteOf).filter(({ name }) => helmReleases(release).includes(name));
  const kinds = [
    ...namespaces.flatMap((namespace) => NAMESPACED.map((kind) => ({ ...kind, namespace }))),
    ...CLUSTER_WIDE.map((kind) => ({ ...kind, namespace: undefined })),
  ];
  const selector = encodeURIComponent(`${OWNER_LABEL}=${owner},${RELEASE_LABEL}=${release}`);
  const objects = await Promise.all(
    kinds.map(async ({ apiVersion, plural, namespace, data = false }) => {
      const path = pathIn(apiVersion, plural, namespace);
      const items = (await itemsOf(api, `${path}?labelSelector=${selector}`)) ?? [];
      return items.filter(isOurs).map(({ metadata }) => ({ path: `${path}/${metadata.name}`, data }));
    }),
  );
  return [{ home, notes, objects: objects.flat() }];
}

function noteOf({ metadata: { labels } }: Item): Note {
  return { name: labels.name ?? "", version: labels.version ?? "", status: labels.status ?? "" };
}

/** Not what is to outlive the stack, and not what a controller made of an object and its labels. */
function isOurs({ metadata: { annotations, ownerReferences } }: Item): boolean {
  const kept = Object.entries(keptAnnotations).every(([name, value]) => annotations[name] === value);
  return !kept && ownerReferences.length === 0;
}
