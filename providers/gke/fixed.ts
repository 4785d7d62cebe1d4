import * as pulumi from "@pulumi/pulumi";
import { compared, once, type Traits } from "../cloud/fixed.ts";
import type * as gcp from "./gcp.ts";
import type { GkeContext, GkeNetwork } from "./network.ts";

/**
 * Inputs that stay as they were when a resource was made: a change would delete it and make it anew.
 *
 * Descriptions are among them: they name the stack, which may be renamed.
 */
export const FIXED_INPUTS: Readonly<Record<string, readonly string[]>> = {
  "gcp:projects/service:Service": ["project"],
  "gcp:projects/iAMMember:IAMMember": ["project"],
  "gcp:serviceaccount/account:Account": ["accountId", "project"],
  "gcp:compute/network:Network": ["name", "project", "description"],
  "gcp:compute/subnetwork:Subnetwork": [
    "name",
    "project",
    "region",
    "description",
    "ipCidrRange",
    "secondaryIpRanges",
  ],
  "gcp:compute/router:Router": ["name", "project", "region", "description"],
  "gcp:compute/routerNat:RouterNat": ["name", "project", "region"],
  "gcp:compute/firewall:Firewall": ["name", "project", "sourceRanges"],
  "gcp:compute/address:Address": ["name", "project", "region", "description"],
  "gcp:container/cluster:Cluster": [
    "name",
    "project",
    "location",
    "description",
    "network",
    "subnetwork",
    "networkingMode",
    "ipAllocationPolicy",
    "datapathProvider",
    "privateClusterConfig",
  ],
};

/** What hangs on a cluster that still is as the settings want it. */
export type Once = <Value>(output: pulumi.Output<Value>) => pulumi.Output<Value>;

/** Compares the cluster and its network with the settings; see `refuseChanges`. */
export function unchanged(context: GkeContext, network: GkeNetwork, cluster: gcp.Cluster): Once {
  const { settings, name, project } = context;
  const { existing, privateNodes, controlPlane, nodes, pods, services } = settings.network;
  const place: Traits = {
    name,
    project,
    location: settings.location,
    "network.privateNodes": privateNodes,
    "network.controlPlane": privateNodes ? controlPlane : undefined,
    "network.existing.pods": existing?.pods,
    "network.existing.services": existing?.services,
    "network.existing": existing === undefined ? NONE : pathText(existing.name, existing.subnetwork),
  };
  const ranges: Traits = { "network.nodes": nodes, "network.pods": pods, "network.services": services };
  const comparisons = [
    compared(CLOUD, place, placeOf(cluster, existing === undefined)),
    compared(CLOUD, ranges, pulumi.output(network.ranges ?? {})),
  ];
  return (output) => once(comparisons, output);
}

const CLOUD = "Google Cloud";
const NONE = "none";

function placeOf(cluster: gcp.Cluster, ownNetwork: boolean): pulumi.Output<object> {
  const { name, project, location, network, subnetwork, privateClusterConfig, ipAllocationPolicy } = cluster;
  return pulumi
    .all([name, project, location, network, subnetwork, privateClusterConfig, ipAllocationPolicy])
    .apply(([name, project, location, network = "", subnetwork, nodes, ranges]) => ({
      name,
      project,
      location,
      "network.privateNodes": nodes?.enablePrivateNodes,
      "network.controlPlane": nodes?.masterIpv4CidrBlock,
      "network.existing.pods": ranges?.clusterSecondaryRangeName,
      "network.existing.services": ranges?.servicesSecondaryRangeName,
      // A network of the stack's own has the cluster's name.
      "network.existing": ownNetwork && lastPart(network) === name ? NONE : pathText(network, subnetwork),
    }));
}

/** A network and its subnetwork by name, whether they are given by name or by their path. */
function pathText(network: string, subnetwork: string): string {
  return `${lastPart(network)}/${lastPart(subnetwork)}`;
}

function lastPart(path: string): string {
  return path.split("/").at(-1) ?? path;
}
