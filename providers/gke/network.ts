import * as pulumi from "@pulumi/pulumi";
import type { GkeSettings } from "../../settings/clusters/gke.ts";
import * as gcp from "./gcp.ts";

/** What every part of a cluster on Google Cloud is made with. */
export interface GkeContext {
  readonly settings: GkeSettings;
  /** Start of every name in the cloud: at most 30 characters. */
  readonly name: string;
  readonly project: string;
  readonly region: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Says whose it is, on what carries no labels. */
  readonly description: string;
  readonly parent: pulumi.Resource;
  /** The project's APIs, which everything else needs. */
  readonly apis: readonly pulumi.Resource[];
}

/** A network that the cluster is put into. */
export interface GkeNetwork {
  readonly network: pulumi.Input<string>;
  readonly subnetwork: pulumi.Input<string>;
  /** Names of the subnetwork's secondary ranges. */
  readonly podsRange: string;
  readonly servicesRange: string;
  /** Ranges of a network of the stack's own as Google has them, by their settings. */
  readonly ranges?: pulumi.Output<object>;
  readonly resources: readonly pulumi.Resource[];
}

const PODS = "pods";
const SERVICES = "services";

/** The cluster's network: made, or the one that the settings name; private nodes reach the internet through NAT. */
export function createNetwork(context: GkeContext): GkeNetwork {
  const { existing, privateNodes } = context.settings.network;
  if (existing === undefined) {
    const { network, subnetwork } = ownNetwork(context);
    const nat = privateNodes ? createNat(context, network.id) : [];
    return {
      network: network.id,
      subnetwork: subnetwork.id,
      podsRange: PODS,
      servicesRange: SERVICES,
      ranges: rangesOf(subnetwork),
      resources: [network, subnetwork, ...nat],
    };
  }
  return {
    network: existing.name,
    subnetwork: existing.subnetwork,
    podsRange: existing.pods,
    servicesRange: existing.services,
    resources: existing.nat ? createNat(context, existing.name) : [],
  };
}

function ownNetwork(context: GkeContext) {
  const { name, project, region, description, parent, apis, settings } = context;
  const network = new gcp.Network(
    "network",
    { name, project, description, autoCreateSubnetworks: false, routingMode: "REGIONAL" },
    { parent, dependsOn: [...apis] },
  );
  const subnetwork = new gcp.Subnetwork(
    "subnetwork",
    {
      name,
      project,
      region,
      description,
      network: network.id,
      ipCidrRange: settings.network.nodes,
      // Nodes without a public address pull images from Artifact Registry by this.
      privateIpGoogleAccess: true,
      secondaryIpRanges: [
        { rangeName: PODS, ipCidrRange: settings.network.pods },
        { rangeName: SERVICES, ipCidrRange: settings.network.services },
      ],
    },
    { parent },
  );
  return { network, subnetwork };
}

function rangesOf({ ipCidrRange, secondaryIpRanges }: gcp.Subnetwork): pulumi.Output<object> {
  return pulumi.all([ipCidrRange, secondaryIpRanges]).apply(([nodes, secondary]) => {
    const rangeOf = (name: string) => secondary?.find(({ rangeName }) => rangeName === name)?.ipCidrRange;
    return { "network.nodes": nodes, "network.pods": rangeOf(PODS), "network.services": rangeOf(SERVICES) };
  });
}

function createNat(context: GkeContext, network: pulumi.Input<string>): pulumi.Resource[] {
  const { name, project, region, description, parent, apis } = context;
  const router = new gcp.Router(
    "router",
    { name, project, region, description, network },
    { parent, dependsOn: [...apis] },
  );
  const nat = new gcp.RouterNat(
    "nat",
    {
      name,
      project,
      region,
      router: router.name,
      natIpAllocateOption: "AUTO_ONLY",
      sourceSubnetworkIpRangesToNat: "ALL_SUBNETWORKS_ALL_IP_RANGES",
      // Many workers of one node that read from one store want more than the 64 ports a machine starts with.
      enableDynamicPortAllocation: true,
      minPortsPerVm: 64,
      maxPortsPerVm: 4096,
      // Dynamic ports and endpoint-independent mapping exclude each other.
      enableEndpointIndependentMapping: false,
    },
    { parent },
  );
  return [router, nat];
}

/** Ports on which admission webhooks listen: 9443 that of the database operator, 8443 that of many others. */
const WEBHOOK_PORTS = ["8443", "9443"];

/**
 * Lets the control plane reach webhooks on private nodes: GKE itself opens ports 443 and 10250 only.
 *
 * Without it a custom resource that a webhook checks fails with `context deadline exceeded`.
 */
export function openWebhooks(
  context: GkeContext,
  network: GkeNetwork,
  nodes: pulumi.Input<string>,
): pulumi.Resource[] {
  const { name, project, description, parent, apis, settings } = context;
  if (!settings.network.privateNodes) return [];
  const firewall = new gcp.Firewall(
    "webhooks",
    {
      name: `${name}-webhooks`,
      project,
      description,
      network: network.network,
      direction: "INGRESS",
      sourceRanges: [settings.network.controlPlane],
      targetServiceAccounts: [nodes],
      allows: [{ protocol: "tcp", ports: WEBHOOK_PORTS }],
    },
    { parent, dependsOn: [...apis] },
  );
  return [firewall];
}
