import { resolve } from "node:path";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { seconds } from "../settings/quantities.ts";
import type { ChartSettings } from "../settings/releases/release.ts";
import type { Cluster } from "./cluster.ts";
import type { Namespace } from "./namespace.ts";
import { warnWhenOverdue } from "./overdue.ts";

/** The one table of charts: where each comes from and the exact version this stack is written for. */
export const charts = {
  dask: { repo: "https://helm.dask.org", name: "dask", version: "2024.1.1" },
  "dask-kubernetes-operator": {
    repo: "https://helm.dask.org",
    name: "dask-kubernetes-operator",
    version: "2026.3.0",
  },
  "cloudnative-pg": {
    repo: "https://cloudnative-pg.github.io/charts",
    name: "cloudnative-pg",
    version: "0.29.0",
  },
  "dask-gateway": { repo: "https://helm.dask.org", name: "dask-gateway", version: "2026.3.0" },
  jupyterhub: { repo: "https://jupyterhub.github.io/helm-chart/", name: "jupyterhub", version: "4.4.0" },
  daskhub: { repo: "https://helm.dask.org", name: "daskhub", version: "2024.1.1" },
  "cluster-autoscaler": {
    repo: "https://kubernetes.github.io/autoscaler",
    name: "cluster-autoscaler",
    version: "9.59.0",
  },
  "nvidia-device-plugin": {
    repo: "https://nvidia.github.io/k8s-device-plugin",
    name: "nvidia-device-plugin",
    version: "0.20.0",
  },
} as const;

/** A chart of the table. */
export type Chart = keyof typeof charts;

/** Values of a chart: plain data, or outputs where a value is known later. */
export type Values = Record<string, unknown>;

/** What one Helm release is made of. */
export interface ChartReleaseArgs {
  readonly chart: Chart;
  readonly cluster: Pick<Cluster, "provider" | "ready"> & Partial<Pick<Cluster, "kubeconfig">>;
  readonly namespace: Namespace;
  readonly values: Values;
  readonly settings: { readonly chart: ChartSettings; readonly values: Values; readonly timeout: string };
  /** What the release needs beyond its namespace and cluster, while it lives and while it is torn down. */
  readonly dependsOn?: readonly pulumi.Resource[];
}

/** Where Helm finds a chart, as `k8s.helm.v3.Release` takes it. */
export interface ChartSource {
  readonly chart: string;
  readonly version?: string;
  readonly repositoryOpts?: { readonly repo: string };
}

/** Makes a Helm release with an explicit name, an exact chart version and a finite wait for its pods. */
export function chartRelease(
  name: string,
  args: ChartReleaseArgs,
  opts: pulumi.CustomResourceOptions,
): k8s.helm.v3.Release {
  const { cluster, namespace, settings } = args;
  const timeout = seconds(settings.timeout);
  const values = mergeValues(args.values, settings.values);
  const needs = [...namespace.resources, ...cluster.ready, ...(args.dependsOn ?? [])];
  const release = new k8s.helm.v3.Release(
    name,
    {
      ...chartSource(args.chart, settings.chart),
      // Service names follow from the release's name, so it must not get Pulumi's random suffix.
      name,
      namespace: namespace.name,
      values,
      timeout,
      // A failed first install stays, because its pods and events say what went wrong.
      atomic: false,
      // Helm would install CRDs once and never upgrade them: see crds.ts.
      skipCrds: true,
    },
    {
      ...opts,
      provider: cluster.provider,
      dependsOn: needs,
    },
  );
  warnWhenOverdue(release, name, {
    namespace: namespace.name,
    ...(cluster.kubeconfig === undefined ? {} : { kubeconfig: cluster.kubeconfig }),
    needs: [values, ...needs.map(({ urn }) => urn)],
    timeout,
    who: "Helm",
  });
  return release;
}

/** Where a chart is taken from: its pinned place, or what the settings put in its stead. */
export function chartSource(chart: Chart, settings: ChartSettings): ChartSource {
  const pinned = charts[chart];
  if (settings.path !== undefined) return { chart: resolve(settings.path) };
  const version = settings.version ?? pinned.version;
  const repo = settings.repo ?? pinned.repo;
  if (repo.startsWith("oci://")) return { chart: `${repo.replace(/\/$/, "")}/${pinned.name}`, version };
  return { chart: pinned.name, version, repositoryOpts: { repo } };
}

/** Merges values as Helm does: maps key by key, everything else replaced by what comes later. */
export function mergeValues(base: Values, over: Values): Values {
  const merged: Values = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isMap(below) && isMap(value) ? mergeValues(below, value) : value;
  }
  return merged;
}

function isMap(value: unknown): value is Values {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !pulumi.Output.isInstance(value)
  );
}
