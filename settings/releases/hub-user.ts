import { z } from "zod";
import { cores, dnsLabel, duration, memory } from "../quantities.ts";
import { image, environment as variables } from "./containers.ts";

/** What a pod is sure of and what it may use at most. */
export function range<Size extends z.ZodType>(of: Size, guarantee: z.output<Size>, limit: z.output<Size>) {
  const part = z.strictObject({
    guarantee: of.prefault(guarantee as z.input<Size>).describe("What the pod is sure of."),
    limit: of.prefault(limit as z.input<Size>).describe("What it may use at most."),
  });
  return part.prefault({} as z.input<typeof part>);
}

const storage = z
  .discriminatedUnion("kind", [
    z
      .strictObject({
        kind: z.literal("dynamic"),
        size: memory.default("10G").describe("Size of each user's volume."),
        storageClass: z.string().min(1).optional().describe("Storage class. Default: that of the cluster."),
        onDestroy: z
          .enum(["delete", "keep"])
          .optional()
          .describe(
            "What `pulumi destroy` does: `keep` leaves the namespace with the homes. Default: homes stay where their users do: where `database.onDestroy` keeps them, or with `database.kind: external` in a cluster that outlives the stack.",
          ),
      })
      .describe("A volume for each user."),
    z
      .strictObject({
        kind: z.literal("static"),
        claim: dnsLabel.describe("Name of a PersistentVolumeClaim in the hub's namespace, `ReadWriteMany`."),
        subPath: z
          .string()
          .regex(/\{(username|user_server|unescaped_username)\}/, {
            error: "must hold {username}, or all users share one home; write home/{username}",
          })
          .default("{username}")
          .describe("Directory of a user on the volume."),
      })
      .describe("One volume that is there already, with a directory for each user."),
    z.strictObject({ kind: z.literal("none") }).describe("Homes that are lost when the server stops."),
  ])
  .prefault({ kind: "dynamic" });

const environment = variables.default({});

/** The notebook server of a user. */
export const user = z.strictObject({
  cores: range(cores, 0.5, 2).describe("Cores of a notebook server."),
  memory: range(memory, "1G", "2G").describe("Memory of a notebook server."),
  storage: storage.describe("Where homes are kept."),
  environment: environment.describe(
    "Environment variables of notebooks. `{username}` stands for the user; write `{{` for a brace.",
  ),
  url: z
    .string()
    .regex(/^\//, { error: "must be a path; write /lab" })
    .default("/lab")
    .describe("Page that a user sees first."),
  startTimeout: duration.default("10m").describe("How long a server may take to start, its image included."),
  serviceAccountName: dnsLabel
    .optional()
    .describe(
      "ServiceAccount of notebooks, for `KubeCluster` with an operator that is not the stack's; they may then reach Kubernetes' API.",
    ),
  egress: z
    .array(z.record(z.string(), z.unknown()))
    .default([])
    .describe("Further egress rules of the notebooks' NetworkPolicy, as Kubernetes writes them."),
});

const CHOICE_LENGTH = 28;

/** A kind of server that users can choose. */
export const profile = z
  .strictObject({
    name: z.string().min(1).describe("Name that users choose by."),
    description: z.string().default("").describe("A line below the name."),
    default: z
      .boolean()
      .default(false)
      .describe("Chosen unless the user chooses; else the first profile is."),
    image: image.optional().describe("Image of the notebook server."),
    images: z
      .record(dnsLabel.max(CHOICE_LENGTH), image)
      .optional()
      .describe("Several images to choose from, by name; the first is the default."),
    cores: z
      .strictObject({ guarantee: cores, limit: cores }, { error: needs("cores", "0.5", "2") })
      .describe("Cores: `guarantee` and `limit`."),
    memory: z
      .strictObject({ guarantee: memory, limit: memory }, { error: needs("memory", "1G", "2G") })
      .describe("Memory: `guarantee` and `limit`."),
    gpus: z.int().min(0).max(16).default(0).describe("GPUs; the server then runs where the role `gpu` runs."),
    environment: environment.describe("Environment variables beside those of `user`."),
  })
  .refine(
    // What is wrong elsewhere in a profile may be images itself: it need not be a map yet.
    ({ image, images }) => image !== undefined || Object.keys(images ?? {}).length > 0,
    {
      path: ["image"],
      // Also where something else is wrong: all faults of a profile are shown at once.
      when: ({ value }) => typeof value === "object" && value !== null && !Array.isArray(value),
      error: "is missing: a profile needs an image; set image, or images for a choice",
    },
  )
  .refine(({ image, images }) => image === undefined || images === undefined, {
    path: ["image"],
    error: "stands beside images; remove one of them",
  });

function needs(what: string, guarantee: string, limit: string): string {
  return `is missing: a profile needs ${what}; write { guarantee: ${guarantee}, limit: ${limit} }`;
}
