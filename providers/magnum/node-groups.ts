import * as openstack from "@pulumi/openstack";
import type * as pulumi from "@pulumi/pulumi";
import type { MagnumSettings } from "../../settings/clusters/magnum.ts";
import { autoscales, isElastic, ownGroups } from "../../settings/clusters/magnum-facts.ts";
import type { NodePool } from "../../settings/clusters/node-pools.ts";
import type { MagnumCluster } from "./cluster.ts";
import type { MagnumContext } from "./template.ts";

/**
 * Makes a node group of each pool that is not Magnum's own worker group.
 *
 * One after the other: Magnum's drivers lose node groups that are made at the same time (launchpad magnum 2097946).
 */
export function createNodeGroups(
  { settings, parent }: MagnumContext,
  cluster: MagnumCluster,
): openstack.containerinfra.NodeGroup[] {
  const made: openstack.containerinfra.NodeGroup[] = [];
  for (const [name, pool] of Object.entries(ownGroups(settings))) {
    made.push(nodeGroup(name, pool, settings, cluster, made.at(-1), parent));
  }
  return made;
}

function nodeGroup(
  name: string,
  pool: NodePool,
  settings: MagnumSettings,
  cluster: MagnumCluster,
  before: pulumi.Resource | undefined,
  parent: pulumi.Resource,
): openstack.containerinfra.NodeGroup {
  return new openstack.containerinfra.NodeGroup(
    name,
    { clusterId: cluster.id, ...nodeGroupArgs(name, pool, settings) },
    {
      parent,
      dependsOn: before === undefined ? [...cluster.resources] : [...cluster.resources, before],
      ignoreChanges: ignored(pool, settings),
      // Its name is what pods select, so the old one must go before a new one can take it.
      deleteBeforeReplace: true,
      customTimeouts: { create: "60m", update: "60m", delete: "60m" },
    },
  );
}

/** Arguments of a node group, beside its cluster. */
export function nodeGroupArgs(name: string, pool: NodePool, settings: MagnumSettings) {
  return {
    name,
    flavorId: pool.machineType[0],
    nodeCount: pool.min,
    ...limits(pool, settings),
    // The Heat driver's autoscaler and its node labels know this role; ours stand in the settings alone.
    role: "worker",
    mergeLabels: true,
  } satisfies Partial<openstack.containerinfra.NodeGroupArgs>;
}

/**
 * Fewest and most nodes of a group.
 *
 * A fixed pool has no upper limit: Magnum wants the count within the limits at every step, and the provider changes
 * limits before the count, so a group with both could never be resized.
 */
function limits(pool: NodePool, settings: MagnumSettings): { minNodeCount: number; maxNodeCount?: number } {
  if (isElastic(pool)) return { minNodeCount: pool.min, maxNodeCount: pool.max };
  return { minNodeCount: heldByLimit(pool, settings) ? pool.min : settings.emptyPools ? 0 : 1 };
}

/** Whether only its lower limit keeps the autoscaler from a fixed pool: with Cluster API it knows every group. */
function heldByLimit(pool: NodePool, { driver, nodePools }: MagnumSettings): boolean {
  return driver === "capi" && !isElastic(pool) && autoscales(nodePools);
}

/** The autoscaler's count stands, and so does a lower limit that would be above the count when both are raised. */
function ignored(pool: NodePool, settings: MagnumSettings): string[] {
  const fixed = ["labels", "mergeLabels"];
  if (isElastic(pool)) return [...fixed, "nodeCount"];
  return heldByLimit(pool, settings) ? [...fixed, "minNodeCount"] : fixed;
}
