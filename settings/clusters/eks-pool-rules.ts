import { bytes, show } from "../quantities.ts";
import type { EksSettings } from "./eks.ts";
import { isGpuMachine, nodeImage } from "./eks-facts.ts";
import type { Fault } from "./eks-network-rules.ts";
import type { NodePool } from "./node-pools.ts";
import { nodeTaints } from "./pool-marks.ts";

/** Faults of the pools: what node groups cannot be made of, and what the autoscaler could not start from nothing. */
export function poolFaults({ nodePools, tags }: EksSettings): Fault[] {
  return Object.entries(nodePools).flatMap(([name, pool]) => faultsOf(name, pool, Object.keys(tags).length));
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
    ...labelFaults(at, pool.labels),
    ...markFaults(at, pool, tags),
    ...faults.filter((each) => each !== false),
  ];
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
