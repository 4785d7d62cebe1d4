import { z } from "zod";
import { cluster } from "./cluster.ts";
import { dask } from "./dask.ts";
import { dnsLabel } from "./quantities.ts";

/** A kind that the schema names and no code serves yet. */
function notBuilt<Name extends string>(name: Name) {
  return z
    .looseObject({ kind: z.literal(name) })
    .refine(() => false, { path: ["kind"], error: "is not built yet; use dask" })
    .transform(() => z.NEVER);
}

/** Settings of one release, one shape for each kind. */
export const release = z.discriminatedUnion("kind", [
  dask,
  notBuilt("dask-gateway"),
  notBuilt("daskhub"),
  notBuilt("jupyterhub"),
  notBuilt("dask-operator"),
]);

/** The whole of a stack's settings: what stands under `dask:` in `Pulumi.<stack>.yaml`. */
export const schema = z.strictObject({
  cluster: cluster.describe("The Kubernetes cluster: which provider, and its settings."),
  releases: z.record(dnsLabel, release).default({}).describe("The releases: the key is the release's name."),
  smokeTest: z
    .boolean()
    .default(true)
    .describe("Proves after every change of a release that Dask computes on it."),
  liveChecks: z
    .boolean()
    .default(true)
    .describe("Asks the cluster before anything is created: does it answer, are the namespaces free?"),
  secrets: z
    .record(z.string(), z.record(z.string(), z.string()))
    .default({})
    .describe("All secrets, encrypted: `cluster` and each release's name hold theirs."),
});

/** The settings of a stack, checked and with every default filled in. */
export type Settings = z.output<typeof schema>;
/** Settings of one release of any kind. */
export type ReleaseSettings = z.output<typeof release>;
