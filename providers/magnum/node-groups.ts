import * as openstack from "@pulumi/openstack";
import type * as pulumi from "@pulumi/pulumi";
import type { MagnumSettings } from "../../settings/clusters/magnum.ts";
import { isElastic, ownGroups } from "../../settings/clusters/magnum-facts.ts";
import type { NodePool } from "../../settings/clusters/node-pools.ts";
import type { MagnumCluster } from "./cluster.ts";
import { heldLimit, isHeld } from "./held-pools.ts";
import type { MagnumContext } from "./template.ts";

/**
 * Makes a node group of each pool that is not Magnum's own worker group.
 *
 * One after the other: Magnum's drivers lose node groups that are made at the same time (launchpad magnum 2097946).
 */
export function createNodeGroups(
  context: MagnumContext,
  cluster: MagnumCluster,
): openstack.containerinfra.NodeGroup[] {
  const made: openstack.containerinfra.NodeGroup[] = [];
  for (const [name, pool] of Object.entries(ownGroups(context.settings))) {
    made.push(nodeGroup(name, pool, context, cluster, made.at(-1)));
  }
  return made;
}

function nodeGroup(
  name: string,
  pool: NodePool,
  { settings, counts, parent }: MagnumContext,
  cluster: MagnumCluster,
  before: pulumi.Resource | undefined,
): openstack.containerinfra.NodeGroup {
  return new openstack.containerinfra.NodeGroup(
    name,
    { clusterId: cluster.id, ...nodeGroupArgs(name, pool, settings, counts[name]) },
    {
      parent,
      dependsOn: before === undefined ? [...cluster.resources] : [...cluster.resources, before],
      ignoreChanges: ignored(pool),
      // Its name is what pods select, so the old one must go before a new one can take it.
      deleteBeforeReplace: true,
      customTimeouts: { create: "60m", update: "60m", delete: "60m" },
    },
  );
}

/**
 * Arguments of a node group, beside its cluster.
 *
 * @param present nodes that the group has now, where it is there and that is known
 */
export function nodeGroupArgs(name: string, pool: NodePool, settings: MagnumSettings, present?: number) {
  return {
    name,
    flavorId: pool.machineType[0],
    nodeCount: pool.min,
    ...limits(pool, settings, present),
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
function limits(
  pool: NodePool,
  settings: MagnumSettings,
  present: number | undefined,
): { minNodeCount: number; maxNodeCount?: number } {
  if (isElastic(pool)) return { minNodeCount: pool.min, maxNodeCount: pool.max };
  if (isHeld(pool, settings)) return { minNodeCount: heldLimit(pool, present) };
  return { minNodeCount: settings.emptyPools ? 0 : 1 };
}

/** What only counts when a group is made, and a count that is the autoscaler's. */
function ignored(pool: NodePool): string[] {
  return ["labels", "mergeLabels", ...(isElastic(pool) ? ["nodeCount"] : [])];
}
