import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import type { MagnumSettings } from "../../settings/clusters/magnum.ts";
import { clusterLabels, defaultPool, gigabytes, isElastic } from "../../settings/clusters/magnum-facts.ts";
import { seconds } from "../../settings/quantities.ts";
import { refuse } from "../cloud/fixed.ts";
import { changeWarnings, FIXED_INPUTS, refuseChanges, type Traits } from "./fixed.ts";
import { type MagnumContext, networkArgs, templateOf } from "./template.ts";

/** What Magnum answered when it signed the administrator's certificate; PEM texts and a kubeconfig. */
export type Credentials = Readonly<Record<string, string>>;

/** A cluster of Magnum, made or found. */
export interface MagnumCluster {
  readonly id: pulumi.Output<string>;
  /** Secret. */
  readonly credentials: pulumi.Output<Credentials>;
  readonly masterAddresses: pulumi.Output<string[]>;
  /** What was made of it; empty where it was there already. */
  readonly resources: readonly pulumi.Resource[];
}

/** Finds a cluster that is there already, by its name or id. */
export function findCluster(existing: string, { parent }: MagnumContext): MagnumCluster {
  const found = openstack.containerinfra.getClusterOutput({ name: existing }, { parent });
  return {
    id: found.id,
    credentials: pulumi.secret(found.kubeconfig),
    masterAddresses: found.masterAddresses,
    resources: [],
  };
}

/** Makes a cluster: template and keypair where they are ours, masters, and the worker group of the core pool. */
export function createCluster(context: MagnumContext): MagnumCluster {
  const { settings, name, parent } = context;
  const template = templateOf(context);
  const keypair = keypairOf(context);
  const args = {
    name,
    clusterTemplateId: template.id,
    // The plain name: a new key must never be a reason to make the cluster anew.
    ...(keypair === undefined ? {} : { keypair: keypair.name }),
    ...clusterArgs(settings),
  };
  const cluster = new openstack.containerinfra.Cluster("cluster", args, {
    parent,
    dependsOn: [...template.resources, ...(keypair?.resources ?? [])],
    ignoreChanges: ignored(settings),
    protect: settings.deletionProtection,
    customTimeouts: { create: `${seconds(settings.createTimeout)}s`, update: "60m", delete: "60m" },
  });
  return {
    id: cluster.id,
    credentials: checked(args, cluster, keypair),
    masterAddresses: cluster.masterAddresses,
    resources: [...template.resources, ...(keypair?.resources ?? []), cluster],
  };
}

/** Arguments of a cluster that follow from the settings alone. */
export function clusterArgs(settings: MagnumSettings) {
  const { masters, nodePools, network, nodeFloatingIps, dockerVolume, createTimeout } = settings;
  const core = nodePools[defaultPool(settings) ?? ""];
  if (core === undefined) throw new Error("the settings have no pool for what must stay up");
  return {
    masterCount: masters.count,
    ...(masters.machineType === undefined ? {} : { masterFlavor: masters.machineType }),
    nodeCount: core.min,
    flavor: core.machineType[0],
    ...networkArgs(network),
    ...(nodeFloatingIps === undefined ? {} : { floatingIpEnabled: nodeFloatingIps }),
    ...(dockerVolume === undefined ? {} : { dockerVolumeSize: gigabytes(dockerVolume) }),
    createTimeout: Math.ceil(seconds(createTimeout) / 60),
    labels: clusterLabels(settings),
    // Those of the template stay.
    mergeLabels: true,
  } satisfies Partial<openstack.containerinfra.ClusterArgs>;
}

/** Inputs that may differ from the cluster's: what Magnum cannot change, and a count that the autoscaler decides. */
function ignored(settings: MagnumSettings): string[] {
  const core = settings.nodePools[defaultPool(settings) ?? ""];
  return [...FIXED_INPUTS, ...(core !== undefined && isElastic(core) ? ["nodeCount"] : [])];
}

interface Keypair {
  readonly name: string;
  /** The public key that the stack wants, and the one that Nova has; absent where the keypair was there already. */
  readonly publicKey?: { readonly wanted: string; readonly actual: pulumi.Output<string> };
  readonly resources: readonly pulumi.Resource[];
}

function keypairOf({ settings, name, parent }: MagnumContext): Keypair | undefined {
  const { keypair, publicKey } = settings;
  if (keypair !== undefined) return { name: keypair, resources: [] };
  if (publicKey === undefined) return undefined;
  const ignoreChanges = ["name", "publicKey"];
  const made = new openstack.compute.Keypair("keypair", { name, publicKey }, { parent, ignoreChanges });
  return { name, publicKey: { wanted: publicKey, actual: made.publicKey }, resources: [made] };
}

/** The credentials of a cluster that still is as the settings want it; nothing in it is touched otherwise. */
function checked(
  wanted: openstack.containerinfra.ClusterArgs,
  cluster: openstack.containerinfra.Cluster,
  key: Keypair | undefined,
): pulumi.Output<Credentials> {
  const { name, clusterTemplateId, labels, keypair, masterCount, masterFlavor, flavor } = cluster;
  const { dockerVolumeSize, fixedNetwork, fixedSubnet, floatingIpEnabled } = cluster;
  const actual = pulumi.output({
    ...{ name, clusterTemplateId, labels, keypair, masterCount, masterFlavor, flavor },
    ...{ dockerVolumeSize, fixedNetwork, fixedSubnet, floatingIpEnabled },
    publicKey: key?.publicKey?.actual,
  });
  const wants = pulumi.output({ ...wanted, publicKey: key?.publicKey?.wanted });
  return pulumi.all([cluster.kubeconfig, wants, actual]).apply(([credentials, ...traits]) => {
    compare(...traits, cluster);
    return credentials;
  });
}

function compare(wanted: object, actual: Traits, cluster: pulumi.Resource): void {
  refuse(() => refuseChanges({ ...wanted }, actual));
  for (const warning of changeWarnings({ ...wanted }, actual)) pulumi.log.warn(warning, cluster);
}
