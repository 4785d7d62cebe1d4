import type { Resource } from "@pulumi/pulumi";
import { chartRelease } from "../../components/chart.ts";
import type { Cluster } from "../../components/cluster.ts";
import type { MagnumSettings } from "../../settings/clusters/magnum.ts";
import { magnumMarks } from "../../settings/clusters/magnum-facts.ts";
import { placementOf, servingRole } from "../../settings/clusters/pool-marks.ts";

/**
 * NVIDIA's device plugin, without which Kubernetes sees no GPU of a node; nothing where no pool is for GPUs.
 *
 * Clusters of the Cluster API driver bring NVIDIA's operator instead (capi-helm-charts, `cluster-addons`).
 */
export function createDevicePlugin(
  settings: MagnumSettings,
  cluster: Pick<Cluster, "provider" | "ready">,
  parent: Resource,
): Resource[] {
  const { devicePlugin, driver, existing, nodePools } = settings;
  const hasGpus = servingRole("gpu", nodePools) === "gpu";
  const wanted = devicePlugin.install ?? (driver === "heat" && existing === undefined && hasGpus);
  if (!wanted) return [];
  const release = chartRelease(
    "nvidia-device-plugin",
    {
      chart: "nvidia-device-plugin",
      cluster,
      namespace: { name: "kube-system", resources: [] },
      values: devicePluginValues(settings),
      settings: { chart: {}, values: devicePlugin.values, timeout: "10m" },
    },
    { parent },
  );
  return [release];
}

/** Values of the plugin's chart: it runs on the nodes for GPUs, which carry none of the labels that it looks for. */
export function devicePluginValues(settings: MagnumSettings) {
  const { nodeSelector } = placementOf("gpu", settings.nodePools, magnumMarks(settings));
  const matchExpressions = Object.entries(nodeSelector).map(([key, each]) => ({
    key,
    operator: "In",
    values: [each],
  }));
  const required = { nodeSelectorTerms: [{ matchExpressions }] };
  return { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } } };
}
