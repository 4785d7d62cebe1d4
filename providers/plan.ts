import type { Cluster } from "../components/cluster.ts";
import type { ApiClient } from "./existing/api-client.ts";

/** A cluster before anything is registered: already there and reached, or still to be made. */
export interface ClusterPlan {
  /** The API of a cluster that is there already. */
  readonly api?: ApiClient;
  /** What tells that cluster from others, where it was asked for already; see `ReachedCluster`. */
  readonly identifier?: string;
  /** Registers what the cluster is made of and answers the contract that releases know. */
  create(): Cluster;
}
