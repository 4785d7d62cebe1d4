import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../components/cluster.ts";
import type { GkeSettings } from "../settings/clusters/gke.ts";
import { regionOf } from "../settings/clusters/gke-facts.ts";
import { unknownSizes } from "../settings/clusters/node-sizes.ts";
import { placementOf } from "../settings/clusters/pool-marks.ts";
import { UserError } from "../settings/problems.ts";
import { keeping } from "./cloud/fixed.ts";
import { clusterName } from "./cloud/naming.ts";
import { gcpLabels, STACK_TAG, tagsOf } from "./cloud/tags.ts";
import { createNodeAccount, type NodeAccount } from "./gke/account.ts";
import { createControlPlane, findControlPlane, type GkeControlPlane } from "./gke/cluster.ts";
import { exposeGke, recordGke } from "./gke/expose.ts";
import { FIXED_INPUTS } from "./gke/fixed.ts";
import * as gcp from "./gke/gcp.ts";
import { checkNetwork } from "./gke/given-network.ts";
import { kubeconfigOf } from "./gke/kubeconfig.ts";
import { requireGoogleLogin, requirePluginLogin } from "./gke/login.ts";
import { createNetwork, type GkeContext, openWebhooks } from "./gke/network.ts";
import { createPools } from "./gke/nodes.ts";
import { reachGke } from "./gke/reach.ts";
import { providerArgs } from "./kubernetes.ts";
import type { ClusterPlan } from "./plan.ts";

/**
 * Looks for what a cluster on Google Cloud needs on this machine, and plans it.
 *
 * @param liveChecks whether to look for the logins of provider and kubeconfig, to reach an existing cluster, and to look
 *   for an existing network
 * @throws UserError where the project, a login, the plugin, an existing cluster or network is missing
 */
export async function planGke(settings: GkeSettings, liveChecks: boolean): Promise<ClusterPlan> {
  const project = settings.project ?? gcp.config.project;
  if (project === undefined || project === "") {
    throw new UserError(
      "the Google Cloud project is missing; set it with: pulumi config set gcp:project <id>, or as dask:cluster.project",
    );
  }
  if (liveChecks) {
    if ((gcp.config.credentials ?? gcp.config.accessToken) === undefined) requireGoogleLogin();
    if (settings.auth === "plugin") requirePluginLogin();
  }
  for (const warning of unknownSizes(settings.nodePools, "gke")) pulumi.log.warn(warning);
  const { existing } = settings;
  const api = liveChecks && existing !== undefined ? await reachGke(settings, project, existing) : undefined;
  if (liveChecks) await checkNetwork(settings, project);
  return { ...(api === undefined ? {} : { api }), create: () => createGke(settings, project) };
}

/** A cluster of Google Kubernetes Engine: network, nodes' account, control plane, pools, addresses, DNS records. */
export function createGke(settings: GkeSettings, project: string): Cluster {
  const context = contextOf(settings, project);
  const { controlPlane, resources } = createCluster(context);
  const kubeconfig = kubeconfigOf(settings, controlPlane, context.parent);
  const { dns } = settings;
  return {
    // The id stays while the cluster lives, whatever becomes of its address; without one, a change of the kubeconfig
    // would make everything in the cluster anew.
    provider: new k8s.Provider("cluster", providerArgs(kubeconfig, controlPlane.id), {
      parent: context.parent,
    }),
    kubeconfig,
    ...(settings.storageClass === undefined ? {} : { storageClass: settings.storageClass }),
    expose: (name, wanted) => exposeGke(name, wanted, context),
    placement: (role) => placementOf(role, settings.nodePools),
    ...(dns === undefined
      ? {}
      : { dns: (host: string, target: pulumi.Input<string>) => recordGke(host, target, dns, context) }),
    madeByStack: settings.existing === undefined,
    ready: resources,
  };
}

function contextOf(settings: GkeSettings, project: string): GkeContext {
  const parent = new pulumi.ComponentResource(
    "dask:index:Gke",
    "gke",
    {},
    { transformations: [keeping(FIXED_INPUTS)] },
  );
  const tags = tagsOf(settings);
  return {
    settings,
    name: clusterName(settings.name),
    project,
    region: regionOf(settings.location),
    labels: gcpLabels(tags),
    description: `Stack ${tags[STACK_TAG]}`,
    parent,
    apis: settings.enableApis ? enableApis(settings, project, parent) : [],
  };
}

/** The APIs that the stack calls; they stay enabled, because others in the project may use them too. */
function enableApis({ dns }: GkeSettings, project: string, parent: pulumi.Resource): pulumi.Resource[] {
  const names = [
    "cloudresourcemanager",
    "compute",
    "container",
    "iam",
    ...(dns === undefined ? [] : ["dns"]),
  ];
  return names.map(
    (name) =>
      new gcp.Service(
        `${name}-api`,
        { project, service: `${name}.googleapis.com`, disableOnDestroy: false },
        { parent },
      ),
  );
}

interface Made {
  readonly controlPlane: GkeControlPlane;
  /** All that pods, volumes and load balancers need while they live and while they are taken down. */
  readonly resources: readonly pulumi.Resource[];
}

function createCluster(context: GkeContext): Made {
  const { settings, apis } = context;
  if (settings.existing !== undefined) {
    const controlPlane = findControlPlane(context, settings.existing);
    const hasPools = Object.keys(settings.nodePools).length > 0;
    const nodes = hasPools ? withNodes(context, controlPlane, createNodeAccount(context)) : [];
    return { controlPlane, resources: [...apis, ...nodes] };
  }
  const account = createNodeAccount(context);
  const network = createNetwork(context);
  const firewall = openWebhooks(context, network, account.email);
  const controlPlane = createControlPlane(context, network, account);
  const nodes = withNodes(context, controlPlane, account);
  return {
    controlPlane,
    resources: [...apis, ...network.resources, ...firewall, ...controlPlane.resources, ...nodes],
  };
}

function withNodes(context: GkeContext, controlPlane: GkeControlPlane, account: NodeAccount) {
  return [...account.resources, ...createPools(context, controlPlane, account)];
}
