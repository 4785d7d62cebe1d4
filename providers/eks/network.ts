import type * as pulumi from "@pulumi/pulumi";
import * as aws from "./aws.ts";
import type { EksContext } from "./context.ts";
import { createSubnet, type SubnetKind, zonesOf } from "./subnets.ts";

/** The network that a cluster on EKS stands in. */
export interface EksNetwork {
  /** Ids of subnets without public addresses, in two zones or more; nodes run in the first. */
  readonly privateSubnets: readonly pulumi.Input<string>[];
  /** Ids of subnets for load balancers; empty where Kubernetes is to find them by their tags. */
  readonly publicSubnets: readonly pulumi.Input<string>[];
  /** What a VPC of the stack's own is, as Amazon has it; absent where the subnets were there already. */
  readonly own?: {
    readonly vpcId: pulumi.Output<string>;
    readonly cidr: pulumi.Output<string>;
    /** Zones of the private subnets, in their order. */
    readonly zones: readonly pulumi.Output<string>[];
  };
  /** All that the stack made of it: nodes and load balancers must be gone before any of it goes. */
  readonly resources: readonly pulumi.Resource[];
}

/** The network of the settings: subnets that are there already, or a VPC of the stack's own. */
export function networkOf(context: EksContext): EksNetwork {
  const { network, existing } = context.settings;
  if (network.existing !== undefined) return { ...network.existing, resources: [] };
  if (existing !== undefined) return { privateSubnets: [], publicSubnets: [], resources: [] };
  return createNetwork(context);
}

/** A VPC with public and private subnets in each zone, one NAT gateway beside the nodes, and a free way to S3. */
function createNetwork(context: EksContext): EksNetwork {
  const { settings, name, parent } = context;
  const { cidr } = settings.network;
  const named = (part: string) => ({ tags: { Name: `${name}-${part}` } });
  const vpc = new aws.Vpc(
    "vpc",
    { cidrBlock: cidr, enableDnsHostnames: true, enableDnsSupport: true, ...named("vpc") },
    { parent },
  );
  const zones = zonesOf(context);
  const subnets = (kind: SubnetKind) =>
    zones.map((zone, index) => createSubnet({ kind, zone, index, vpc }, context));
  const [publicSubnets, privateSubnets] = [subnets("public"), subnets("private")];

  const gateway = new aws.InternetGateway("internet", { vpcId: vpc.id, ...named("internet") }, { parent });
  const address = new aws.Eip("nat", { domain: "vpc", ...named("nat") }, { parent, dependsOn: [gateway] });
  const nat = new aws.NatGateway(
    "nat",
    { allocationId: address.allocationId, subnetId: idOf(publicSubnets), ...named("nat") },
    { parent, dependsOn: [gateway] },
  );

  const outward = (
    kind: SubnetKind,
    route: { gatewayId: pulumi.Input<string> } | { natGatewayId: pulumi.Input<string> },
  ) =>
    new aws.RouteTable(
      kind,
      { vpcId: vpc.id, routes: [{ cidrBlock: "0.0.0.0/0", ...route }], ...named(kind) },
      { parent },
    );
  const tables = {
    public: outward("public", { gatewayId: gateway.id }),
    private: outward("private", { natGatewayId: nat.id }),
  };
  const associations = [
    ...associate("public", tables.public, publicSubnets, parent),
    ...associate("private", tables.private, privateSubnets, parent),
  ];
  const s3 = new aws.VpcEndpoint(
    "s3",
    {
      vpcId: vpc.id,
      serviceName: `com.amazonaws.${settings.region}.s3`,
      vpcEndpointType: "Gateway",
      routeTableIds: [tables.private.id],
      ...named("s3"),
    },
    { parent },
  );

  return {
    privateSubnets: privateSubnets.map(({ id }) => id),
    publicSubnets: publicSubnets.map(({ id }) => id),
    own: {
      vpcId: vpc.id,
      cidr: vpc.cidrBlock,
      zones: privateSubnets.map(({ availabilityZone }) => availabilityZone),
    },
    resources: [
      vpc,
      gateway,
      ...publicSubnets,
      ...privateSubnets,
      address,
      nat,
      tables.public,
      tables.private,
      ...associations,
      s3,
    ],
  };
}

function associate(
  kind: SubnetKind,
  table: aws.RouteTable,
  subnets: readonly aws.Subnet[],
  parent: pulumi.Resource,
): aws.RouteTableAssociation[] {
  return subnets.map(
    ({ id }, index) =>
      new aws.RouteTableAssociation(
        `${kind}-${index + 1}`,
        { routeTableId: table.id, subnetId: id },
        { parent },
      ),
  );
}

function idOf([first]: readonly aws.Subnet[]): pulumi.Output<string> {
  if (first === undefined) throw new Error("a network without subnets");
  return first.id;
}
