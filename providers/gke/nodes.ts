import * as pulumi from "@pulumi/pulumi";
import { gpusOf, nodeZonesOf } from "../../settings/clusters/gke-facts.ts";
import type { NodePool } from "../../settings/clusters/node-pools.ts";
import { nodeLabels, nodeTaints } from "../../settings/clusters/pool-marks.ts";
import { bytes } from "../../settings/quantities.ts";
import type { NodeAccount } from "./account.ts";
import type { GkeControlPlane } from "./cluster.ts";
import * as gcp from "./gcp.ts";
import type { GkeContext } from "./network.ts";

/** Makes the node pools of the settings. */
export function createPools(
  context: GkeContext,
  cluster: GkeControlPlane,
  account: NodeAccount,
): gcp.NodePool[] {
  const { settings, parent } = context;
  return Object.entries(settings.nodePools).map(
    ([name, pool]) =>
      new gcp.NodePool(
        name,
        {
          ...poolArgs(pool, context),
          cluster: cluster.unchangedId,
          nodeConfig: { ...nodeConfig(name, pool, context, account), ...metadataServer(cluster) },
        },
        {
          parent,
          dependsOn: [...account.resources],
          // It matters on the first day alone, and a change of it would make the pool anew.
          ignoreChanges: ["initialNodeCount"],
          customTimeouts: { create: "60m", delete: "60m" },
        },
      ),
  );
}

/** Arguments of a pool beside its nodes; its name is Pulumi's, so that a new pool can come before the old one goes. */
export function poolArgs({ min, max, spot }: NodePool, { settings, project }: GkeContext) {
  const zones = nodeZonesOf(settings);
  return {
    project,
    location: settings.location,
    nodeLocations: [...zones],
    autoscaling: {
      totalMinNodeCount: min,
      totalMaxNodeCount: max,
      // Spare machines are where they are; all others are spread over the zones.
      locationPolicy: spot ? "ANY" : "BALANCED",
    },
    // Counted in each zone.
    initialNodeCount: Math.ceil(min / zones.length),
    // Both are required in a release channel.
    management: { autoRepair: true, autoUpgrade: true },
  } satisfies Partial<gcp.NodePoolArgs>;
}

/** The nodes of a pool. */
export function nodeConfig(
  name: string,
  pool: NodePool,
  { labels }: Pick<GkeContext, "labels">,
  { email }: Pick<NodeAccount, "email">,
) {
  const gpus = gpusOf(pool);
  return {
    machineType: pool.machineType[0],
    diskSizeGb: Math.round(bytes(pool.disk) / 1e9),
    ...(pool.diskType === undefined ? {} : { diskType: pool.diskType }),
    spot: pool.spot,
    labels: nodeLabels(name, pool),
    taints: nodeTaints(pool).map(({ key, value, effect }) => ({ key, value, effect: EFFECTS[effect] })),
    resourceLabels: { ...labels, "dask-node-pool": name },
    serviceAccount: email,
    // What the account may do is said by its roles alone.
    oauthScopes: ["https://www.googleapis.com/auth/cloud-platform"],
    shieldedInstanceConfig: {
      // The GPU drivers that GKE installs are not signed.
      enableSecureBoot: gpus === undefined,
      enableIntegrityMonitoring: true,
    },
    // GKE installs the driver and its own device plugin.
    ...(gpus === undefined
      ? {}
      : { guestAccelerators: [{ ...gpus, gpuDriverInstallationConfig: { gpuDriverVersion: "DEFAULT" } }] }),
  } satisfies gcp.types.NodePoolNodeConfig;
}

/** The metadata server that gives pods identities of their own; Google refuses it where the cluster knows none. */
function metadataServer({ workloadIdentity }: GkeControlPlane) {
  return {
    workloadMetadataConfig: pulumi
      .output(workloadIdentity)
      .apply((known) => (known ? { mode: "GKE_METADATA" } : undefined)),
  } satisfies gcp.types.NodePoolNodeConfig;
}

/** Effects of a taint as the API of GKE spells them. */
const EFFECTS = {
  NoSchedule: "NO_SCHEDULE",
  PreferNoSchedule: "PREFER_NO_SCHEDULE",
  NoExecute: "NO_EXECUTE",
} as const;
