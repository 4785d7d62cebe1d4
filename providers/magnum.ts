import * as k8s from "@pulumi/kubernetes";
import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../components/cluster.ts";
import type { MagnumSettings } from "../settings/clusters/magnum.ts";
import { magnumMarks } from "../settings/clusters/magnum-facts.ts";
import { unknownSizes } from "../settings/clusters/node-sizes.ts";
import { placementOf } from "../settings/clusters/pool-marks.ts";
import { clusterName } from "./cloud/naming.ts";
import { tagsOf } from "./cloud/tags.ts";
import type { ApiClient } from "./existing/api-client.ts";
import { providerArgs } from "./kubernetes.ts";
import { exposeMagnum, recordMagnum, sshCommand } from "./magnum/addresses.ts";
import { checkCloud } from "./magnum/checks.ts";
import { createCluster, findCluster, type MagnumCluster } from "./magnum/cluster.ts";
import { createGpuSupport } from "./magnum/gpu.ts";
import { type Counts, growthWarnings, heldCounts } from "./magnum/held-pools.ts";
import { kubeconfigOf } from "./magnum/kubeconfig.ts";
import { loginWarnings, requireOpenstackLogin } from "./magnum/login.ts";
import { createNodeGroups } from "./magnum/node-groups.ts";
import { asFound, type FoundCluster, findMagnum, reachMagnum } from "./magnum/reach.ts";
import { storageOf } from "./magnum/storage.ts";
import type { MagnumContext } from "./magnum/template.ts";
import type { ClusterPlan } from "./plan.ts";

/**
 * Looks for what a cluster on OpenStack needs on this machine, and plans it.
 *
 * @param own kubeconfig from `dask:secrets`, in place of the one that Magnum signed when the cluster was made
 * @param liveChecks whether to look for the login, to reach an existing cluster, and to ask the cloud for what the
 *   settings name
 * @throws UserError where the login is missing, or the cloud lacks something
 */
export async function planMagnum(
  settings: MagnumSettings,
  own: string | undefined,
  liveChecks: boolean,
): Promise<ClusterPlan> {
  const { warnings, counts, reached } = liveChecks ? await lookAround(settings, own) : NOTHING;
  for (const warning of [
    ...unknownSizes(settings.nodePools, "magnum"),
    ...growthWarnings(settings, counts),
    ...warnings,
  ])
    pulumi.log.warn(warning);
  return {
    ...(reached === undefined ? {} : { api: reached.api, identifier: reached.found.id }),
    create: () => createMagnum(settings, own, counts, reached?.found),
  };
}

/** What the cloud answered before anything is registered. */
interface Seen {
  readonly warnings: readonly string[];
  readonly counts: Counts;
  /** An existing cluster. */
  readonly reached?: { readonly found: FoundCluster; readonly api: ApiClient };
}

const NOTHING: Seen = { warnings: [], counts: {} };

async function lookAround(settings: MagnumSettings, own: string | undefined): Promise<Seen> {
  const { cloud, authUrl, applicationCredentialId, applicationCredentialName } = openstack.config;
  const config = {
    cloud,
    authUrl,
    applicationCredential: applicationCredentialId ?? applicationCredentialName,
  };
  requireOpenstackLogin(config);
  const { existing } = settings;
  const name = clusterName(settings.name);
  const finding = existing === undefined ? undefined : findMagnum(existing);
  const [warnings, counts] = await Promise.all([
    checkCloud(settings, name, finding),
    heldCounts(settings, existing ?? name),
  ]);
  if (existing === undefined || finding === undefined)
    return { warnings: [...loginWarnings(config), ...warnings], counts };
  const api = await reachMagnum(existing, finding, own);
  return { warnings, counts, reached: { found: await finding, api } };
}

/**
 * A cluster of OpenStack Magnum: template, keypair, masters, node groups, storage class, addresses, DNS records.
 *
 * @param found an existing cluster that was found already
 */
export function createMagnum(
  settings: MagnumSettings,
  own?: string,
  counts: Counts = {},
  found?: FoundCluster,
): Cluster {
  const context = contextOf(settings, counts);
  const { parent } = context;
  const cluster = clusterOf(context, found);
  const nodes = [...cluster.resources, ...createNodeGroups(context, cluster)];
  const kubeconfig = kubeconfigOf(cluster.credentials, own);
  const provider = k8sProvider(kubeconfig, cluster, own, context);
  const storage = storageOf(settings, provider, nodes, parent);
  const plugin = createGpuSupport(settings, { provider, ready: nodes }, parent);
  const ssh = sshCommand(cluster, context);
  const { dns } = settings;
  return {
    provider,
    kubeconfig,
    ...(storage.name === undefined ? {} : { storageClass: storage.name }),
    expose: (name, wanted) => exposeMagnum(name, wanted, context),
    placement: (role) => placementOf(role, settings.nodePools, magnumMarks(settings)),
    ...(dns === undefined
      ? {}
      : {
          dns: (host: string, target: pulumi.Input<string>) => recordMagnum(host, target, dns.zone, context),
        }),
    ...(ssh === undefined ? {} : { commands: { ssh } }),
    madeByStack: settings.existing === undefined,
    ready: [...nodes, ...storage.resources, ...plugin],
  };
}

function clusterOf(context: MagnumContext, found: FoundCluster | undefined): MagnumCluster {
  const { existing } = context.settings;
  if (existing === undefined) return createCluster(context);
  return found === undefined ? findCluster(existing, context) : asFound(found);
}

function contextOf(settings: MagnumSettings, counts: Counts): MagnumContext {
  return {
    settings,
    name: clusterName(settings.name),
    tags: tagsOf(settings),
    counts,
    parent: new pulumi.ComponentResource("dask:index:Magnum", "magnum"),
  };
}

function k8sProvider(
  kubeconfig: pulumi.Output<string>,
  { id }: MagnumCluster,
  own: string | undefined,
  { settings, parent }: MagnumContext,
): k8s.Provider {
  return new k8s.Provider(
    "cluster",
    // The id stays while the cluster lives; without one, a change of the kubeconfig would make everything anew.
    providerArgs(kubeconfig, id),
    // Magnum signs a new certificate each time it is asked for one of a cluster that is not in the stack.
    { parent, ignoreChanges: settings.existing !== undefined && own === undefined ? ["kubeconfig"] : [] },
  );
}
