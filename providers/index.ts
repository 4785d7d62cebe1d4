import type { Settings } from "../settings/schema.ts";
import type { ClusterPlan } from "./plan.ts";

/**
 * Picks the provider that the settings name; a cluster that is there already is reached at once.
 *
 * Each provider is loaded only when it is chosen: a cloud's SDK costs start-up time.
 *
 * @throws UserError where an existing cluster cannot be used
 */
export async function planCluster({ cluster, secrets, liveChecks }: Settings): Promise<ClusterPlan> {
  switch (cluster.provider) {
    case "existing": {
      const { createExisting, reachExisting } = await import("./existing.ts");
      const reached = await reachExisting(cluster, secrets.cluster?.kubeconfig);
      return {
        api: reached.api,
        identifier: reached.identifier,
        create: () => createExisting(cluster, reached),
      };
    }
    case "gke": {
      const { planGke } = await import("./gke.ts");
      return planGke(cluster, liveChecks);
    }
    case "eks": {
      const { planEks } = await import("./eks.ts");
      return planEks(cluster, liveChecks);
    }
    case "magnum": {
      const { planMagnum } = await import("./magnum.ts");
      return planMagnum(cluster, secrets.cluster?.kubeconfig, liveChecks);
    }
    default:
      return cluster satisfies never;
  }
}

/** Whether the cluster is there before the stack is, and may be asked before anything is created. */
export function canBeAsked({ cluster, liveChecks }: Settings): boolean {
  return liveChecks && (cluster.provider === "existing" || cluster.existing !== undefined);
}
