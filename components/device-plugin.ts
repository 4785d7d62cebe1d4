import type * as pulumi from "@pulumi/pulumi";
import { chartRelease, type Values } from "./chart.ts";
import type { Cluster } from "./cluster.ts";

/** On which nodes the plugin runs, and what the settings put over its chart's values. */
export interface DevicePluginArgs {
  readonly cluster: Pick<Cluster, "provider" | "ready">;
  /** The chart's `affinity` or `tolerations`. */
  readonly nodes: Values;
  readonly values: Values;
}

/** NVIDIA's device plugin in `kube-system`, without which Kubernetes sees no GPU of a node. */
export function createDevicePlugin(
  { cluster, nodes, values }: DevicePluginArgs,
  opts: pulumi.CustomResourceOptions,
) {
  return chartRelease(
    "nvidia-device-plugin",
    {
      chart: "nvidia-device-plugin",
      cluster,
      namespace: { name: "kube-system", resources: [] },
      values: { ...DEVICE_PLUGIN_SIZE, ...nodes },
      settings: { chart: {}, values, timeout: "10m" },
    },
    opts,
  );
}

/** The chart gives its pods no size. The sizes of machine types leave room for these requests on every node. */
const DEVICE_PLUGIN_SIZE = {
  resources: { requests: { cpu: "50m", memory: "100M" }, limits: { memory: "500M" } },
};
