import type * as pulumi from "@pulumi/pulumi";
import { part, prefixLength } from "../../settings/clusters/networks.ts";
import * as aws from "./aws.ts";
import type { EksContext } from "./context.ts";

/** Zones whose control plane has no room for EKS, by id: Amazon's "Network requirements for VPC and subnets". */
const ZONES_WITHOUT_EKS = ["use1-az3", "usw1-az2", "cac1-az3"];
const DEFAULT_ZONES = 2;

/** The zones of the network: those of the settings, else the first two of the region. */
export function zonesOf({ settings: { network, region }, parent }: EksContext): pulumi.Input<string>[] {
  if (network.zones !== undefined) return network.zones;
  const { names } = aws.getAvailabilityZonesOutput(
    {
      region,
      state: "available",
      excludeZoneIds: ZONES_WITHOUT_EKS,
      filters: [{ name: "opt-in-status", values: ["opt-in-not-required"] }],
    },
    { parent },
  );
  return Array.from({ length: DEFAULT_ZONES }, (_, index) => names.apply((all) => zoneAt(all, index)));
}

function zoneAt(names: readonly string[], index: number): string {
  const zone = [...names].sort()[index];
  if (zone === undefined)
    throw new Error(`the region has no ${index + 1} zones for EKS; choose another region`);
  return zone;
}

/** Whether a subnet is for load balancers, or for nodes. */
export type SubnetKind = "public" | "private";

/** Which subnet of a VPC: of which kind, and in which of its zones. */
export interface SubnetPlace {
  readonly kind: SubnetKind;
  readonly zone: pulumi.Input<string>;
  readonly index: number;
  readonly vpc: aws.Vpc;
}

/** Makes a subnet, tagged so that load balancers find it. */
export function createSubnet(
  { kind, zone, index, vpc }: SubnetPlace,
  { settings: { network }, name, parent }: EksContext,
): aws.Subnet {
  return new aws.Subnet(
    `${kind}-${index + 1}`,
    {
      vpcId: vpc.id,
      availabilityZone: zone,
      cidrBlock: subnetCidr(network.cidr, kind, index),
      mapPublicIpOnLaunch: kind === "public",
      tags: {
        Name: `${name}-${kind}-${index + 1}`,
        [`kubernetes.io/cluster/${name}`]: "shared",
        [kind === "public" ? "kubernetes.io/role/elb" : "kubernetes.io/role/internal-elb"]: "1",
      },
    },
    { parent },
  );
}

/** Addresses of a subnet: a quarter of the VPC for each private one, the first quarter shared by the public ones. */
export function subnetCidr(cidr: string, kind: SubnetKind, index: number): string {
  const prefix = prefixLength(cidr);
  return kind === "public" ? part(cidr, prefix + 5, index) : part(cidr, prefix + 2, index + 1);
}
