import type { Fault } from "../problems.ts";
import type { MagnumSettings } from "./magnum.ts";
import { DEFAULT_GROUPS, isElastic, magnumMarks, ownGroups } from "./magnum-facts.ts";
import type { NodePool } from "./node-pools.ts";
import type { PoolTraits } from "./pool-rules.ts";

const NO_SPOT = "is not to be had from Magnum; remove it";
const NO_MARKS =
  "do not reach the nodes of Magnum; remove them: pods find a pool by the name of its node group";
const NO_EMPTY_POOLS =
  "is not allowed by Magnum's drivers; use at least 1, or set dask:cluster.emptyPools where your cloud allows it";

/** What node pools of Magnum can do. */
export function traitsOf(cluster: MagnumSettings): PoolTraits {
  return {
    cloud: "magnum",
    noSpot: NO_SPOT,
    noMarks: NO_MARKS,
    ...(cluster.emptyPools ? {} : { noEmptyPools: NO_EMPTY_POOLS }),
    severalMachineTypes: false,
    otherNodes: cluster.existing !== undefined,
    marks: magnumMarks(cluster),
  };
}

/** A disk that no setting named: the schema's default. */
const DEFAULT_DISK = "100G";

/** What Magnum cannot do with the pools of the settings, each with its path below `dask:cluster`. */
export function poolFaults(cluster: MagnumSettings): Fault[] {
  return Object.entries(cluster.nodePools).flatMap(([name, pool]) =>
    faultsOf(name, pool, cluster).map(([path, message]): Fault => [["nodePools", name, ...path], message]),
  );
}

function faultsOf(name: string, pool: NodePool, cluster: MagnumSettings): Fault[] {
  const faults: Fault[] = [];
  const taken: readonly string[] = Object.values(DEFAULT_GROUPS);
  if (taken.includes(name)) faults.push([[], "is the name of Magnum's own node group; choose another"]);
  if (pool.disk !== DEFAULT_DISK || pool.diskType !== undefined)
    faults.push([["disk"], "comes with the flavour; remove disk and diskType, or set bootVolume"]);
  if (pool.gpu !== undefined) faults.push([["gpu"], "comes with the flavour; remove it"]);
  const rival = rivalOf(name, cluster.nodePools);
  if (rival !== undefined) {
    const message = `is that of ${rival} too, and pods of a role can select one node group; give the role to one of them`;
    faults.push([["role"], message]);
  }
  if (cluster.driver === "heat" && name in ownGroups(cluster) && isElastic(pool)) {
    const message = `is more than min, and the Heat driver scales the core pool alone; use ${pool.min}, or raise min`;
    faults.push([["max"], message]);
  }
  return faults;
}

/** The pool before this one that has the same role. */
function rivalOf(name: string, pools: MagnumSettings["nodePools"]): string | undefined {
  const names = Object.keys(pools);
  const role = pools[name]?.role;
  if (role === undefined) return undefined;
  return names.slice(0, names.indexOf(name)).find((each) => pools[each]?.role === role);
}
