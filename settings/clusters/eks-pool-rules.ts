import type { Fault } from "../problems.ts";
import { bytes, show } from "../quantities.ts";
import type { EksSettings } from "./eks.ts";
import { isGpuMachine, machineGpus, nodeImage } from "./eks-facts.ts";
import { prefixLength } from "./networks.ts";
import { markValue, type NodePool } from "./node-pools.ts";
import { nodeTaints } from "./pool-marks.ts";

/** Faults of the pools: what node groups cannot be made of, and what the autoscaler could not start from nothing. */
export function poolFaults({ nodePools, tags }: EksSettings): Fault[] {
  return Object.entries(nodePools).flatMap(([name, pool]) => faultsOf(name, pool, Object.keys(tags).length));
}

/** Addresses of a network interface by the size of a machine, at least: Amazon's "Maximum IP addresses per interface". */
const INTERFACE_ADDRESSES: Readonly<Record<string, number>> = {
  nano: 2,
  micro: 2,
  small: 4,
  medium: 4,
  large: 10,
  xlarge: 15,
  "2xlarge": 15,
};
const LARGER = 30;
/** The one that pods use, and the one that `vpc-cni` holds ready. */
const INTERFACES = 2;
/** Addresses of a subnet that Amazon keeps for itself. */
const KEPT_ADDRESSES = 5;

/** A VPC with fewer addresses than the nodes take: nodes of the last pools would never be ready. */
export function roomFaults({ existing, network, nodePools }: EksSettings): Fault[] {
  if (existing !== undefined || network.existing !== undefined) return [];
  const needed = Object.values(nodePools).reduce((sum, pool) => sum + pool.max * addressesOf(pool), 0);
  // All nodes stand in the first private subnet, a quarter of the VPC.
  const prefix = prefixLength(network.cidr) + 2;
  const room = 2 ** (32 - prefix) - KEPT_ADDRESSES;
  if (needed <= room) return [];
  const wide = 30 - Math.ceil(Math.log2(needed + KEPT_ADDRESSES));
  const remedy = wide < LARGEST_VPC ? "lower max" : `widen it to a /${wide}, or lower max`;
  const message = `leaves ${room} addresses to the nodes and their pods, and the pools take ${needed} when all of them are at max; ${remedy}`;
  return [[["network", "cidr"], message]];
}

/** Prefix of the largest VPC there is. */
const LARGEST_VPC = 16;

function addressesOf({ machineType }: NodePool): number {
  const sizes = machineType.map((type) => INTERFACE_ADDRESSES[type.split(".")[1] ?? ""] ?? LARGER);
  return INTERFACES * Math.min(...sizes);
}

/** Longest key of a node label that still fits the tag by which the autoscaler learns of it: 128 characters in all. */
const LONGEST_LABEL_KEY = 128 - "k8s.io/cluster-autoscaler/node-template/label/".length;
/** The smallest disk that the node images fit on: they are snapshots of 20 GiB. */
const LEAST_DISK = "22G";

function faultsOf(name: string, pool: NodePool, tags: number): Fault[] {
  const at = (...path: string[]) => ["nodePools", name, ...path];
  const strange = pool.machineType.find((type) => !MACHINE_TYPE.test(type));
  if (strange !== undefined)
    return [
      [at("machineType"), `names ${show(strange)}, which is no machine type of Amazon; write m6i.xlarge`],
    ];
  const keys = nodeTaints(pool).map(({ key }) => key);
  const long = [...Object.keys(pool.labels), ...keys].find((key) => key.length > LONGEST_LABEL_KEY);
  const faults: (Fault | false)[] = [
    new Set(pool.machineType.map(nodeImage)).size > 1 && [
      at("machineType"),
      "names machine types with different processors or GPUs, which take different images; make a pool for each",
    ],
    (pool.gpu !== undefined || pool.role === "gpu") &&
      !pool.machineType.some(isGpuMachine) && [
        at("machineType"),
        "has no GPU; name one that has, like g5.xlarge",
      ],
    pool.gpu?.type !== undefined &&
      !markValue.safeParse(pool.gpu.type).success && [
        at("gpu", "type"),
        "cannot be a label of the nodes, by which the autoscaler waits for their GPUs; write at most 63 letters, digits and -_., like nvidia-tesla-t4",
      ],
    bytes(pool.disk) < bytes(LEAST_DISK) && [
      at("disk"),
      `is too small for a node's image; use at least ${LEAST_DISK}`,
    ],
    pool.diskType !== undefined &&
      !/^gp[23]$/.test(pool.diskType) && [at("diskType"), "must be gp3 or gp2; write gp3"],
    long !== undefined && [
      at(),
      `has a label or taint key of ${long.length} characters; the autoscaler reads at most ${LONGEST_LABEL_KEY}, so shorten it`,
    ],
  ];
  return [
    ...gpuCountFaults(at, pool),
    ...labelFaults(at, pool.labels),
    ...markFaults(at, pool, tags),
    ...faults.filter((each) => each !== false),
  ];
}

/** A number of GPUs that a machine type does not have: pods that ask for it would never run. */
function gpuCountFaults(at: (...path: string[]) => string[], { machineType, gpu }: NodePool): Fault[] {
  const count = gpu?.count;
  if (count === undefined) return [];
  return machineType.flatMap((type): Fault[] => {
    const built = machineGpus(type);
    // One without any is refused for itself.
    if (built === undefined || built === 0 || built === count) return [];
    return [[at("gpu", "count"), `is not what ${type} has, which comes with ${built}; remove count`]];
  });
}

/** How Amazon names machine types: a family and a size, like `m6i.xlarge` or `p6-b200.48xlarge`. */
const MACHINE_TYPE = /^[a-z][a-z0-9-]*\.(nano|micro|small|medium|large|\d*xlarge|metal(-\d+xl)?)$/;

/** Labels that EKS keeps for Kubernetes and for itself. */
const RESERVED_LABEL = /(^|\.)(kubernetes\.io|k8s\.io|eks\.amazonaws\.com)\//;

function labelFaults(at: (...path: string[]) => string[], labels: NodePool["labels"]): Fault[] {
  return Object.entries(labels).flatMap(([key, value]): Fault[] => {
    if (RESERVED_LABEL.test(key))
      return [[at("labels", key), "has a key that EKS keeps for itself; rename it"]];
    return value === "" ? [[at("labels", key), "has no value, and EKS wants one; write true"]] : [];
  });
}

/** Tags that a resource of Amazon can have. */
const TAGS = 50;
/** Tags that every resource may have beside those of the settings: stack, owner, name, and up to five of EKS. */
const OTHER_TAGS = 8;
/** Most tags of the settings. */
export const MOST_TAGS = TAGS - OTHER_TAGS;

/** Labels and taints that do not fit the tags of the pool's autoscaling group, where the autoscaler reads them. */
function markFaults(at: (...path: string[]) => string[], pool: NodePool, tags: number): Fault[] {
  const labels = Object.keys(pool.labels).length + OWN_LABELS;
  const marks = labels + nodeTaints(pool).length;
  if (tags > MOST_TAGS || tags + marks <= MOST_TAGS) return [];
  const message = `has ${marks} labels and taints; with dask:cluster.tags only ${MOST_TAGS - tags} fit the autoscaling group's tags, so remove some`;
  return [[at(), message]];
}

/** Labels of the stack's own on a node, at most: pool, two purposes and two of GPUs; and the tag of its disk. */
const OWN_LABELS = 6;
