import { z } from "zod";
import { placement } from "../placement.ts";
import { cores, dnsLabel, duration, memory } from "../quantities.ts";
import { environment, threads } from "./containers.ts";
import { common, expose, host, rotating } from "./release.ts";

const size = {
  cores: cores.default(1).describe("Cores of one worker: requested and the limit."),
  memory: memory.default("4G").describe("Memory of one worker: requested and the limit."),
  threads,
};

const workers = z.strictObject({
  replicas: z.int().min(0).max(10000).default(3).describe("Number of workers."),
  ...size,
  deathTimeout: duration
    .default("60s")
    .describe("A worker that has lost the scheduler this long ends and is restarted."),
  arguments: z.array(z.string()).default([]).describe("Further arguments of `dask worker`."),
});

const workerGroup = z.strictObject({
  replicas: z
    .int()
    .min(0)
    .max(10000)
    .default(1)
    .describe("Number of workers in the group; a group of 0 is not made."),
  ...size,
  arguments: z
    .array(z.string())
    .default([])
    .describe("Further arguments of `dask worker`, like `--resources`."),
  placement: placement
    .optional()
    .describe(
      "Node selector and tolerations. The chart adds the node labels that the role `worker` selects and this selector does not name, and takes that role's tolerations where there are none here. Default: those of the role `worker`.",
    ),
});

const jupyter = z.strictObject({
  cores: cores.default(1).describe("Cores of the notebook server: requested and the limit."),
  memory: memory.default("2G").describe("Memory of the notebook server: requested and the limit."),
  rbac: z
    .boolean()
    .default(false)
    .describe(
      "Lets the notebook scale the workers: a ServiceAccount that may change Deployments of the namespace.",
    ),
  host: host
    .optional()
    .describe("Host name of the notebook server; gets a record where the cluster's settings name a zone."),
  expose: expose.optional().describe("How the notebook server is reached from outside. Default: not at all."),
});

const digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, { error: "must be the digest of an image; write sha256:<64 digits>" });

const image = z.strictObject({
  repository: z.string().min(1).default("ghcr.io/dask/dask").describe("Image of scheduler and workers."),
  notebook: z.string().min(1).default("ghcr.io/dask/dask-notebook").describe("Image of the notebook server."),
  tag: z
    .string()
    .regex(/^[\w][\w.-]{0,127}$/, { error: "must be the tag of an image; write 2025.11.0" })
    .refine((tag) => tag !== "latest", { error: "must be a fixed tag, not latest; name a release" })
    .default("2025.11.0")
    .describe("One tag for scheduler, workers and notebook, so that their versions agree."),
  digest: digest.optional().describe("Digest of the image of scheduler and workers, beside the tag."),
  notebookDigest: digest.optional().describe("Digest of the image of the notebook server, beside the tag."),
  pullSecrets: z.array(dnsLabel).default([]).describe("Names of image pull Secrets in the namespace."),
});

const packages = z.strictObject({
  apt: z.array(z.string().min(1)).default([]).describe("Debian packages, installed at start."),
  conda: z.array(z.string().min(1)).default([]).describe("Conda packages and options, installed at start."),
  pip: z.array(z.string().min(1)).default([]).describe("PyPI packages and options, installed at start."),
});

/** Settings of a release of kind `dask`. */
export const dask = z
  .strictObject({
    kind: z.literal("dask"),
    ...common,
    ...rotating,
    image: image.prefault({}).describe("Images, all on one tag."),
    restricted: z
      .boolean()
      .default(true)
      .describe(
        "Runs pods as user 1000, as the restricted Pod Security profile wants; without effect where `packages` are installed, which takes root. `false` for images that need root or another user.",
      ),
    scheduler: z
      .strictObject({
        cores: cores.default(1).describe("Cores of the scheduler: requested and the limit."),
        memory: memory.default("2G").describe("Memory of the scheduler: requested and the limit."),
        host: host
          .optional()
          .describe(
            "Host name of scheduler and dashboard; gets a record where the cluster's settings name a zone.",
          ),
        expose: expose
          .optional()
          .describe(
            "How scheduler and dashboard are reached from outside; needs `allowFrom`. Default: not at all.",
          ),
      })
      .prefault({})
      .describe("The scheduler and its dashboard."),
    workers: workers.prefault({}).describe("The workers."),
    workerGroups: z.record(dnsLabel, workerGroup).default({}).describe("Further groups of workers, by name."),
    packages: packages.prefault({}).describe("Packages that workers and notebook install when they start."),
    environment: environment.default({}).describe("Environment variables of workers and notebook."),
    jupyter: z
      .union([z.boolean().transform((on) => (on ? jupyter.parse({}) : undefined)), jupyter], {
        error: "must be true, false or { cores, memory, rbac, host, expose }",
      })
      .prefault(true)
      .describe("A notebook server beside the cluster; `false` for none."),
  })
  .describe("The `dask` chart: one scheduler, workers and a notebook server for one person or one program.");

/** Settings of a release of kind `dask`. */
export type DaskSettings = z.output<typeof dask>;
