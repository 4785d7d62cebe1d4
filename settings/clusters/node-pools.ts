import { z } from "zod";
import { type Role, roles } from "../placement.ts";
import { cores, memory } from "../quantities.ts";

/** Effects of a taint, in Kubernetes' own words. */
export const taintEffect = z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]);

/** Key of a label or taint as Kubernetes takes it: a name, and before it a DNS name and a slash where wanted. */
const markKey = z
  .string()
  .regex(/^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/, {
    error:
      "must be a name of at most 63 letters, digits and -_. that starts and ends with a letter or digit, like team or example.org/team",
  })
  .max(317, { error: "has a prefix of more than 253 characters; shorten it" });

/** Value of a label or taint as Kubernetes takes it. */
export const markValue = z.string().regex(/^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/, {
  error: "must be at most 63 letters, digits and -_. that start and end with a letter or digit; write true",
});

const taint = z.strictObject({
  key: markKey.describe("Key of the taint."),
  value: markValue.default("").describe("Value of the taint."),
  effect: taintEffect.default("NoSchedule").describe("What the taint does to pods that do not accept it."),
});
/** A taint of a node: pods that do not tolerate it stay away. */
export type Taint = z.output<typeof taint>;

const machineType = z
  .string({ error: "must be the name of a machine type, or a list of names; look them up at your cloud" })
  .min(1, { error: "must be the name of a machine type; look it up at your cloud" });

/** Name of a node pool: every cloud takes at least these 24 characters, beside what is added to them. */
export const poolName = z
  .string()
  .regex(/^[a-z]([-a-z0-9]*[a-z0-9])?$/, {
    error: "must be lower-case letters, digits and dashes, starting with a letter",
  })
  .max(24, { error: "must have at most 24 characters; shorten it" });

const gpu = z.strictObject({
  type: z
    .string()
    .min(1)
    .optional()
    .describe("Kind of GPU as the cloud names it. Default: the one that the machine type comes with."),
  count: z
    .int()
    .min(1)
    .max(16)
    .optional()
    .describe("GPUs of one node. Default: those that the machine type comes with, else 1."),
});

const pool = z.strictObject({
  role: z
    .enum(roles)
    .optional()
    .describe(
      "Pods that the pool is for. Default: the pool's name, where that is a role; else no role: pods reach it by their own `placement`.",
    ),
  machineType: z
    .union([machineType.transform((name): [string] => [name]), z.tuple([machineType], machineType)], {
      error: "must be the name of a machine type, or a list of names; look them up at your cloud",
    })
    .describe(
      "Machine type (OpenStack: flavour). On EKS also a list, among which Amazon chooses, as spot nodes want.",
    ),
  min: z
    .int()
    .min(0)
    .max(10000)
    .optional()
    .describe("Fewest nodes. Default: 1 for `core` and on Magnum, else 0."),
  max: z.int().min(1).max(10000).describe("Most nodes."),
  disk: memory
    .default("100G")
    .describe("Size of a node's disk. Not on Magnum, where it comes with the flavour."),
  diskType: z
    .string()
    .min(1)
    .optional()
    .describe("Kind of a node's disk. Default: the cloud's. Not on Magnum."),
  spot: z
    .boolean()
    .default(false)
    .describe("Spare machines at a lower price that the cloud may take back at any time. Not on Magnum."),
  gpu: gpu.optional().describe("GPUs of a node. Not on Magnum, where they come with the flavour."),
  labels: z.record(markKey, markValue).default({}).describe("Further labels of the nodes. Not on Magnum."),
  taints: z
    .array(taint)
    .default([])
    .describe("Further taints of the nodes, beside that of the role. Not on Magnum."),
  resources: z
    .strictObject({
      cores: cores.describe("Cores of one node that pods can have."),
      memory: memory.describe("Memory of one node that pods can have."),
    })
    .optional()
    .describe(
      "What pods can have of a node. Default: known for common machine types, for no flavour of OpenStack.",
    ),
});

/** Settings of one node pool, with its role and least number of nodes filled in. */
export interface NodePool extends Omit<z.output<typeof pool>, "role" | "min"> {
  readonly role?: Role;
  readonly min: number;
}

/** Settings of the node pools of a cluster, by name. */
export type NodePools = Readonly<Record<string, NodePool>>;

/**
 * Schema of `nodePools`: a map from a pool's name to its settings.
 *
 * @param fewest the default of `min` for every role but `core`: 0, or 1 where a cloud has no empty pools
 */
export function nodePools(fewest: 0 | 1 = 0) {
  return z
    .record(poolName, pool)
    .transform(
      (pools): NodePools =>
        Object.fromEntries(Object.entries(pools).map(([name, each]) => [name, filled(name, each, fewest)])),
    )
    .describe(
      "Node pools by name: `core` (hub, gateway and all that must stay up; needed), `user`, `scheduler`, `worker`, `gpu`, or any name.",
    );
}

function filled(name: string, { role, min, ...rest }: z.output<typeof pool>, fewest: number): NodePool {
  const known = role ?? roles.find((each) => each === name);
  return {
    ...rest,
    ...(known === undefined ? {} : { role: known }),
    min: min ?? (known === "core" ? 1 : fewest),
  };
}
