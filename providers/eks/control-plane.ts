import type * as pulumi from "@pulumi/pulumi";
import * as aws from "./aws.ts";
import type { EksContext } from "./context.ts";
import { unchanged } from "./fixed.ts";
import { identity, partitionOf } from "./iam.ts";
import type { EksNetwork } from "./network.ts";

/** The control plane of a cluster on EKS. */
export interface ControlPlane {
  readonly name: pulumi.Output<string>;
  /** Known in every preview but the first; what hangs on a changed cluster waits for the others. */
  readonly arn: pulumi.Output<string>;
  readonly endpoint: pulumi.Output<string>;
  /** Certificate of its authority, in base64. */
  readonly certificateAuthority: pulumi.Output<string>;
  /** Minor version of Kubernetes. */
  readonly version: pulumi.Output<string>;
  /** All that the stack made of it: the cluster, its role, and who may come in. */
  readonly resources: readonly pulumi.Resource[];
}

/** Finds a control plane that is there already, by its name. */
export function findControlPlane(name: string, { parent }: EksContext): ControlPlane {
  const found = aws.getClusterOutput({ name }, { parent });
  return {
    name: found.name,
    arn: found.arn,
    endpoint: found.endpoint,
    certificateAuthority: found.certificateAuthorities.apply(authorityData),
    version: found.version,
    resources: [],
  };
}

function authorityData([authority]: readonly { readonly data: string }[]): string {
  if (authority === undefined)
    throw new Error("EKS tells no certificate authority; wait until the cluster is ACTIVE");
  return authority.data;
}

/** Makes a control plane: its role, its logs, the cluster and the administrators. */
export function createControlPlane(context: EksContext, network: EksNetwork): ControlPlane {
  const { settings, name, parent } = context;
  const role = identity("cluster", { principal: "eks", managed: ["AmazonEKSClusterPolicy"] }, context);
  const logGroup = settings.logs === undefined ? [] : [createLogGroup(name, settings.logs.days, parent)];
  const before = [...network.resources, ...role.resources, ...logGroup];
  const cluster = new aws.Cluster(
    "cluster",
    {
      name,
      roleArn: role.arn,
      version: settings.version,
      // Amazon's own unmanaged copies of the add-ons would stand in the way of the add-ons.
      bootstrapSelfManagedAddons: false,
      accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: true },
      // Extended support costs six times the price, and would begin by itself.
      upgradePolicy: { supportType: "STANDARD" },
      vpcConfig: {
        subnetIds: [...network.privateSubnets],
        endpointPrivateAccess: true,
        endpointPublicAccess: settings.endpoint.public,
        ...(settings.endpoint.public ? { publicAccessCidrs: settings.endpoint.allowFrom } : {}),
      },
      kubernetesNetworkConfig: { ipFamily: "ipv4", serviceIpv4Cidr: settings.network.serviceCidr },
      deletionProtection: settings.deletionProtection,
      ...(settings.logs === undefined ? {} : { enabledClusterLogTypes: settings.logs.types }),
    },
    // Amazon refuses to delete it only when all else is gone already; Pulumi refuses before anything goes.
    { parent, dependsOn: before, protect: settings.deletionProtection },
  );
  const once = unchanged(context, network, cluster);
  const clusterName = once(cluster.name);
  const admins = settings.admins.flatMap((arn) => admin(arn, clusterName, context));
  return {
    name: clusterName,
    arn: cluster.arn,
    endpoint: once(cluster.endpoint),
    certificateAuthority: once(cluster.certificateAuthority.data),
    version: once(cluster.version),
    resources: [...role.resources, ...logGroup, cluster, ...admins],
  };
}

/** The log group that EKS would otherwise make itself, keep for ever and leave behind. */
function createLogGroup(name: string, days: number, parent: pulumi.Resource): aws.LogGroup {
  return new aws.LogGroup("logs", { name: `/aws/eks/${name}/cluster`, retentionInDays: days }, { parent });
}

function admin(
  principalArn: string,
  clusterName: pulumi.Output<string>,
  { settings, parent }: EksContext,
): pulumi.Resource[] {
  // Account and role tell principals apart; the rest of an ARN is the same for all.
  const label = principalArn.replace(/^.*::/, "").replace(":", "/");
  const entry = new aws.AccessEntry(label, { clusterName, principalArn }, { parent });
  const policy = "cluster-access-policy/AmazonEKSClusterAdminPolicy";
  const association = new aws.AccessPolicyAssociation(
    label,
    {
      clusterName,
      principalArn,
      policyArn: `arn:${partitionOf(settings.region)}:eks::aws:${policy}`,
      accessScope: { type: "cluster" },
    },
    { parent, dependsOn: [entry] },
  );
  return [entry, association];
}
