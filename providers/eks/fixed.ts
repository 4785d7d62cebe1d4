import * as pulumi from "@pulumi/pulumi";
import { compared, once } from "../cloud/fixed.ts";
import type * as aws from "./aws.ts";
import type { EksContext } from "./context.ts";
import type { EksNetwork } from "./network.ts";

/** Inputs that stay as they were when a resource was made: a change would delete it and make it anew, or fail half-way. */
export const FIXED_INPUTS: Readonly<Record<string, readonly string[]>> = {
  "aws:ec2/vpc:Vpc": ["cidrBlock"],
  // A region that gets another zone must not move the subnets of a cluster that stands either.
  "aws:ec2/subnet:Subnet": ["cidrBlock", "availabilityZone"],
  "aws:ec2/vpcEndpoint:VpcEndpoint": ["serviceName"],
  "aws:cloudwatch/logGroup:LogGroup": ["name"],
  "aws:eks/cluster:Cluster": [
    "name",
    "roleArn",
    "bootstrapSelfManagedAddons",
    "accessConfig.bootstrapClusterCreatorAdminPermissions",
    "kubernetesNetworkConfig",
    "vpcConfig.subnetIds",
  ],
};

/** What hangs on a cluster that still is as the settings want it. */
export type Once = <Value>(output: pulumi.Output<Value>) => pulumi.Output<Value>;

/** Compares the cluster and its network with the settings; see `refuseChanges`. */
export function unchanged({ settings, name }: EksContext, network: EksNetwork, cluster: aws.Cluster): Once {
  const { existing, serviceCidr, cidr, zones } = settings.network;
  const subnets = cluster.vpcConfig.subnetIds;
  const comparisons = [
    compared(
      CLOUD,
      { name, region: settings.region, "network.serviceCidr": serviceCidr },
      pulumi.output({
        name: cluster.name,
        region: cluster.region,
        "network.serviceCidr": cluster.kubernetesNetworkConfig.serviceIpv4Cidr,
      }),
    ),
    existing === undefined
      ? compared(
          CLOUD,
          { "network.existing": NONE, "network.cidr": cidr, "network.zones": zones },
          pulumi.output({
            "network.existing": standsIn(network, cluster),
            "network.cidr": network.own?.cidr,
            "network.zones": zonesOf(network, subnets),
          }),
        )
      : compared(
          CLOUD,
          { "network.existing.privateSubnets": [...new Set(existing.privateSubnets)].sort() },
          pulumi.output({ "network.existing.privateSubnets": subnets.apply((ids) => [...ids].sort()) }),
        ),
  ];
  return (output) => once(comparisons, output);
}

const CLOUD = "Amazon";
const NONE = "none";

/** The subnets of a cluster that was made in a VPC of somebody else. */
function standsIn({ own }: EksNetwork, { vpcConfig }: aws.Cluster): pulumi.Output<string | undefined> {
  return pulumi
    .all([vpcConfig.vpcId, own?.vpcId, vpcConfig.subnetIds])
    .apply(([vpc, ours, subnets]) =>
      vpc === undefined || vpc === ours ? NONE : `{ privateSubnets: [${subnets.join(", ")}] }`,
    );
}

/** Zones of the subnets that the cluster was made with: the settings may name more of them by now, or fewer. */
function zonesOf({ own }: EksNetwork, subnets: pulumi.Output<string[]>): pulumi.Output<string[]> {
  return pulumi
    .all([pulumi.all([...(own?.zones ?? [])]), subnets])
    .apply(([zones, { length }]) => [
      ...zones.slice(0, length),
      ...(length > zones.length ? [`${length - zones.length} more`] : []),
    ]);
}
