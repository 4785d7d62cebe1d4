import type * as pulumi from "@pulumi/pulumi";
import { chartRelease } from "../../components/chart.ts";
import type { Cluster } from "../../components/cluster.ts";
import { createDevicePlugin } from "../../components/device-plugin.ts";
import type { EksSettings } from "../../settings/clusters/eks.ts";
import { isGpuMachine } from "../../settings/clusters/eks-facts.ts";
import { placementOf } from "../../settings/clusters/pool-marks.ts";
import { seconds } from "../../settings/quantities.ts";
import * as aws from "./aws.ts";
import type { EksContext } from "./context.ts";
import type { ControlPlane } from "./control-plane.ts";
import { identity, partitionOf, type Statement } from "./iam.ts";

/** A cluster that charts can be installed on: its provider, and all that they need there. */
type Target = Pick<Cluster, "provider" | "ready">;

const NAMESPACE = { name: "kube-system", resources: [] };
const TIMEOUT = "10m";

/** Name of the autoscaler: of its release, its Deployment and its ServiceAccount. */
const AUTOSCALER = "cluster-autoscaler";

/** The cluster autoscaler with the rights to change this cluster's node groups; nothing where it is not wanted. */
export function createAutoscaler(
  context: EksContext,
  controlPlane: ControlPlane,
  target: Target,
): pulumi.Resource[] {
  const { settings, parent } = context;
  const { install, values } = settings.autoscaler;
  const hasPools = Object.keys(settings.nodePools).length > 0;
  if (!(install ?? (hasPools && settings.existing === undefined))) return [];
  const name = settings.existing ?? context.name;
  const role = identity(
    AUTOSCALER,
    { principal: "pods", statements: autoscalerStatements(name, settings.region) },
    context,
  );
  const association = new aws.PodIdentityAssociation(
    AUTOSCALER,
    {
      clusterName: controlPlane.name,
      namespace: NAMESPACE.name,
      serviceAccount: AUTOSCALER,
      roleArn: role.arn,
    },
    { parent, dependsOn: [...role.resources] },
  );
  // Pods get their identity when they start, so it must be there before the release.
  const own = [...role.resources, association];
  const release = chartRelease(
    AUTOSCALER,
    {
      chart: AUTOSCALER,
      cluster: target,
      namespace: NAMESPACE,
      values: autoscalerValues(name, settings),
      settings: { chart: {}, values, timeout: TIMEOUT },
      dependsOn: own,
    },
    { parent },
  );
  return [...own, release];
}

/** Values of the autoscaler's chart: which node groups are its own, and when a node is not needed. */
export function autoscalerValues(
  name: string,
  settings: Pick<EksSettings, "region" | "nodePools" | "autoscaler">,
) {
  return {
    cloudProvider: "aws",
    awsRegion: settings.region,
    autoDiscovery: { clusterName: name },
    fullnameOverride: AUTOSCALER,
    rbac: { serviceAccount: { name: AUTOSCALER } },
    ...placementOf("core", settings.nodePools),
    resources: { requests: { cpu: "100m", memory: "300M" }, limits: { memory: "1G" } },
    extraArgs: {
      expander: "least-waste",
      "scale-down-unneeded-time": `${seconds(settings.autoscaler.scaleDownAfter)}s`,
      // Workers spill to an emptyDir, which would otherwise keep an idle node for ever.
      "skip-nodes-with-local-storage": "false",
      // Copies of the cluster's DNS end up on any node; a second copy stands elsewhere.
      "skip-nodes-with-system-pods": "false",
    },
  };
}

/** What the autoscaler may do: look at all groups, and change those that EKS has tagged as this cluster's. */
export function autoscalerStatements(name: string, region: string): Statement[] {
  const partition = partitionOf(region);
  return [
    {
      Effect: "Allow",
      Action: [
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeAutoScalingInstances",
        "autoscaling:DescribeLaunchConfigurations",
        "autoscaling:DescribeScalingActivities",
        "ec2:DescribeImages",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeLaunchTemplateVersions",
        "ec2:GetInstanceTypesFromInstanceRequirements",
      ],
      Resource: "*",
    },
    {
      Effect: "Allow",
      Action: ["eks:DescribeNodegroup"],
      Resource: `arn:${partition}:eks:${region}:*:nodegroup/${name}/*`,
    },
    {
      Effect: "Allow",
      Action: ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"],
      Resource: "*",
      Condition: { StringEquals: { [`aws:ResourceTag/k8s.io/cluster-autoscaler/${name}`]: "owned" } },
    },
  ];
}

/** The device plugin, or nothing where no pool has a GPU. */
export function createGpuSupport({ settings, parent }: EksContext, target: Target): pulumi.Resource[] {
  const { install, values } = settings.devicePlugin;
  const hasGpus = Object.values(settings.nodePools).some((pool) => pool.machineType.some(isGpuMachine));
  if (!(install ?? (hasGpus && settings.existing === undefined))) return [];
  // It goes wherever there is a GPU, whatever taints the settings put on the pool.
  const nodes = { tolerations: [{ operator: "Exists" }] };
  return [createDevicePlugin({ cluster: target, nodes, values }, { parent })];
}
