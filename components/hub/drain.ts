import type * as pulumi from "@pulumi/pulumi";
import type { HubSettings } from "../../settings/releases/jupyterhub.ts";
import { keepsHomes } from "../../settings/releases/keep-rules.ts";
import type { Cluster } from "../cluster.ts";
import { clusterObjects } from "../dask-gateway/chart.ts";
import { drain, type Target } from "../drain.ts";
import type { Namespace } from "../namespace.ts";
import type { GatewayBeside } from "./gateway-glue.ts";

/** What ends the work of a hub's users. */
export interface DrainHubArgs {
  readonly settings: HubSettings;
  readonly cluster: Cluster;
  readonly namespace: Namespace;
  /** The gateway beside the hub, whose clusters end too. */
  readonly gateway?: GatewayBeside | undefined;
}

/**
 * Ends the notebook servers and Dask clusters of a hub's users when the hub is deleted, and their homes unless they are
 * kept; hub and gateway must depend on it, so that they are gone then.
 */
export function drainHub(name: string, args: DrainHubArgs, parent: pulumi.Resource): pulumi.Resource[] {
  const { settings, cluster, namespace } = args;
  const { image, pullSecrets } = settings;
  const targets = drained(name, args);
  return drain(`${name}-drain`, { cluster, namespace, image, pullSecrets, targets }, parent);
}

/** What ends with a hub, the owners first. */
export function drained(name: string, { settings, gateway }: DrainHubArgs): readonly Target[] {
  const core = { api: "api/v1" };
  const hub = { app: "jupyterhub", release: name };
  return [
    ...(gateway === undefined ? [] : clusterObjects(gateway.release)),
    { ...core, resource: "pods", labels: { ...hub, component: "singleuser-server" } },
    ...(keepsHomes(settings)
      ? []
      : [
          {
            ...core,
            resource: "persistentvolumeclaims",
            labels: { ...hub, component: "singleuser-storage" },
          },
        ]),
  ];
}
