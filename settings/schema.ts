import { z } from "zod";
import { cluster } from "./clusters/cluster.ts";
import { dnsLabel } from "./quantities.ts";
import { image } from "./releases/containers.ts";
import { dask } from "./releases/dask.ts";
import { daskGateway } from "./releases/dask-gateway.ts";
import { daskOperator } from "./releases/dask-operator.ts";
import { daskhub } from "./releases/daskhub.ts";
import { postgresOperator } from "./releases/database.ts";
import { jupyterhub } from "./releases/jupyterhub.ts";

/** Settings of one release, one shape for each kind. */
export const release = z.discriminatedUnion("kind", [dask, daskGateway, daskhub, jupyterhub, daskOperator]);

const teardown = z.strictObject({
  image: image
    .default("docker.io/library/python:3.13-alpine")
    .describe(
      "Image with Python, for the Jobs that wait until disks and load balancers are gone and that end users' work in namespaces that stay.",
    ),
  pullSecrets: z
    .array(dnsLabel)
    .default([])
    .describe(
      "Names of image pull Secrets in the namespace `dask-settle`, and in namespaces that outlive a hub or a gateway.",
    ),
  systemNamespaces: z
    .array(dnsLabel)
    .default(["kube-system", "monitoring-system"])
    .describe("Namespaces whose volumes nothing waits for, because the cluster brings them itself."),
});

/** The whole of a stack's settings: what stands under `dask:` in `Pulumi.<stack>.yaml`. */
export const schema = z.strictObject({
  cluster: cluster.describe("The Kubernetes cluster: which provider, and its settings."),
  releases: z.record(dnsLabel, release).default({}).describe("The releases: the key is the release's name."),
  postgres: postgresOperator.prefault({}),
  smokeTest: z
    .boolean()
    .default(true)
    .describe("Proves after every change of a release that Dask computes on it."),
  liveChecks: z
    .boolean()
    .default(true)
    .describe(
      "Compares the settings with the cluster before anything is created: are namespaces and names free, would users be lost?",
    ),
  crds: z
    .enum(["manage", "own", "present"])
    .default("manage")
    .describe(
      "CustomResourceDefinitions of the charts: the stack applies and upgrades them and keeps them on destroy (`manage`), it owns them and destroy takes them away, with every object of their kinds in the whole cluster (`own`), or somebody else sees to them (`present`).",
    ),
  teardown: teardown
    .prefault({})
    .describe(
      "The Jobs that `destroy` runs: one waits until disks and load balancers are gone, where the cluster goes too; others end what people left running, where the namespace of a hub or gateway stays.",
    ),
  secrets: z
    .record(z.string(), z.record(z.string(), z.string()))
    .default({})
    .describe("All secrets, encrypted: `cluster` and each release's name hold theirs."),
});

/** The settings of a stack, checked and with every default filled in. */
export type Settings = z.output<typeof schema>;
/** Settings of one release of any kind. */
export type ReleaseSettings = z.output<typeof release>;
