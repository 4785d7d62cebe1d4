import { z } from "zod";

/** The roles a pod can have; every provider places pods by role. */
export const roles = ["core", "user", "scheduler", "worker", "gpu"] as const;

/** What a pod does: run the hub, a notebook, a scheduler, a worker or a worker with a GPU. */
export type Role = (typeof roles)[number];

/** A toleration as Kubernetes writes it in a pod. */
export const toleration = z.strictObject({
  key: z.string().optional().describe("Key of the taint. Default: every key, with `Exists`."),
  operator: z
    .enum(["Exists", "Equal"])
    .optional()
    .describe("Whether the taint's value counts: `Equal`, or not: `Exists`. Default: `Equal`."),
  value: z.string().optional().describe("Value of the taint, with `Equal`."),
  effect: z
    .enum(["NoSchedule", "PreferNoSchedule", "NoExecute"])
    .optional()
    .describe("Effect of the taint. Default: every effect."),
  tolerationSeconds: z
    .int()
    .min(0)
    .optional()
    .describe("Seconds that a pod stays on a node with a taint of `NoExecute`. Default: for ever."),
});

/** Where pods of a role run. */
export const placement = z.strictObject({
  nodeSelector: z.record(z.string(), z.string()).default({}).describe("Node labels that a node must carry."),
  tolerations: z.array(toleration).default([]).describe("Taints that the pods accept."),
});

/** Where pods of a role run: node labels to select and taints to tolerate. */
export type Placement = z.output<typeof placement>;
