import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../components/cluster.ts";
import type { EksSettings } from "../settings/clusters/eks.ts";
import { unknownSizes } from "../settings/clusters/node-sizes.ts";
import { placementOf } from "../settings/clusters/pool-marks.ts";
import { keeping } from "./cloud/fixed.ts";
import { clusterName } from "./cloud/naming.ts";
import { requireProgram } from "./cloud/prerequisites.ts";
import { tagsOf } from "./cloud/tags.ts";
import { addonsBeforeNodes, addonsOnNodes } from "./eks/addons.ts";
import { collectAddresses } from "./eks/addresses.ts";
import type * as aws from "./eks/aws.ts";
import { createAutoscaler, createGpuSupport } from "./eks/charts.ts";
import { askAmazon, namesAnything } from "./eks/checks.ts";
import type { EksContext } from "./eks/context.ts";
import { type ControlPlane, createControlPlane, findControlPlane } from "./eks/control-plane.ts";
import { exposeEks, recordEks } from "./eks/expose.ts";
import { FIXED_INPUTS } from "./eks/fixed.ts";
import { AWS_CLI, kubeconfigOf } from "./eks/kubeconfig.ts";
import { requireAwsLogin } from "./eks/login.ts";
import { type EksNetwork, networkOf } from "./eks/network.ts";
import { createNodeGroups } from "./eks/node-groups.ts";
import { awsProvider, checkAwsConfig } from "./eks/provider.ts";
import { createStorageClass } from "./eks/storage.ts";
import { providerArgs } from "./kubernetes.ts";
import type { ClusterPlan } from "./plan.ts";

/**
 * Looks for what a cluster on Amazon needs on this machine, and plans it.
 *
 * @param liveChecks whether to look for credentials and for the program of the kubeconfig, and to ask Amazon for what
 *   the settings name: an existing cluster, which is reached, subnets, and who makes a new cluster
 * @throws UserError where credentials, the AWS CLI, an existing cluster or subnets are missing, or the `aws:`
 *   configuration, `admins` or subnets cannot be followed
 */
export async function planEks(settings: EksSettings, liveChecks: boolean): Promise<ClusterPlan> {
  checkAwsConfig(settings);
  for (const warning of unknownSizes(settings.nodePools, "eks")) pulumi.log.warn(warning);
  if (!liveChecks) return { create: () => createEks(settings) };
  requireAwsLogin(settings.profile);
  if (settings.auth === "plugin") requireProgram(AWS_CLI, CLI_REMEDY);
  if (!namesAnything(settings)) return { create: () => createEks(settings) };
  const provider = awsProvider(settings);
  const api = await askAmazon(settings, provider);
  return { ...(api === undefined ? {} : { api }), create: () => createEks(settings, provider) };
}

const CLI_REMEDY = "install the AWS CLI, version 2, or set dask:cluster.auth to token";

/** A cluster on Amazon EKS: network, control plane, add-ons and nodes in their order, charts, addresses, DNS records. */
export function createEks(settings: EksSettings, provider = awsProvider(settings)): Cluster {
  const context = contextOf(settings, provider);
  const network = networkOf(context);
  const { controlPlane, resources } = createCluster(context, network);
  const kubeconfig = kubeconfigOf(controlPlane, context);
  const inside = k8sProvider(kubeconfig, controlPlane, context);
  const { storageClass, ready } = furnish(context, controlPlane, { provider: inside, ready: resources });
  const { dns } = settings;
  return {
    provider: inside,
    kubeconfig,
    ...(storageClass === undefined ? {} : { storageClass }),
    expose: (name, wanted) => exposeEks(name, wanted, context, network),
    placement: (role) => placementOf(role, settings.nodePools),
    ...(dns === undefined
      ? {}
      : { dns: (host: string, target: pulumi.Input<string>) => recordEks(host, target, dns.zone, context) }),
    madeByStack: settings.existing === undefined,
    ready,
  };
}

function contextOf(settings: EksSettings, provider: aws.Provider): EksContext {
  const parent = new pulumi.ComponentResource(
    "dask:index:Eks",
    "eks",
    {},
    { providers: [provider], transformations: [keeping(FIXED_INPUTS)] },
  );
  return {
    settings,
    name: clusterName(settings.name),
    tags: tagsOf(settings),
    addresses: collectAddresses(),
    parent,
  };
}

interface Made {
  readonly controlPlane: ControlPlane;
  /** All that pods, volumes and load balancers need while they live and while they are taken down. */
  readonly resources: readonly pulumi.Resource[];
}

/** The order that works: add-ons that nodes need, nodes, add-ons that need nodes. */
function createCluster(context: EksContext, network: EksNetwork): Made {
  const { existing, nodePools } = context.settings;
  if (existing !== undefined) {
    const controlPlane = findControlPlane(existing, context);
    const hasPools = Object.keys(nodePools).length > 0;
    return { controlPlane, resources: hasPools ? createNodeGroups(context, controlPlane, network, []) : [] };
  }
  const controlPlane = createControlPlane(context, network);
  const early = addonsBeforeNodes(context, controlPlane);
  const nodes = createNodeGroups(context, controlPlane, network, [...network.resources, ...early]);
  const late = addonsOnNodes(context, controlPlane, nodes);
  return {
    controlPlane,
    resources: [...network.resources, ...controlPlane.resources, ...early, ...nodes, ...late],
  };
}

function k8sProvider(
  kubeconfig: pulumi.Output<string>,
  { arn }: ControlPlane,
  { parent }: EksContext,
): k8s.Provider {
  // The ARN stays while the cluster lives, whatever becomes of its address; without one, a change of the kubeconfig
  // would make everything in the cluster anew.
  return new k8s.Provider("cluster", providerArgs(kubeconfig, arn), { parent });
}

type Target = Pick<Cluster, "provider" | "ready">;

/** What a bare cluster lacks: a storage class, the autoscaler and, for GPUs, the device plugin. */
function furnish(
  context: EksContext,
  controlPlane: ControlPlane,
  target: Target,
): Pick<Cluster, "storageClass" | "ready"> {
  const { settings } = context;
  const charts = [...createAutoscaler(context, controlPlane, target), ...createGpuSupport(context, target)];
  const ready = [...target.ready, ...charts];
  if (settings.storageClass !== undefined) return { storageClass: settings.storageClass, ready };
  if (settings.existing !== undefined) return { ready };
  const storageClass = createStorageClass(context.parent, target);
  return { storageClass: storageClass.metadata.name, ready: [...ready, storageClass] };
}
