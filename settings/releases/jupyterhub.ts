import { z } from "zod";
import { cores, dnsLabel, duration, memory } from "../quantities.ts";
import { image } from "./containers.ts";
import { database } from "./database.ts";
import { hubAuth } from "./hub-auth.ts";
import { hubTls } from "./hub-tls.ts";
import { profile, range, user } from "./hub-user.ts";
import { common, expose, rotating } from "./release.ts";

const cull = z.strictObject({
  idle: duration.default("1h").describe("A server that was idle this long is stopped."),
  every: duration.default("10m").describe("How often idle servers are looked for."),
  maxAge: duration.optional().describe("Stops servers of this age even if they are busy. Default: never."),
  admins: z.boolean().default(true).describe("Also stops the servers of admins."),
});

/** Settings that `jupyterhub` and `daskhub` share, without the image, whose default differs. */
export const hubShape = {
  host: z
    .string()
    .regex(/^(?=.{1,253}(:|$))[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*(:\d{1,5})?$/, {
      error: "must be a host name in lower case, without a scheme; write hub.example.org",
    })
    .optional()
    .describe("Host name under which people reach the hub; needed for OAuth and Let's Encrypt."),
  tls: hubTls.prefault({ kind: "none" }).describe("How the hub is served over HTTPS."),
  auth: hubAuth.prefault({ kind: "password" }).describe("How people log in. Default: a generated password."),
  expose: expose.prefault({}).describe("How the hub is reached from outside. Default: the cluster's way."),
  pullSecrets: z.array(dnsLabel).default([]).describe("Names of image pull Secrets in the namespace."),
  user: user.prefault({}).describe("The notebook server of a user."),
  operator: dnsLabel
    .optional()
    .describe(
      "Name of a release of kind `dask-operator` that serves the hub's namespace: `KubeCluster` then works in notebooks.",
    ),
  profiles: z.array(profile).default([]).describe("Kinds of servers that users choose from."),
  cull: z
    .union([z.literal(false), cull], { error: "must be false or { idle, every, maxAge, admins }" })
    .prefault({})
    .describe("Stops idle servers; `false` lets them run."),
  placeholders: z
    .int()
    .min(0)
    .max(1000)
    .default(0)
    .describe("Servers' worth of room kept free by pods that give way to users, so that nodes are there."),
  pauseImage: image
    .default("registry.k8s.io/pause:3.10.1")
    .describe(
      "Image of the containers that only wait: those of placeholders and of the pods that pull images.",
    ),
  userScheduler: z
    .boolean()
    .default(false)
    .describe("Packs notebooks onto few nodes with a scheduler of the hub's own."),
  prePull: z.boolean().default(true).describe("Pulls the notebooks' images to every node beforehand."),
  hub: z
    .strictObject({
      cores: range(cores, 0.1, 2).describe("Cores of the hub."),
      memory: range(memory, "512M", "2G").describe("Memory of the hub."),
      proxy: z
        .strictObject({
          cores: range(cores, 0.1, 1).describe("Cores of each container of the proxy."),
          memory: range(memory, "128M", "512M").describe("Memory of each container of the proxy."),
        })
        .prefault({})
        .describe("The proxy before the hub."),
    })
    .prefault({})
    .describe("Sizes of the hub's own pods."),
  database: database.prefault({ kind: "postgres" }).describe("Where the hub keeps users and servers."),
};

/** Settings of a release of kind `jupyterhub`. */
export const jupyterhub = z
  .strictObject({
    kind: z.literal("jupyterhub"),
    ...common,
    ...rotating,
    image: image.default("quay.io/jupyterhub/k8s-singleuser-sample:4.4.0").describe("Image of notebooks."),
    ...hubShape,
  })
  .describe("A JupyterHub without Dask: people log in and start notebooks.");

/** Settings of a release of kind `jupyterhub`. */
export type JupyterhubSettings = z.output<typeof jupyterhub>;
/** Settings that both kinds of hub have. */
export type HubSettings = Omit<JupyterhubSettings, "kind">;
/** A kind of server that users can choose. */
export type Profile = HubSettings["profiles"][number];
