import type { Resource } from "@pulumi/pulumi";
import type { Cluster } from "../../components/cluster.ts";
import { createDevicePlugin } from "../../components/device-plugin.ts";
import type { MagnumSettings } from "../../settings/clusters/magnum.ts";
import { magnumMarks } from "../../settings/clusters/magnum-facts.ts";
import { placementOf, servingRole } from "../../settings/clusters/pool-marks.ts";

/**
 * The device plugin, or nothing where no pool is for GPUs.
 *
 * Clusters of the Cluster API driver bring NVIDIA's operator instead (capi-helm-charts, `cluster-addons`).
 */
export function createGpuSupport(
  settings: MagnumSettings,
  cluster: Pick<Cluster, "provider" | "ready">,
  parent: Resource,
): Resource[] {
  const { devicePlugin, driver, existing, nodePools } = settings;
  const hasGpus = servingRole("gpu", nodePools) === "gpu";
  const wanted = devicePlugin.install ?? (driver === "heat" && existing === undefined && hasGpus);
  if (!wanted) return [];
  return [
    createDevicePlugin({ cluster, nodes: gpuNodes(settings), values: devicePlugin.values }, { parent }),
  ];
}

/** The plugin runs on the nodes for GPUs, which carry none of the labels that its chart looks for; chart values. */
export function gpuNodes(settings: MagnumSettings) {
  const { nodeSelector } = placementOf("gpu", settings.nodePools, magnumMarks(settings));
  const matchExpressions = Object.entries(nodeSelector).map(([key, each]) => ({
    key,
    operator: "In",
    values: [each],
  }));
  const required = { nodeSelectorTerms: [{ matchExpressions }] };
  return { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } } };
}
