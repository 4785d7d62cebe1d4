import type { Fault } from "../problems.ts";
import { bytes } from "../quantities.ts";
import type { GkeSettings } from "./gke.ts";
import { ATTACHABLE, gpusOf, hasGpus, isArm, nodeZonesOf, takesGpus } from "./gke-facts.ts";
import { prefixLength } from "./networks.ts";
import type { NodePool } from "./node-pools.ts";

/** Faults of the pools, each for itself and all together. */
export function poolFaults(cluster: GkeSettings): Fault[] {
  const each = Object.entries(cluster.nodePools).flatMap(([name, pool]) => faultsOf(name, pool));
  return [...each, ...zoneFaults(cluster), ...roomFaults(cluster)];
}

/** Pools that would start with more nodes than they may have: Google starts the same number in each zone. */
function zoneFaults(cluster: GkeSettings): Fault[] {
  const zones = nodeZonesOf(cluster).length;
  return Object.entries(cluster.nodePools).flatMap(([name, { min, max }]): Fault[] => {
    const first = Math.ceil(min / zones) * zones;
    if (min > max || first <= max) return [];
    const message = `is less than the ${first} nodes that min starts with in ${zones} zones, as many in each; raise it to ${first}, or name fewer nodeZones`;
    return [[["nodePools", name, "max"], message]];
  });
}

/** The smallest disk that the node image fits on. */
const LEAST_DISK = "12G";
const MACHINE_TYPE = /^[a-z][a-z0-9]*-[a-z0-9-]+$/;
/** What GKE's "Prepare an Arm workload for deployment" says of Arm nodes, which nothing of the stack tolerates. */
const ARM =
  "is an Arm machine, whose nodes GKE taints kubernetes.io/arch=arm64:NoSchedule, and the stack's pods would stay Pending; use one of Intel or AMD, like n2-standard-4 or g2-standard-8";

function faultsOf(name: string, pool: NodePool): Fault[] {
  const at = (...keys: string[]) => ["nodePools", name, ...keys];
  const [machineType] = pool.machineType;
  const small: Fault[] =
    bytes(pool.disk) < bytes(LEAST_DISK)
      ? [[at("disk"), `is too small for a node's image; use at least ${LEAST_DISK}`]]
      : [];
  // Of the GPUs of a machine that is none, nothing can be said.
  if (!MACHINE_TYPE.test(machineType))
    return [
      [at("machineType"), "is not how Google Cloud names machine types; write e2-standard-4"],
      ...small,
    ];
  if (isArm(machineType)) return [[at("machineType"), ARM], ...small];
  const gpu = gpuFault(machineType, pool);
  if (gpu !== undefined) return [...small, [at("gpu"), gpu]];
  const contradictions = gpuContradictions(machineType, pool);
  return [...small, ...contradictions.map(([key, text]): Fault => [at("gpu", key), text])];
}

function gpuFault(machineType: string, pool: NodePool): string | undefined {
  const { role, gpu } = pool;
  if (gpu !== undefined && !takesGpus(machineType) && !hasGpus(machineType))
    return `cannot be attached to ${machineType}; use g2-standard-8, or an n1 machine with gpu: { type: nvidia-tesla-t4 }`;
  if (role !== "gpu" && gpusOf(pool) !== undefined)
    return "would keep all ordinary pods off, because GKE taints nodes with GPUs; write role: gpu";
  const wanted = gpu !== undefined || role === "gpu";
  if (wanted && gpusOf(pool) === undefined)
    return `does not say which GPU ${machineType} has; add gpu: { type: nvidia-tesla-t4 } to an n1 machine, or use g2-standard-8`;
  return undefined;
}

/** What the settings say of GPUs that a machine type does not come with, or cannot be given. */
function gpuContradictions(machineType: string, pool: NodePool): [key: string, message: string][] {
  const { gpu } = pool;
  const actual = gpusOf(pool);
  if (gpu === undefined || actual === undefined) return [];
  if (!takesGpus(machineType))
    return (["type", "count"] as const)
      .filter((key) => gpu[key] !== undefined && gpu[key] !== actual[key])
      .map((key) => [key, `is not what ${machineType} has, which comes with ${actual[key]}; remove ${key}`]);
  const counts = Object.hasOwn(ATTACHABLE, actual.type) ? ATTACHABLE[actual.type] : undefined;
  if (counts === undefined)
    return [
      ["type", `cannot be attached to ${machineType}; use one of ${Object.keys(ATTACHABLE).join(", ")}`],
    ];
  if (counts.includes(actual.count)) return [];
  return [["count", `is not a number of ${actual.type} that a machine can have; use ${counts.join(", ")}`]];
}

/** Addresses of a subnetwork that Google keeps for itself. */
const KEPT_ADDRESSES = 4;
/** Prefix of the part of the pods' range that each node takes. */
const PODS_OF_A_NODE = 24;

/** Ranges with fewer addresses than the pools may have nodes: some of them would never start. */
function roomFaults({ existing, network, nodePools }: GkeSettings): Fault[] {
  if (existing !== undefined || network.existing !== undefined) return [];
  const most = Object.values(nodePools).reduce((sum, { max }) => sum + max, 0);
  const room = {
    nodes: 2 ** (32 - prefixLength(network.nodes)) - KEPT_ADDRESSES,
    pods: 2 ** (PODS_OF_A_NODE - prefixLength(network.pods)),
  };
  const wide = {
    nodes: 32 - Math.ceil(Math.log2(most + KEPT_ADDRESSES)),
    pods: PODS_OF_A_NODE - Math.ceil(Math.log2(most)),
  };
  // A range that is too small for any cluster is refused for itself.
  const usable = { nodes: room.nodes > 0, pods: room.pods >= 8 };
  return (["nodes", "pods"] as const)
    .filter((range) => usable[range] && most > room[range])
    .map((range) => [
      ["network", range],
      `has addresses for ${room[range]} nodes, and the pools may have ${most}; widen it to a /${wide[range]}, or lower max`,
    ]);
}
