import type * as pulumi from "@pulumi/pulumi";
import type { HubSettings } from "../../settings/releases/jupyterhub.ts";
import { keepsHomes } from "../../settings/releases/keep-rules.ts";
import type { Cluster } from "../cluster.ts";
import { clusterObjects, DRAIN_SUFFIX, gatewayDeployment } from "../dask-gateway/chart.ts";
import { drain, type Owner, type Target } from "../drain.ts";
import type { Namespace } from "../namespace.ts";
import { ACME_SECRET, SERVICES, USER_SCHEDULER_LEASE } from "./chart.ts";
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
  const { pullSecrets } = settings;
  const owners = ownersOf(name, args);
  const targets = drained(name, args);
  return drain(`${name}${DRAIN_SUFFIX}`, { cluster, namespace, pullSecrets, owners, targets }, parent);
}

/** The Deployment of the hub has the name of its Service, whatever the release's is. */
function ownersOf(name: string, { gateway }: DrainHubArgs): readonly Owner[] {
  const hub = { name: SERVICES.hub, labels: { app: "jupyterhub", release: name } };
  return [hub, ...(gateway === undefined ? [] : [gatewayDeployment(gateway.release)])];
}

/** What ends with a hub, the owners first. */
export function drained(name: string, { settings, cluster, gateway }: DrainHubArgs): readonly Target[] {
  const core = { api: "api/v1" };
  const hub = { app: "jupyterhub", release: name };
  return [
    ...(gateway === undefined ? [] : clusterObjects(gateway.release)),
    { ...core, resource: "pods", labels: { ...hub, component: "singleuser-server" } },
    ...(settings.userScheduler ? schedulerObjects(hub) : []),
    ...(keepsHomes(settings, !cluster.madeByStack)
      ? []
      : [
          // Made by the proxy itself, which finds it again where the users stay.
          ...(settings.tls.kind === "letsencrypt"
            ? [{ ...core, resource: "secrets", name: ACME_SECRET }]
            : []),
          {
            ...core,
            resource: "persistentvolumeclaims",
            labels: { ...hub, component: "singleuser-storage" },
          },
        ]),
  ];
}

/** The Lease of the hub's own scheduler, which makes it itself; its pods first, or they would make it again. */
function schedulerObjects(hub: Readonly<Record<string, string>>): readonly Target[] {
  return [
    { api: "api/v1", resource: "pods", labels: { ...hub, component: "user-scheduler" } },
    { api: "apis/coordination.k8s.io/v1", resource: "leases", name: USER_SCHEDULER_LEASE },
  ];
}
