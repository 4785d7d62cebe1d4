import type { Fault, KeyPath, Problem, Report } from "../problems.ts";
import type { Settings } from "../schema.ts";
import type { NodePool, NodePools } from "./node-pools.ts";
import { type Nodes, unplaced } from "./pod-places.ts";
import { DASK_PURPOSE, HUB_PURPOSE, nodeTaints, POOL_LABEL } from "./pool-marks.ts";

/** What node pools of a cloud can do; what one cannot is refused with its remedy. */
export interface PoolTraits extends Nodes {
  /** Why there is no spot; absent where there is. */
  readonly noSpot?: string;
  /** Why a pool cannot be empty; absent where it can. */
  readonly noEmptyPools?: string;
  /** Why nodes carry no labels or taints of the settings; absent where they do. */
  readonly noMarks?: string;
  /** Whether a pool may name several machine types. */
  readonly severalMachineTypes: boolean;
}

/** The rules of `nodePools`: what a cloud's pools can do, and that every pod of the releases fits one of them. */
export function checkPools(
  pools: NodePools,
  traits: PoolTraits,
  releases: Settings["releases"],
  report: Report,
): Problem[] {
  const at = (...path: KeyPath) => ["cluster", "nodePools", ...path];
  return [
    ...Object.entries(pools).flatMap(([name, pool]) =>
      poolFaults(pool, traits).map(([path, message]) => report(at(name, ...path), message)),
    ),
    ...corePoolFaults(pools, traits).map(([path, message]) => report(at(...path), message)),
    ...Object.entries(releases).flatMap(([name, release]) =>
      unplaced(release, pools, traits).map(([path, message]) => report(["releases", name, ...path], message)),
    ),
  ];
}

const OWN_LABELS = [POOL_LABEL, DASK_PURPOSE, HUB_PURPOSE];
const RESERVED_LABEL = /^([^/]*\.)?(kubernetes|k8s)\.io\//;

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
