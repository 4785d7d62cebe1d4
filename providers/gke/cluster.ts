import * as pulumi from "@pulumi/pulumi";
import type { GkeSettings } from "../../settings/clusters/gke.ts";
import { nodeZonesOf } from "../../settings/clusters/gke-facts.ts";
import type { NodeAccount } from "./account.ts";
import { apiOf, type GkeApi, unknownApi } from "./api.ts";
import { unchanged } from "./fixed.ts";
import * as gcp from "./gcp.ts";
import type { GkeContext, GkeNetwork } from "./network.ts";

/** A GKE cluster as its pools and its kubeconfig need it. */
export interface GkeControlPlane {
  readonly id: pulumi.Output<string>;
  /** Its id for what is made in it: there once the cluster is known to be as the settings want it. */
  readonly unchangedId: pulumi.Output<string>;
  readonly name: pulumi.Output<string>;
  /** What the kubeconfig is written from. */
  readonly api: pulumi.Output<GkeApi>;
  /** Whether pods may have Google's identities; nodes of a cluster without them take no metadata server for it. */
  readonly workloadIdentity: pulumi.Input<boolean>;
  readonly resources: readonly pulumi.Resource[];
}

/** The cluster without its nodes: made, or looked up where the settings name one. */
export function createControlPlane(
  context: GkeContext,
  network: GkeNetwork,
  account: NodeAccount,
): GkeControlPlane {
  const { settings, parent } = context;
  const cluster = new gcp.Cluster(
    "cluster",
    { ...clusterArgs(context), ...networkArgs(network), nodeConfig: throwAway(context, account.email) },
    {
      parent,
      dependsOn: [...network.resources, ...account.resources],
      protect: settings.deletionProtection,
      // Both describe the first pool, which is gone: a change of them would make the whole cluster anew.
      ignoreChanges: ["nodeConfig", "initialNodeCount"],
      // The first minutes of a new control plane may bring a resize, which a default of 40 minutes cuts short.
      customTimeouts: { create: "60m", delete: "60m" },
    },
  );
  const api = pulumi
    .all([cluster.controlPlaneEndpointsConfig, cluster.endpoint, cluster.masterAuth])
    .apply(
      ([endpoints, ip, auth]) =>
        apiOf(settings, endpoints.dnsEndpointConfig?.endpoint, ip, auth.clusterCaCertificate) ?? unknownApi(),
    );
  const once = unchanged(context, network, cluster);
  return {
    id: cluster.id,
    unchangedId: once(cluster.id),
    name: once(cluster.name),
    api: once(api),
    workloadIdentity: true,
    resources: [cluster],
  };
}

/** A cluster that is there already, by name. */
export function findControlPlane(context: GkeContext, name: string): GkeControlPlane {
  const { settings, project, parent } = context;
  const found = gcp.getClusterOutput(
    { name, project, location: settings.location },
    { parent, dependsOn: [...context.apis] },
  );
  const api = found.apply(
    ({ controlPlaneEndpointsConfigs, endpoint, masterAuths }) =>
      apiOf(
        settings,
        controlPlaneEndpointsConfigs[0]?.dnsEndpointConfigs[0]?.endpoint,
        endpoint,
        masterAuths[0]?.clusterCaCertificate,
      ) ?? unknownApi(),
  );
  const workloadIdentity = found.apply(({ workloadIdentityConfigs }) =>
    workloadIdentityConfigs.some(({ workloadPool }) => workloadPool !== ""),
  );
  return { id: found.id, unchangedId: found.id, name: found.name, api, workloadIdentity, resources: [] };
}

/** Arguments of the cluster that follow from the settings alone. */
export function clusterArgs({ settings, name, project, labels, description }: GkeContext) {
  const { network, controlPlane } = settings;
  return {
    name,
    project,
    description,
    location: settings.location,
    ...additionalZones(settings),
    resourceLabels: labels,
    deletionProtection: settings.deletionProtection,
    // The pool that every cluster starts with cannot be changed afterwards, so it goes and pools of ours come.
    removeDefaultNodePool: true,
    initialNodeCount: 1,
    releaseChannel: { channel: settings.channel },
    ...(settings.maintenance === undefined
      ? {}
      : { maintenancePolicy: { recurringWindow: maintenanceWindow(settings.maintenance) } }),
    // Dataplane V2 enforces NetworkPolicies itself; `networkPolicy` would add a second enforcer.
    datapathProvider: "ADVANCED_DATAPATH",
    workloadIdentityConfig: { workloadPool: `${project}.svc.id.goog` },
    enableShieldedNodes: true,
    // Idle workers cost money: nodes go sooner. `enabled` stays unset, it would mean pools of Google's choice.
    clusterAutoscaling: { autoscalingProfile: "OPTIMIZE_UTILIZATION" },
    addonsConfig: { gcePersistentDiskCsiDriverConfig: { enabled: true } },
    controlPlaneEndpointsConfig: {
      dnsEndpointConfig: { allowExternalTraffic: controlPlane.endpoint === "dns" },
    },
    // An empty list closes the address of the control plane to everybody but the nodes.
    masterAuthorizedNetworksConfig: {
      cidrBlocks: controlPlane.authorizedNetworks.map((cidrBlock) => ({ cidrBlock })),
      // Virtual machines of every customer of Google are among its public addresses.
      gcpPublicCidrsAccessEnabled: false,
    },
    ...(network.privateNodes
      ? {
          privateClusterConfig: {
            enablePrivateNodes: true,
            enablePrivateEndpoint: false,
            masterIpv4CidrBlock: network.controlPlane,
          },
        }
      : {}),
  } satisfies gcp.ClusterArgs;
}

function networkArgs({ network, subnetwork, podsRange, servicesRange }: GkeNetwork) {
  return {
    networkingMode: "VPC_NATIVE",
    network,
    subnetwork,
    ipAllocationPolicy: { clusterSecondaryRangeName: podsRange, servicesSecondaryRangeName: servicesRange },
  } satisfies gcp.ClusterArgs;
}

/** The first pool lives for minutes; with an account of its own it does not need the project's default one. */
function throwAway({ labels }: GkeContext, serviceAccount: pulumi.Input<string>) {
  return {
    machineType: "e2-medium",
    diskSizeGb: 30,
    serviceAccount,
    resourceLabels: labels,
    shieldedInstanceConfig: { enableSecureBoot: true, enableIntegrityMonitoring: true },
  } satisfies gcp.types.ClusterNodeConfig;
}

/** Zones beside the cluster's own: Google wants the zone of a zonal cluster left out. */
function additionalZones(settings: GkeSettings): { nodeLocations?: string[] } {
  const nodeLocations = nodeZonesOf(settings).filter((zone) => zone !== settings.location);
  return nodeLocations.length === 0 ? {} : { nodeLocations };
}

/** A window that comes back every week; the date is that of its first day and has no other meaning. */
export function maintenanceWindow({ days, start, hours }: NonNullable<GkeSettings["maintenance"]>) {
  const startTime = new Date(`2026-01-03T${start}:00Z`);
  const endTime = new Date(startTime.getTime() + hours * 3_600_000);
  const text = (time: Date) => time.toISOString().replace(".000Z", "Z");
  return {
    startTime: text(startTime),
    endTime: text(endTime),
    recurrence: `FREQ=WEEKLY;BYDAY=${days.join(",")}`,
  };
}
