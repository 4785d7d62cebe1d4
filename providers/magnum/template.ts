import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import type { MagnumSettings, OwnTemplate } from "../../settings/clusters/magnum.ts";
import { gigabytes } from "../../settings/clusters/magnum-facts.ts";
import { refuse } from "../cloud/fixed.ts";
import type { Tags } from "../cloud/tags.ts";
import { refuseChanges, TEMPLATE_INPUTS } from "./fixed.ts";
import type { Counts } from "./held-pools.ts";

/** What every part of a cluster on Magnum is made of. */
export interface MagnumContext {
  readonly settings: MagnumSettings;
  /** Name of the cluster, and the start of its parts' names. */
  readonly name: string;
  readonly tags: Tags;
  /** Nodes that the cluster has of fixed pools now. */
  readonly counts: Counts;
  readonly parent: pulumi.Resource;
}

/** The template a cluster is made from: one of the cloud's, or one of the stack's own. */
export interface Template {
  readonly id: pulumi.Input<string>;
  readonly resources: readonly pulumi.Resource[];
}

/** Finds the template that the settings name, or makes the one they describe. */
export function templateOf(context: MagnumContext): Template {
  const { settings, name, parent } = context;
  const { template } = settings;
  if (template === undefined) throw new Error("the settings name no template");
  if (typeof template === "string") {
    const found = openstack.containerinfra.getClusterTemplateOutput({ name: template }, { parent });
    return { id: found.id, resources: [] };
  }
  const args = { name, ...templateArgs(template, settings) };
  const made = new openstack.containerinfra.ClusterTemplate(
    "template",
    args,
    // Magnum refuses to change a template that a cluster was made from, and to delete it while that lives.
    { parent, ignoreChanges: Object.keys(args) },
  );
  const { image, externalNetworkId, masterFlavor, networkDriver, dnsNameserver } = made;
  const actual = pulumi.output({ image, externalNetworkId, masterFlavor, networkDriver, dnsNameserver });
  const id = pulumi.all([made.id, actual]).apply(([id, traits]) => {
    refuse(() => refuseChanges(args, traits, TEMPLATE_INPUTS));
    return id;
  });
  return { id, resources: [made] };
}

/** Arguments of a template of our own. Labels stand on the cluster, so that they are written in one place. */
export function templateArgs(
  template: OwnTemplate,
  settings: Pick<MagnumSettings, "network" | "dockerVolume">,
) {
  const { network, dockerVolume } = settings;
  const { dnsServers } = template;
  return {
    coe: "kubernetes",
    serverType: "vm",
    image: template.image,
    externalNetworkId: template.externalNetwork,
    masterFlavor: template.masterMachineType,
    networkDriver: template.networkDriver,
    volumeDriver: "cinder",
    // One master has it too: without a load balancer, only floating IPs of all nodes would let anybody in from outside,
    // and nothing would keep `api.allowFrom`.
    masterLbEnabled: true,
    floatingIpEnabled: false,
    ...(dnsServers === undefined ? {} : { dnsNameserver: dnsServers.join(",") }),
    ...networkArgs(network),
    ...(dockerVolume === undefined
      ? {}
      : { dockerVolumeSize: gigabytes(dockerVolume), dockerStorageDriver: "overlay2" }),
  } satisfies Partial<openstack.containerinfra.ClusterTemplateArgs>;
}

/** An existing network, as clusters and templates name it. */
export function networkArgs({ existing }: MagnumSettings["network"]): {
  fixedNetwork?: string;
  fixedSubnet?: string;
} {
  if (existing === undefined) return {};
  const { name, subnet } = existing;
  return { fixedNetwork: name, ...(subnet === undefined ? {} : { fixedSubnet: subnet }) };
}
