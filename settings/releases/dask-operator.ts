import { z } from "zod";
import { cores, dnsLabel, duration, memory } from "../quantities.ts";
import { environment, image, threads } from "./containers.ts";
import { common } from "./release.ts";

const clusters = z.strictObject({
  name: z
    .string()
    .regex(/^([a-z0-9-]|\{\w+\})+$/, {
      error:
        "must be lower-case letters, digits, dashes and {user}, {uuid} or an environment variable in braces; write dask-{user}-{uuid}",
    })
    .default("dask-{user}-{uuid}")
    .describe("Name of a cluster: `{user}`, `{uuid}` and environment variables are filled in."),
  image: image
    .default("ghcr.io/dask/dask:2025.11.0")
    .describe("Image of schedulers and workers; Dask in it must be that of the notebooks."),
  cores: cores.default(1).describe("Cores of a scheduler and of each worker: requested and the limit."),
  memory: memory.default("4G").describe("Memory of a scheduler and of each worker: requested and the limit."),
  threads,
  workers: z.int().min(0).max(10000).default(0).describe("Workers of a new cluster."),
  idle: duration.default("30m").describe("A cluster that has done nothing this long is ended."),
  environment: environment.default({}).describe("Environment variables of schedulers and workers."),
});

/** Settings of a release of kind `dask-operator`. */
export const daskOperator = z
  .strictObject({
    kind: z.literal("dask-operator"),
    ...common,
    image: image.default("ghcr.io/dask/dask-kubernetes-operator:2026.3.0").describe("Image of the operator."),
    pullSecrets: z.array(dnsLabel).default([]).describe("Names of image pull Secrets in the namespace."),
    cores: cores.default(0.1).describe("Cores of the operator: requested; there is no limit."),
    memory: memory.default("512M").describe("Memory of the operator: requested and the limit."),
    namespaces: z
      .array(dnsLabel)
      .default([])
      .describe(
        "Further namespaces where people run clusters, like a hub's. The release's own is always one.",
      ),
    clusters: clusters.prefault({}).describe("What `KubeCluster()` makes when it is told nothing else."),
    clientPackages: z
      .array(z.string().min(1))
      .default(["dask-kubernetes==2026.3.0"])
      .describe("PyPI packages that the smoke test adds to the clusters' image; `[]` where it has them."),
  })
  .describe("The `dask-kubernetes-operator` chart: people make clusters with `KubeCluster`.");

/** Settings of a release of kind `dask-operator`. */
export type DaskOperatorSettings = z.output<typeof daskOperator>;

/** All namespaces in which an operator makes clusters: that of its release first. */
export function watchedNamespaces(own: string, settings: DaskOperatorSettings): readonly string[] {
  return [own, ...settings.namespaces];
}
