import { bytes } from "../quantities.ts";
import type { MagnumSettings } from "./magnum.ts";
import type { NodePools } from "./node-pools.ts";
import type { PoolMarks } from "./pool-marks.ts";

/**
 * Facts of Magnum without Pulumi: the checks of the settings read them too.
 */

/** Node groups that Magnum makes with every cluster, by their role. */
export const DEFAULT_GROUPS = { master: "default-master", worker: "default-worker" } as const;

/** The one label of ours that reaches the nodes: the name of their node group, as each driver writes it. */
export const NODE_GROUP_LABELS = {
  // capi-helm-charts, templates of the node groups.
  capi: "capi.stackhpc.com/node-group",
  // Magnum up to Zed, fragments/configure-kubernetes-minion.sh.
  heat: "magnum.openstack.org/nodegroup",
} as const;

type Marked = Pick<MagnumSettings, "driver" | "nodeGroupLabel" | "existing" | "nodePools">;

/**
 * The pool that is Magnum's own worker group, which every cluster has and which cannot be removed: the first of
 * role `core`. In an existing cluster that group is not ours.
 */
export function defaultPool({
  existing,
  nodePools,
}: Pick<MagnumSettings, "existing" | "nodePools">): string | undefined {
  if (existing !== undefined) return undefined;
  return Object.keys(nodePools).find((name) => nodePools[name]?.role === "core");
}

/** Pools that are node groups of their own, in the order of the settings. */
export function ownGroups(settings: Pick<MagnumSettings, "existing" | "nodePools">): NodePools {
  const first = defaultPool(settings);
  return Object.fromEntries(Object.entries(settings.nodePools).filter(([name]) => name !== first));
}

/** How Magnum marks the nodes of a pool: by the name of their node group; labels and taints do not reach them. */
export function magnumMarks(settings: Marked): PoolMarks {
  const key = settings.nodeGroupLabel ?? NODE_GROUP_LABELS[settings.driver];
  const first = defaultPool(settings);
  const groupOf = (pool: string) => ({ [key]: pool === first ? DEFAULT_GROUPS.worker : pool });
  return {
    labels: (name) => groupOf(name),
    taints: () => [],
    selector: (_role, pools) => groupOf(Object.keys(pools)[0] ?? DEFAULT_GROUPS.worker),
  };
}

/** Whether the autoscaler runs: it is a matter of the whole cluster, wanted as soon as one pool may grow. */
export function autoscales(pools: NodePools): boolean {
  return Object.values(pools).some(isElastic);
}

/** Whether the autoscaler decides how many nodes a pool has. */
export function isElastic({ min, max }: { readonly min: number; readonly max: number }): boolean {
  return min < max;
}

/** Name of the network that floating IPs come from; `undefined` where the settings name none. */
export function floatingIpPoolOf({
  floatingIpPool,
  template,
}: Pick<MagnumSettings, "floatingIpPool" | "template">): string | undefined {
  return floatingIpPool ?? (typeof template === "object" ? template.externalNetwork : undefined);
}

/** Cluster labels that the stack writes from other settings, and the setting that each is written from. */
export const WRITTEN_LABELS: Readonly<Record<string, string>> = {
  auto_scaling_enabled: "nodePools",
  min_node_count: "nodePools.core.min",
  max_node_count: "nodePools.core.max",
  auto_healing_enabled: "autoHealing",
  octavia_provider: "loadBalancer.provider",
  boot_volume_size: "bootVolume.size",
  boot_volume_type: "bootVolume.type",
  fixed_subnet_cidr: "network.nodes",
  master_lb_floating_ip_enabled: "api.floatingIp",
  master_lb_allowed_cidrs: "api.allowFrom",
  api_master_lb_allowed_cidrs: "api.allowFrom",
};

/**
 * Labels of the Magnum cluster, as the drivers read them (Magnum's user guide; labels of magnum-capi-helm).
 *
 * Those of the settings come last. They count when the cluster is made: Magnum cannot change them later.
 */
export function clusterLabels(settings: MagnumSettings): Record<string, string> {
  const { driver, nodePools, network, api, loadBalancer, bootVolume, autoHealing, labels } = settings;
  const core = nodePools[defaultPool(settings) ?? ""];
  const allowFrom = driver === "capi" ? "api_master_lb_allowed_cidrs" : "master_lb_allowed_cidrs";
  const written: Record<string, string | undefined> = {
    ...(autoscales(nodePools) ? { auto_scaling_enabled: "true" } : {}),
    ...(core !== undefined && isElastic(core)
      ? { min_node_count: String(core.min), max_node_count: String(core.max) }
      : {}),
    auto_healing_enabled: autoHealing === undefined ? undefined : String(autoHealing),
    octavia_provider: loadBalancer.provider,
    boot_volume_size: bootVolume && String(gigabytes(bootVolume.size)),
    boot_volume_type: bootVolume?.type,
    fixed_subnet_cidr: network.nodes,
    master_lb_floating_ip_enabled: apiAddress(settings),
    [allowFrom]: api.allowFrom?.join(","),
    // With the driver's own default, Retain, volumes would stay behind when their claims are gone.
    csi_cinder_reclaim_policy: driver === "capi" ? "Delete" : undefined,
    cinder_csi_enabled: driver === "heat" && usesCsi(settings) ? "true" : undefined,
  };
  const known = Object.entries(written).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value]],
  );
  return { ...Object.fromEntries(known), ...labels };
}

/** Whether the API has a floating IP: Heat gives none unless told, and a template of our own says nothing of nodes' own. */
function apiAddress({ api, driver, template }: MagnumSettings): string | undefined {
  const own = driver === "heat" && typeof template === "object" ? true : undefined;
  const wanted = api.floatingIp ?? own;
  return wanted === undefined ? undefined : String(wanted);
}

function usesCsi({ storageClass }: MagnumSettings): boolean {
  return typeof storageClass !== "object" || storageClass.provisioner === "cinder.csi.openstack.org";
}

/** Gigabytes of a size that the schema accepted as whole gigabytes. */
export function gigabytes(size: string): number {
  return Math.round(bytes(size) / 1e9);
}
