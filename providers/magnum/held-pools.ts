import * as openstack from "@pulumi/openstack";
import type { MagnumSettings } from "../../settings/clusters/magnum.ts";
import { autoscales, isElastic, ownGroups } from "../../settings/clusters/magnum-facts.ts";
import type { NodePool } from "../../settings/clusters/node-pools.ts";

/** Nodes that Magnum has of pools, by name; without those that it has none of, or was not asked for. */
export type Counts = Readonly<Record<string, number>>;

/**
 * Whether only its lower limit keeps the autoscaler from a fixed pool.
 *
 * With Cluster API one pool that may grow turns the autoscaler on for all, and it leaves alone only a group whose lower
 * limit is its count (magnum-capi-helm, `_get_node_counts`): all others it may empty, and their count is no longer ours.
 */
export function isHeld(pool: NodePool, { driver, nodePools }: MagnumSettings): boolean {
  return driver === "capi" && !isElastic(pool) && autoscales(nodePools);
}

/** Asks Magnum how many nodes the held pools have; what it does not answer, a new cluster's first of all, is left out. */
export async function heldCounts(settings: MagnumSettings, cluster: string): Promise<Counts> {
  const held = Object.entries(ownGroups(settings)).filter(([, pool]) => isHeld(pool, settings));
  const found = await Promise.all(held.map(([name]) => countOf(cluster, name)));
  return Object.fromEntries(found.flat());
}

function countOf(clusterId: string, name: string): Promise<[name: string, count: number][]> {
  return openstack.containerinfra.getNodeGroup({ clusterId, name }).then(
    ({ nodeCount }) => [[name, nodeCount]],
    () => [],
  );
}

/**
 * The lower limit of a held pool: its count, or the present one where that is to grow.
 *
 * Magnum wants the limit below the count at every step, and the provider raises the limit first.
 *
 * @param present nodes that the pool has now; `undefined` where there is none yet, or nobody asked
 */
export function heldLimit({ min }: NodePool, present: number | undefined): number {
  return Math.max(1, Math.min(min, present ?? min));
}

/** A warning for each pool that grows in this run, and has its limit only in the next one. */
export function growthWarnings(settings: MagnumSettings, counts: Counts): string[] {
  return Object.entries(settings.nodePools)
    .filter(([name, pool]) => heldLimit(pool, counts[name]) < pool.min && isHeld(pool, settings))
    .map(
      ([name, { min }]) =>
        `dask:cluster.nodePools.${name}: Magnum raises a fixed pool in two steps; run pulumi up once more when it has its ${min} nodes in Magnum, and only then the autoscaler lets go of it`,
    );
}
