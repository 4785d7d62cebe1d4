import type { Cluster } from "../components/cluster.ts";
import type { Settings } from "../settings/schema.ts";
import type { ApiClient } from "./existing/api-client.ts";

/** A cluster before anything is registered: already there and reached, or still to be made. */
export interface ClusterPlan {
  /** The API of a cluster that is there already. */
  readonly api?: ApiClient;
  /** Registers what the cluster is made of and answers the contract that releases know. */
  create(): Cluster;
}

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
      return { api: reached.api, create: () => createExisting(cluster, reached) };
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
