import type { Problem, Report } from "../problems.ts";
import { bytes } from "../quantities.ts";
import type { ReleaseSettings, Settings } from "../schema.ts";
import { type CloudName, nodeResources } from "./machine-types.ts";
import type { NodePool, NodePools } from "./node-pools.ts";
import { type PodSize, podSizes } from "./pod-sizes.ts";
import {
  DASK_PURPOSE,
  HUB_PURPOSE,
  nodeTaints,
  ownMarks,
  POOL_LABEL,
  type PoolMarks,
  placementOf,
  poolsFor,
  servingRole,
} from "./pool-marks.ts";

/** What node pools of a cloud can do; what one cannot is refused with its remedy. */
export interface PoolTraits {
  readonly cloud: CloudName;
  /** Why there is no spot; absent where there is. */
  readonly noSpot?: string;
  /** Why a pool cannot be empty; absent where it can. */
  readonly noEmptyPools?: string;
  /** Why nodes carry no labels or taints of the settings; absent where they do. */
  readonly noMarks?: string;
  /** Whether a pool may name several machine types. */
  readonly severalMachineTypes: boolean;
  /** Whether the cluster has nodes beside these pools, for pods whose role has no pool. */
  readonly otherNodes?: boolean;
  readonly marks?: PoolMarks;
}

/** The rules of `nodePools`: what a cloud's pools can do, and that every pod of the releases fits one of them. */
export function checkPools(
  pools: NodePools,
  traits: PoolTraits,
  releases: Settings["releases"],
  report: Report,
): Problem[] {
  const at = (...path: string[]) => ["cluster", "nodePools", ...path];
  return [
    ...Object.entries(pools).flatMap(([name, pool]) =>
      poolFaults(pool, traits).map(([path, message]) => report(at(name, ...path), message)),
    ),
    ...corePoolFaults(pools, traits).map(([path, message]) => report(at(...path), message)),
    ...Object.entries(releases).flatMap(([name, release]) =>
      unplaced(name, release, pools, traits).map(([path, message]) => report(path, message)),
    ),
  ];
}

const OWN_LABELS = [POOL_LABEL, DASK_PURPOSE, HUB_PURPOSE];
const RESERVED_LABEL = /^([^/]*\.)?(kubernetes|k8s)\.io\//;

type Fault = readonly [path: readonly string[], message: string];

function poolFaults(pool: NodePool, traits: PoolTraits): Fault[] {
  const faults: Fault[] = [];
  const steady = pool.role === "core" || pool.role === "scheduler";
  if (pool.min > pool.max) faults.push([["min"], `is more than max, ${pool.max}; lower it`]);
  if (pool.spot && traits.noSpot !== undefined) faults.push([["spot"], traits.noSpot]);
  else if (pool.spot && steady)
    faults.push([["spot"], `would take the ${pool.role} away at any time; remove it here`]);
  if (pool.min === 0 && traits.noEmptyPools !== undefined) faults.push([["min"], traits.noEmptyPools]);
  if (traits.noMarks !== undefined && pool.taints.length > 0) faults.push([["taints"], traits.noMarks]);
  if (traits.noMarks !== undefined && Object.keys(pool.labels).length > 0)
    faults.push([["labels"], traits.noMarks]);
  for (const label of Object.keys(pool.labels).filter((key) => OWN_LABELS.includes(key)))
    faults.push([["labels", label], "is set by the stack; remove it, or choose another name"]);
  for (const label of Object.keys(pool.labels).filter((key) => RESERVED_LABEL.test(key)))
    faults.push([["labels", label], "has a prefix that Kubernetes keeps for itself; choose another name"]);
  const keys = nodeTaints(pool).map(({ key }) => key);
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined && traits.noMarks === undefined)
    faults.push([["taints"], `have the key ${twice} twice, with the role's own; remove one`]);
  if (!traits.severalMachineTypes && pool.machineType.length > 1)
    faults.push([["machineType"], "names several, and this cloud's pools have one; name one"]);
  return faults;
}

/** The cluster's own pods (DNS, metrics) tolerate nothing, so one pool must be there for them at all times. */
function corePoolFaults(pools: NodePools, { otherNodes }: PoolTraits): Fault[] {
  if (otherNodes === true) return [];
  const core = Object.entries(pools).filter(([, pool]) => pool.role === "core");
  if (core.length === 0)
    return [[[], "has no pool for what must stay up; add core: { machineType: ..., min: 1, max: 3 }"]];
  const free = core.filter(([, pool]) => nodeTaints(pool).every((t) => t.effect === "PreferNoSchedule"));
  const [[name] = [""]] = core;
  if (free.length === 0)
    return [[[name, "taints"], "keep the cluster's own pods off; remove them from core"]];
  if (free.every(([, pool]) => pool.min === 0))
    return [[[name, "min"], "leaves no node for what must stay up; use at least 1"]];
  return [];
}

/** Pods of a release that no node can take. */
function unplaced(name: string, release: ReleaseSettings, pools: NodePools, traits: PoolTraits): Fault[] {
  return podSizes(release).flatMap((pod): Fault[] => {
    const message = mayRunElsewhere(pod, pools, traits) ? undefined : misfit(pod, pools, traits);
    return message === undefined ? [] : [[["releases", name, ...pod.path], message]];
  });
}

/** Whether a pod can find nodes that the settings do not know. */
function mayRunElsewhere(
  { role, placement }: PodSize,
  pools: NodePools,
  { otherNodes }: PoolTraits,
): boolean {
  return otherNodes === true && (placement !== undefined || servingRole(role, pools) === undefined);
}

/** Why no pool can take a pod; `undefined` where one can, or where nobody knows. */
function misfit(pod: PodSize, pools: NodePools, traits: PoolTraits): string | undefined {
  const placement = pod.placement ?? placementOf(pod.role, pools, traits.marks);
  const open = poolsFor(placement, pools, traits.marks ?? ownMarks);
  if (open.length === 0)
    return "would run nowhere: no pool has the labels and taints of its placement; change that";
  const candidates = (pod.gpus ?? 0) > 0 ? open.filter((each) => hasGpus(pools[each])) : open;
  if (candidates.length === 0)
    return "asks for a GPU, and no pool has one; add a pool gpu to dask:cluster.nodePools";
  const nodes = candidates.map((each) => ({ pool: each, size: poolSize(each, pools, traits) }));
  const fits = nodes.some(
    ({ size }) => size === undefined || (pod.cores <= size.cores && bytes(pod.memory) <= size.memory),
  );
  if (fits) return undefined;
  const found = nodes
    .map(({ pool, size }) => `${pool} ${size === undefined ? "?" : sizeText(size)}`)
    .join(", ");
  return `asks for ${pod.cores} cores and ${pod.memory}, more than a node has for it (${found}); ask for less or use a larger machineType`;
}

function hasGpus(pool: NodePool | undefined): boolean {
  return pool?.role === "gpu" || pool?.gpu !== undefined;
}

interface Size {
  readonly cores: number;
  readonly memory: number;
}

/** What every node of a pool has for pods, whichever of its machine types it is; `undefined` where not known. */
function poolSize(name: string, pools: NodePools, { cloud }: PoolTraits): Size | undefined {
  const pool = pools[name];
  if (pool === undefined) return undefined;
  if (pool.resources !== undefined)
    return { cores: pool.resources.cores, memory: bytes(pool.resources.memory) };
  const sizes = pool.machineType.map((type) => nodeResources(cloud, type));
  return sizes.reduce((least, size) =>
    least === undefined || size === undefined
      ? undefined
      : { cores: Math.min(least.cores, size.cores), memory: Math.min(least.memory, size.memory) },
  );
}

/** A size as the settings write it, rounded down so that what is named fits. */
export function sizeText({ cores, memory }: Size): string {
  const text = memory >= 10e9 ? `${Math.floor(memory / 1e9)}G` : `${Math.floor(memory / 1e6)}M`;
  return `${Math.floor(cores * 100) / 100} cores and ${text}`;
}

/** A warning for each pool whose nodes nobody knows the size of, so that nothing says whether pods fit them. */
export function unknownSizes(pools: NodePools, cloud: CloudName): string[] {
  return Object.entries(pools)
    .filter(([, pool]) => pool.resources === undefined)
    .map(
      ([name, pool]) =>
        [name, pool.machineType.filter((t) => nodeResources(cloud, t) === undefined)] as const,
    )
    .filter(([, types]) => types.length > 0)
    .map(
      ([name, types]) =>
        `dask:cluster.nodePools.${name}: the size of ${types.join(", ")} is not known here, so nothing checks that pods fit; add resources: { cores, memory }`,
    );
}
