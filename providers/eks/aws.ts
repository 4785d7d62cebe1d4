/**
 * The parts of `@pulumi/aws` that the stack uses, each from its own file.
 *
 * The package's index would load and type-check all of Amazon Web Services.
 */

export { Tag } from "@pulumi/aws/autoscaling/tag.js";
export { LogGroup } from "@pulumi/aws/cloudwatch/logGroup.js";
// The default export is the live object; a named one would be read when this file is loaded.
export { default as config } from "@pulumi/aws/config/vars.js";
export { Eip } from "@pulumi/aws/ec2/eip.js";
export { getSubnet } from "@pulumi/aws/ec2/getSubnet.js";
export { getVpc } from "@pulumi/aws/ec2/getVpc.js";
export { InternetGateway } from "@pulumi/aws/ec2/internetGateway.js";
export { LaunchTemplate } from "@pulumi/aws/ec2/launchTemplate.js";
export { NatGateway } from "@pulumi/aws/ec2/natGateway.js";
export { RouteTable } from "@pulumi/aws/ec2/routeTable.js";
export { RouteTableAssociation } from "@pulumi/aws/ec2/routeTableAssociation.js";
export { Subnet } from "@pulumi/aws/ec2/subnet.js";
export { Vpc } from "@pulumi/aws/ec2/vpc.js";
export { VpcEndpoint } from "@pulumi/aws/ec2/vpcEndpoint.js";
export { AccessEntry } from "@pulumi/aws/eks/accessEntry.js";
export { AccessPolicyAssociation } from "@pulumi/aws/eks/accessPolicyAssociation.js";
export { Addon, type AddonArgs } from "@pulumi/aws/eks/addon.js";
export { Cluster } from "@pulumi/aws/eks/cluster.js";
export { getAddon } from "@pulumi/aws/eks/getAddon.js";
export { type GetClusterResult, getCluster, getClusterOutput } from "@pulumi/aws/eks/getCluster.js";
export { getClusterAuth, getClusterAuthOutput } from "@pulumi/aws/eks/getClusterAuth.js";
export { getClusters } from "@pulumi/aws/eks/getClusters.js";
export { NodeGroup, type NodeGroupArgs } from "@pulumi/aws/eks/nodeGroup.js";
export { PodIdentityAssociation } from "@pulumi/aws/eks/podIdentityAssociation.js";
export { getAvailabilityZonesOutput } from "@pulumi/aws/getAvailabilityZones.js";
export { getCallerIdentity } from "@pulumi/aws/getCallerIdentity.js";
export { getSessionContext } from "@pulumi/aws/iam/getSessionContext.js";
export { Role } from "@pulumi/aws/iam/role.js";
export { RolePolicy } from "@pulumi/aws/iam/rolePolicy.js";
export { RolePolicyAttachment } from "@pulumi/aws/iam/rolePolicyAttachment.js";
export { getHostedZoneIdOutput } from "@pulumi/aws/lb/getHostedZoneId.js";
export { Provider } from "@pulumi/aws/provider.js";
export { getZoneOutput } from "@pulumi/aws/route53/getZone.js";
export { Record } from "@pulumi/aws/route53/record.js";
