import * as pulumi from "@pulumi/pulumi";
import { nodeImage } from "../../settings/clusters/eks-facts.ts";
import type { NodePool } from "../../settings/clusters/node-pools.ts";
import { nodeTaints } from "../../settings/clusters/pool-marks.ts";
import { bytes } from "../../settings/quantities.ts";
import * as aws from "./aws.ts";
import type { EksContext } from "./context.ts";
import type { ControlPlane } from "./control-plane.ts";
import { identity } from "./iam.ts";
import type { EksNetwork } from "./network.ts";
import { labelsOf, scalingTags } from "./scaling-tags.ts";

const NODE_POLICIES = [
  "AmazonEKSWorkerNodePolicy",
  "AmazonEC2ContainerRegistryPullOnly",
  "AmazonEKS_CNI_Policy",
];

/**
 * Makes a managed node group for each pool, all in the first private subnet: volumes and Dask's traffic stay in a zone.
 *
 * @param before what nodes need to become ready
 */
export function createNodeGroups(
  context: EksContext,
  controlPlane: ControlPlane,
  network: EksNetwork,
  before: readonly pulumi.Resource[],
): pulumi.Resource[] {
  const role = identity("node", { principal: "ec2", managed: NODE_POLICIES }, context);
  const groups = Object.entries(context.settings.nodePools).flatMap(([pool, settings]) => {
    const template = launchTemplate(pool, settings, context);
    const group = new aws.NodeGroup(
      pool,
      {
        clusterName: controlPlane.name,
        // Amazon ends the name, so that a new group can come before the old one goes.
        nodeGroupNamePrefix: `${pool}-`,
        nodeRoleArn: role.arn,
        subnetIds: network.privateSubnets.slice(0, 1),
        version: controlPlane.version,
        launchTemplate: { id: template.id, version: pulumi.interpolate`${template.latestVersion}` },
        ...nodeGroupArgs(pool, settings),
      },
      {
        parent: context.parent,
        dependsOn: withAddresses(context, [...before, ...role.resources]),
        // It is the autoscaler's from the first day on, unless the pool is fixed. A change of min or max still sends what
        // the state holds of it, so such a change wants a refresh first: docs/eks.md.
        ignoreChanges: settings.min < settings.max ? ["scalingConfig.desiredSize"] : [],
        customTimeouts: { create: "60m", update: "60m", delete: "60m" },
      },
    );
    return [template, group, ...groupTags(pool, settings, group, context)];
  });
  return [...role.resources, ...groups];
}

/** What nodes depend on: the addresses of endpoints too, which must outlive them. */
async function withAddresses(
  { addresses }: EksContext,
  before: readonly pulumi.Resource[],
): Promise<pulumi.Resource[]> {
  return [...before, ...(await addresses.all)];
}

/** What a node group takes from the settings of its pool. */
export function nodeGroupArgs(name: string, pool: NodePool) {
  return {
    capacityType: pool.spot ? "SPOT" : "ON_DEMAND",
    instanceTypes: pool.machineType,
    amiType: nodeImage(pool.machineType[0]),
    scalingConfig: { minSize: pool.min, desiredSize: pool.min, maxSize: pool.max },
    labels: labelsOf(name, pool),
    taints: nodeTaints(pool).map(({ key, value, effect }) => ({
      key,
      // The API refuses a value that is empty.
      ...(value === "" ? {} : { value }),
      effect: EFFECTS[effect],
    })),
    updateConfig: { maxUnavailablePercentage: 33 },
    nodeRepairConfig: { enabled: true },
  } satisfies Partial<aws.NodeGroupArgs>;
}

/** Effects of a taint as the API of EKS spells them. */
const EFFECTS = {
  NoSchedule: "NO_SCHEDULE",
  PreferNoSchedule: "PREFER_NO_SCHEDULE",
  NoExecute: "NO_EXECUTE",
} as const;

const GIB = 1024 ** 3;

/** Disk, metadata service and tags of nodes, which a node group itself cannot say. */
function launchTemplate(
  pool: string,
  { disk, diskType }: NodePool,
  { name, tags, parent }: EksContext,
): aws.LaunchTemplate {
  const named = { ...tags, Name: `${name}-${pool}` };
  return new aws.LaunchTemplate(
    `${name}-${pool}`,
    {
      blockDeviceMappings: [
        {
          deviceName: "/dev/xvda",
          ebs: {
            volumeSize: Math.ceil(bytes(disk) / GIB),
            volumeType: diskType ?? "gp3",
            encrypted: "true",
            deleteOnTermination: "true",
          },
        },
      ],
      // One hop: pods cannot reach the metadata service, and with it the rights of the node.
      metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
      tagSpecifications: ["instance", "volume", "network-interface"].map((resourceType) => ({
        resourceType,
        tags: named,
      })),
    },
    { parent },
  );
}

function groupTags(
  pool: string,
  settings: NodePool,
  group: aws.NodeGroup,
  { tags, parent }: EksContext,
): aws.Tag[] {
  const autoscalingGroupName = group.resources.apply(
    ([first]) => first?.autoscalingGroups[0]?.name ?? missing(pool),
  );
  return Object.entries(scalingTags(pool, settings, tags)).map(
    ([key, value]) =>
      new aws.Tag(
        // No pool has a slash in its name: with a dash, tag big-a of worker and tag a of worker-big would be one.
        `${pool}/${key}`,
        { autoscalingGroupName, tag: { key, value, propagateAtLaunch: false } },
        // As it was called before.
        { parent, aliases: [{ name: `${pool}-${key}` }] },
      ),
  );
}

function missing(pool: string): never {
  throw new Error(
    `the node group of pool ${pool} tells no autoscaling group; look at it in the console of EKS`,
  );
}
