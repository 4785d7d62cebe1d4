import { basename, dirname, resolve } from "node:path";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { UserError } from "../settings/problems.ts";
import { crdCharts } from "../settings/releases/crd-rules.ts";
import { needsPostgresOperator } from "../settings/releases/database-rules.ts";
import type { ChartSettings } from "../settings/releases/release.ts";
import type { Settings } from "../settings/schema.ts";
import { type Chart, chartSource } from "./chart.ts";
import type { Cluster } from "./cluster.ts";
import { OWNER_LABEL, ownerLabel } from "./namespace.ts";
import { API_GROUP as POSTGRES_GROUP } from "./postgres/chart.ts";

/*
 * CustomResourceDefinitions of the charts.
 *
 * Helm installs what lies in a chart's crds/ once and never again: an upgraded gateway would work with the old ones. So
 * releases leave them out (skipCrds) and the stack applies them itself, before the releases, from the same chart.
 *
 * The Kubernetes provider reads the chart: its Helm knows directories, archives, repositories and OCI registries alike,
 * and takes the same credentials as for the release. It is asked through a provider of its own that knows no cluster,
 * so that a preview from nothing can ask too. That costs one more download of the chart an `up`.
 *
 * They are applied server-side and by force: one that is there already, from another Traefik or an earlier stack, is
 * taken over instead of being an error, and fields that others added stay. They are kept on destroy unless the settings
 * say that the stack owns them, because deleting one deletes every object of its kind in the whole cluster, those of
 * other stacks included.
 */

const definition = z.looseObject({
  apiVersion: z.string(),
  kind: z.literal("CustomResourceDefinition"),
  metadata: z.looseObject({
    name: z.string(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  spec: z.looseObject({
    group: z.string(),
    names: z.looseObject({ plural: z.string() }),
    versions: z.array(z.looseObject({ name: z.string(), served: z.boolean() })),
  }),
});

/** A CustomResourceDefinition as a chart has it. */
export type Crd = z.output<typeof definition>;

/**
 * Reads the CRDs that the stack must apply, each once, from the charts of its releases.
 *
 * @throws UserError where a chart cannot be read
 */
export async function readCrds(settings: Settings): Promise<readonly Crd[]> {
  const wanted = crdCharts(settings);
  if (wanted.length === 0) return [];
  // What is no kubeconfig makes a provider without a cluster, which renders charts and does nothing else.
  const provider = new k8s.Provider("charts", { kubeconfig: "none: charts are read without a cluster" });
  const read = await Promise.all(wanted.map(({ chart, source }) => readChart(chart, source, provider)));
  return [...new Map(read.flat().map((crd) => [crd.metadata.name, crd])).values()];
}

async function readChart(chart: Chart, source: ChartSettings, provider: k8s.Provider): Promise<Crd[]> {
  const options = { jsonOpts: JSON.stringify(templateOptions(chart, source)) };
  const answer: Promise<Record<string, unknown>> = pulumi.runtime.invoke(RENDER, options, { provider });
  const { result } = await answer.catch((error: unknown) => {
    const reason = String(error).replace(/^.*?failed to generate YAML for specified Helm chart: /s, "");
    throw new UserError(`the chart ${chart} cannot be read (${reason}); see the release's chart setting`);
  });
  const objects = z.array(z.unknown()).parse(result);
  return objects.flatMap((object) => definition.safeParse(object).data ?? []);
}

const RENDER = "kubernetes:helm:template";

/** A version that suits every chart: whether a chart suits the cluster is asked when it is installed. */
const ANY_KUBERNETES = "1.99.0";

/** What the provider's `helm template` is asked for; its names for things are its own. */
export function templateOptions(chart: Chart, settings: ChartSettings): Record<string, unknown> {
  const release = { release_name: "crds", namespace: "default", kube_version: ANY_KUBERNETES };
  if (settings.path !== undefined) {
    const path = resolve(settings.path);
    return { ...release, path: dirname(path), chart: basename(path) };
  }
  const { repositoryOpts, ...source } = chartSource(chart, settings);
  return { ...release, ...source, ...(repositoryOpts === undefined ? {} : { fetch_opts: repositoryOpts }) };
}

/** The field manager of all stacks, so that a newer chart takes back what an older one said. */
const FIELD_MANAGER = "pulumi-dask";

/** Applies CRDs to a cluster, so that releases can depend on them; they stay when the stack goes, unless it owns them. */
export class Crds extends pulumi.ComponentResource {
  readonly resources: readonly pulumi.Resource[];

  constructor(name: string, args: CrdsArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("dask:index:Crds", name, {}, opts);
    this.resources = args.crds.map((crd) => applied(crd, args, this));
    this.registerOutputs();
  }
}

/** What is applied, and where. */
export interface CrdsArgs {
  readonly crds: readonly Crd[];
  readonly cluster: Cluster;
  /** Whether they go with the stack; they then carry its label. */
  readonly owned: boolean;
}

function applied(
  { metadata, ...crd }: Crd,
  { cluster, owned }: CrdsArgs,
  parent: pulumi.Resource,
): pulumi.Resource {
  const labels = { ...metadata.labels, ...(owned ? { [OWNER_LABEL]: ownerLabel() } : {}) };
  const annotations = {
    ...metadata.annotations,
    "pulumi.com/patchForce": "true",
    "pulumi.com/patchFieldManager": FIELD_MANAGER,
  };
  return new k8s.apiextensions.CustomResource(
    metadata.name,
    {
      ...crd,
      metadata: { ...metadata, ...(Object.keys(labels).length > 0 ? { labels } : {}), annotations },
    },
    { parent, provider: cluster.provider, dependsOn: [...cluster.ready], retainOnDelete: !owned },
  );
}

/** Names of the CRDs that `pulumi destroy` leaves in a cluster that outlives the stack. */
export function keptCrds(settings: Settings, crds: readonly Crd[], cluster: Cluster): readonly string[] {
  if (settings.crds !== "manage" || cluster.madeByStack) return [];
  const names = crds.map(({ metadata }) => metadata.name).sort();
  return [...names, ...(needsPostgresOperator(settings) ? [`*.${POSTGRES_GROUP}`] : [])];
}
