import type { Fault, KeyPath } from "../problems.ts";
import { bytes } from "../quantities.ts";
import type { ReleaseSettings } from "../schema.ts";
import type { CloudName } from "./machine-types.ts";
import type { NodePool, NodePools } from "./node-pools.ts";
import { nodeSize, type Size, sizeText } from "./node-sizes.ts";
import { type PodSize, podSizes } from "./pod-sizes.ts";
import { ownMarks, type PoolMarks, placementOf, poolsFor, servingRole } from "./pool-marks.ts";

/** What a cloud's nodes are, as far as it decides where a pod can run. */
export interface Nodes {
  readonly cloud: CloudName;
  /** Whether the cluster has nodes beside these pools, for pods whose role has no pool. */
  readonly otherNodes?: boolean;
  /** How the cloud marks nodes. Default: by labels and taints of our own. */
  readonly marks?: PoolMarks;
  /** GPUs of each node of a pool; `undefined` where the cloud's machine types do not say. */
  readonly gpus?: (pool: NodePool) => number | undefined;
}

/** Pods of a release that no node can take, each with its path inside the release. */
export function unplaced(release: ReleaseSettings, pools: NodePools, nodes: Nodes): Fault[] {
  const faults = podSizes(release).flatMap((pod): Fault[] => {
    const message = misfit(pod, pools, nodes);
    return message === undefined ? [] : [[pod.path, message]];
  });
  // What is said of a part is not said of the whole again.
  return faults.filter(([path]) => !faults.some(([other]) => isBelow(other, path)));
}

function isBelow(path: KeyPath, above: KeyPath): boolean {
  return path.length > above.length && above.every((key, index) => key === path[index]);
}

/** A pool that is open to a pod, and what each of its nodes has; without a size where nobody knows. */
interface Place {
  readonly pool: string;
  readonly size?: Size;
  /** Infinite where the pool has GPUs and nobody knows how many. */
  readonly gpus: number;
}

/** The pools whose labels and taints let a pod in; `undefined` where it can find nodes that the settings do not know. */
export function placesOf(
  { role, placement }: Pick<PodSize, "role" | "placement">,
  pools: NodePools,
  nodes: Nodes,
): Place[] | undefined {
  const elsewhere = placement !== undefined || servingRole(role, pools) === undefined;
  if (nodes.otherNodes === true && elsewhere) return undefined;
  const wanted = placement ?? placementOf(role, pools, nodes.marks);
  return poolsFor(wanted, pools, nodes.marks ?? ownMarks).flatMap((name) => {
    const pool = pools[name];
    return pool === undefined ? [] : [placeIn(name, pool, nodes)];
  });
}

function placeIn(name: string, pool: NodePool, { cloud, gpus }: Nodes): Place {
  const size = nodeSize(pool, cloud);
  const hasGpus = pool.role === "gpu" || pool.gpu !== undefined;
  const unknown = hasGpus ? (pool.gpu?.count ?? Number.POSITIVE_INFINITY) : 0;
  return { pool: name, ...(size === undefined ? {} : { size }), gpus: gpus?.(pool) ?? unknown };
}

/** Why no pool can take a pod; `undefined` where one can, or where nobody knows. */
function misfit(pod: PodSize, pools: NodePools, nodes: Nodes): string | undefined {
  const open = placesOf(pod, pools, nodes);
  if (open === undefined) return undefined;
  if (open.length === 0)
    return "would run nowhere: no pool has the labels and taints of its placement; change that";
  const { gpus = 0 } = pod;
  const candidates = open.filter((place) => place.gpus >= gpus);
  if (candidates.length === 0) return tooFewGpus(gpus, open);
  if (candidates.some(({ size }) => size === undefined || holds(size, pod))) return undefined;
  const found = candidates.map(({ pool, size }) => `${pool} ${size === undefined ? "?" : sizeText(size)}`);
  const asks = pod.offered === true ? "lets users ask for workers of" : "asks for";
  return `${asks} ${pod.cores} cores and ${pod.memory}, more than a node has for it (${found.join(", ")}); ask for less or use a larger machineType`;
}

/** Whether a node with this much for pods can take one. */
export function holds(node: Size, pod: { readonly cores: number; readonly memory: string }): boolean {
  return pod.cores <= node.cores && bytes(pod.memory) <= node.memory;
}

function tooFewGpus(gpus: number, open: readonly Place[]): string {
  const some = open.filter((place) => place.gpus > 0);
  if (some.length === 0)
    return "asks for a GPU, and no pool has one; add a pool gpu to dask:cluster.nodePools";
  const found = some.map((place) => `${place.pool} ${place.gpus}`).join(", ");
  return `asks for ${gpus} GPUs, more than a node has for it (${found}); ask for less or use a machineType with more`;
}
