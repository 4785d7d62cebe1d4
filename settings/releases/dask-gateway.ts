import { z } from "zod";
import { cores, dnsLabel, duration, memory } from "../quantities.ts";
import { environment, image, threads } from "./containers.ts";
import { common, expose, host, rotating } from "./release.ts";

/** The variable in which a cluster's pods find the name of their image. */
export const IMAGE_VARIABLE = "DASK_CLUSTER_IMAGE";

const coreRange = z.strictObject({
  min: cores
    .optional()
    .describe("Least cores of a worker. Default: 1, or `worker.cores` where that is less."),
  max: cores
    .optional()
    .describe(
      "Most cores of a worker. Default: 4 times `worker.cores`, as far as `limits` and the nodes let it.",
    ),
});

const memoryRange = z.strictObject({
  min: memory
    .optional()
    .describe("Least memory of a worker. Default: `1G`, or `worker.memory` where that is less."),
  max: memory
    .optional()
    .describe(
      "Most memory of a worker. Default: 4 times `worker.memory`, as far as `limits` and the nodes let it.",
    ),
});

const options = z.strictObject({
  workerCores: z
    .union([z.literal(false), coreRange], { error: "must be { min, max }, or false for no choice" })
    .default({})
    .describe("Option `worker_cores`: the range a user may choose from; `false` for no choice."),
  workerMemory: z
    .union([z.literal(false), memoryRange], { error: "must be { min, max }, or false for no choice" })
    .default({})
    .describe("Option `worker_memory`, in GB: the range a user may choose from; `false` for no choice."),
  image: z
    .union([z.enum(["fixed", "free"]), z.array(image).min(1)], {
      error: "must be fixed, free or a list of images; write free to let users name any image",
    })
    .default("free")
    .describe(
      "Option `image`: any (`free`), one of a list beside `image`, or no choice (`fixed`). Whoever has a cluster runs code of his own in it anyway.",
    ),
  environment: z
    .boolean()
    .default(true)
    .describe("Option `environment`: users' own environment variables for schedulers and workers."),
});

const limits = z.strictObject({
  workers: z.int().min(1).max(10000).default(100).describe("Most workers of one cluster."),
  cores: z
    .number({ error: "must be a number of CPU cores, like 400; leave out the quotes" })
    .positive({ error: "must be more than 0; write the cores one cluster may use" })
    .optional()
    .describe(
      "Most cores of one cluster, scheduler and workers together. Default: what `workers` of the default size need.",
    ),
  memory: memory
    .optional()
    .describe(
      "Most memory of one cluster, scheduler and workers together. Default: what `workers` of the default size need.",
    ),
  idle: z
    .union([duration, z.literal("never")], {
      error: "must be a whole number with s, m, h or d, or never; write 30m",
    })
    .default("30m")
    .describe(
      "A cluster that computes nothing this long is shut down; `never` lets it run, and cost, for ever.",
    ),
});

const pods = {
  cores: cores.default(0.1).describe("Cores that each pod asks for; it may use ten times as many."),
  memory: memory.default("512M").describe("Memory of each pod: requested and the limit."),
};
const replicas = z.int().min(1).max(50);

/** What every release with a gateway accepts: what clusters are made of, what users may choose, and the limits. */
export const gatewayShape = {
  image: image
    .default("ghcr.io/dask/dask-gateway:2026.3.0")
    .describe("Image of schedulers and workers; it must hold the same Dask as the users' own."),
  pullSecrets: z.array(dnsLabel).default([]).describe("Names of image pull Secrets in the namespace."),
  restricted: z
    .boolean()
    .default(true)
    .describe(
      "Runs schedulers and workers as user 1000 without privileges, as the restricted Pod Security profile wants. `false` for images that need root.",
    ),
  scheduler: z
    .strictObject({
      cores: cores.default(1).describe("Cores of a scheduler: requested and the limit."),
      memory: memory.default("2G").describe("Memory of a scheduler: requested and the limit."),
    })
    .prefault({})
    .describe("Size of the schedulers."),
  worker: z
    .strictObject({
      cores: cores.default(1).describe("Cores of a worker unless the user chooses: requested and the limit."),
      memory: memory
        .default("4G")
        .describe("Memory of a worker unless the user chooses: requested and the limit."),
      threads,
    })
    .prefault({})
    .describe("Size of the workers."),
  environment: environment.default({}).describe("Environment variables of schedulers and workers."),
  options: options.prefault({}).describe("What users may choose for a cluster of theirs."),
  limits: limits.prefault({}).describe("What one cluster may use."),
  gateway: z
    .strictObject({
      replicas: replicas.default(1).describe("Number of API servers."),
      ...pods,
      extraConfig: z
        .record(
          z.string().regex(/^[A-Za-z0-9][\w.-]*$/, {
            error: "snippets are named with letters, digits, dashes and dots; change it",
          }),
          z.string().min(1),
        )
        .default({})
        .describe(
          "Further Python snippets of the gateway's configuration, run after the stack's own by name.",
        ),
    })
    .prefault({})
    .describe("The API servers, and the size of the controller."),
  proxy: z
    .strictObject({
      replicas: replicas.default(1).describe("Number of proxies (Traefik)."),
      ...pods,
      schedulerPort: z
        .int()
        .min(1)
        .max(65535)
        .optional()
        .describe("Port of its own for the traffic to schedulers. Default: 80, shared with HTTP."),
    })
    .prefault({})
    .describe("The proxies that clients connect to."),
} as const;

const shape = z.strictObject(gatewayShape);

/** What every release with a gateway accepts. */
export type GatewayShapeSettings = z.output<typeof shape>;

const jupyterhubAuth = z
  .strictObject({
    kind: z.literal("jupyterhub"),
    apiUrl: z
      .url({
        protocol: /^https?$/,
        error: "must be the URL of the hub's API; write http://hub.<namespace>:8081/hub/api",
      })
      .optional()
      .describe(
        "API of the hub. Default with `secret`: `http://hub:8081/hub/api`, a hub of the same namespace.",
      ),
    secret: z
      .strictObject({
        name: dnsLabel.default("hub").describe("Name of the Secret; the hub's chart calls it `hub`."),
        key: z
          .string()
          .regex(/^[-._a-zA-Z0-9]+$/, { error: "must be a key of a Secret; write apiToken" })
          .default("hub.services.dask-gateway.apiToken")
          .describe("Key that holds the token of the service."),
      })
      .optional()
      .describe(
        "Secret with the gateway's API token, in a namespace that was there before (`create: false`). Without it, the token is `apiToken` in `dask:secrets.<release>`.",
      ),
    service: z
      .string()
      .regex(/^[a-z0-9][-a-z0-9]*$/, {
        error: "must be the name of a service of the hub; write dask-gateway",
      })
      .default("dask-gateway")
      .describe("Name of the gateway among the hub's services; users need the scope to access it."),
  })
  .describe("The users of a JupyterHub.");
const passwordAuth = z
  .strictObject({ kind: z.literal("password") })
  .describe("Whoever knows a generated password, under any user name.");
const auth = z.discriminatedUnion("kind", [passwordAuth, jupyterhubAuth]);

/** Settings of a release of kind `dask-gateway`. */
export const daskGateway = z
  .strictObject({
    kind: z.literal("dask-gateway"),
    ...common,
    ...rotating,
    auth: z
      .union([z.enum(["password", "jupyterhub"]).transform((kind) => auth.parse({ kind })), auth], {
        error: "must be password, jupyterhub or { kind: jupyterhub, apiUrl, secret, service }",
      })
      .prefault("password")
      .describe(
        "Who may use the gateway: whoever knows a generated `password` (under any user name), or the users of a JupyterHub.",
      ),
    prefix: z
      .string()
      .regex(/^\/([\w.-]+(\/[\w.-]+)*)?$/, {
        error: "must be a path without a slash at its end; write /dask",
      })
      .default("/")
      .describe("Path under which the gateway answers."),
    host: host
      .optional()
      .describe("Host name of the gateway; gets a record where the cluster's settings name a zone."),
    expose: expose
      .optional()
      .describe(
        "How the gateway is reached from outside; needs `allowFrom`, because password and cluster keys pass in clear over HTTP. Default: not at all.",
      ),
    ...gatewayShape,
  })
  .describe("The `dask-gateway` chart: users start clusters of their own, within limits.");

/** Settings of a release of kind `dask-gateway`. */
export type DaskGatewaySettings = z.output<typeof daskGateway>;
