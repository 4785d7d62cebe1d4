import { z } from "zod";
import type { Crd } from "../components/crds.ts";
import { OWNER_LABEL } from "../components/namespace.ts";
import { type ApiClient, METADATA_ONLY } from "../providers/existing/api-client.ts";
import { keyOf, type Problem, refuse } from "../settings/problems.ts";
import { show } from "../settings/quantities.ts";
import { watchedNamespaces } from "../settings/releases/dask-operator.ts";
import { namespaceOf } from "../settings/releases/namespace-rules.ts";
import type { Settings } from "../settings/schema.ts";

/**
 * Refuses to own CustomResourceDefinitions that others made or use: with a definition goes every object of its kind.
 *
 * Apart from the rest of the preflight, because the charts must have been read to know the names.
 *
 * @param api the cluster, where it is there already
 * @param owner value of the owner label of what this stack made
 * @throws SettingsError
 */
export async function checkDefinitions(
  settings: Settings,
  crds: readonly Crd[],
  api: ApiClient | undefined,
  owner: string,
): Promise<void> {
  if (settings.crds !== "own" || api === undefined || !settings.liveChecks) return;
  const own = ownNamespaces(settings);
  const messages = await Promise.all(crds.map((crd) => inTheWay(crd, api, owner, own)));
  const problems = messages.flatMap((message): Problem[] =>
    message === undefined ? [] : [{ key: keyOf(["crds"]), value: show("own"), message }],
  );
  refuse(problems);
}

function ownNamespaces({ releases }: Settings): readonly string[] {
  return Object.entries(releases).flatMap(([name, release]) => {
    const { name: namespace } = namespaceOf(name, release);
    return release.kind === "dask-operator" ? watchedNamespaces(namespace, release) : [namespace];
  });
}

const labelled = z.object({
  metadata: z.object({ labels: z.record(z.string(), z.string()).default({}) }),
});
const listed = z.object({
  items: z.array(z.object({ metadata: z.object({ namespace: z.string().optional(), name: z.string() }) })),
});

async function inTheWay(
  { metadata: { name }, spec }: Crd,
  api: ApiClient,
  owner: string,
  own: readonly string[],
): Promise<string | undefined> {
  const answer = await api.get(`${DEFINITIONS}/${name}`);
  if (answer.kind !== "found") return undefined;
  if (labelled.parse(answer.object).metadata.labels[OWNER_LABEL] !== owner)
    return `finds the definition ${name}, which is not this stack's; write manage to share it, or take it over with kubectl label crd ${name} ${OWNER_LABEL}=${owner} --overwrite`;
  const version = spec.versions.find(({ served }) => served)?.name;
  const objects = await api.get(`/apis/${spec.group}/${version}/${spec.names.plural}`, METADATA_ONLY);
  const items = objects.kind === "found" ? (listed.safeParse(objects.object).data?.items ?? []) : [];
  const theirs = items.find(({ metadata }) => !own.includes(metadata.namespace ?? ""));
  if (theirs === undefined) return undefined;
  const { namespace = "the whole cluster", name: object } = theirs.metadata;
  return `would take ${spec.names.plural} of others away with the definition ${name} (${object} in ${namespace}); write manage`;
}

const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
