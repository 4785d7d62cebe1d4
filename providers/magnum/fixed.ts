import { refuseChanges as refuse } from "../cloud/fixed.ts";

/** Inputs of a cluster that Magnum cannot change, and what to do: they are ignored, so that none makes it anew. */
export const FIXED_INPUTS = [
  "name",
  "clusterTemplateId",
  "labels",
  "mergeLabels",
  "keypair",
  "masterCount",
  "masterFlavor",
  "flavor",
  "dockerVolumeSize",
  "fixedNetwork",
  "fixedSubnet",
  "floatingIpEnabled",
  "createTimeout",
] as const;

/** What settings want of a cluster, or what a cluster is, by the names of `FIXED_INPUTS`. */
export type Traits = Readonly<Record<string, unknown>>;

/** Inputs of a template of the stack's own of which a change is refused, and the setting that each is written from. */
export const TEMPLATE_INPUTS: Readonly<Record<string, string>> = {
  image: "template.image",
  externalNetworkId: "template.externalNetwork",
  masterFlavor: "template.masterMachineType",
  networkDriver: "template.networkDriver",
  dnsNameserver: "template.dnsServers",
};

/** Inputs of a cluster of which a change is refused, and the setting that each is written from. */
const REFUSED: Readonly<Record<string, string>> = {
  name: "name",
  flavor: "nodePools.core.machineType",
  masterFlavor: "masters.machineType",
  masterCount: "masters.count",
  keypair: "keypair",
  publicKey: "publicKey",
  dockerVolumeSize: "dockerVolume",
  fixedNetwork: "network.existing.name",
  fixedSubnet: "network.existing.subnet",
  floatingIpEnabled: "nodeFloatingIps",
};

/**
 * Refuses settings that a cluster of Magnum cannot follow any more.
 *
 * @param wanted what the settings say now; what they leave open is not compared
 * @param inputs what is compared, and the setting that each is written from
 * @throws UserError that names every such setting, what the cluster has, and the remedy
 */
export function refuseChanges(wanted: Traits, actual: Traits, inputs = REFUSED): void {
  const bySetting = (traits: Traits) =>
    Object.fromEntries(Object.entries(inputs).map(([input, setting]) => [setting, traits[input]]));
  refuse("Magnum", bySetting(wanted), bySetting(actual));
}

/** What differs without harm: settings that count when a cluster is made, and what can be done about them by hand. */
export function changeWarnings(wanted: Traits, actual: Traits): string[] {
  const [labels, had] = [wanted.labels as Traits | undefined, actual.labels as Traits | undefined];
  const changed = Object.entries(labels ?? {})
    .filter(([key, value]) => String(had?.[key] ?? "") !== String(value))
    .map(([key, value]) => `${key}=${value}`);
  const template =
    wanted.clusterTemplateId !== undefined &&
    actual.clusterTemplateId !== undefined &&
    wanted.clusterTemplateId !== actual.clusterTemplateId;
  return [
    ...(changed.length > 0
      ? [
          `Magnum does not change labels of a cluster that is there; left as they were: ${changed.join(", ")}. Limits of the core pool, with the Heat driver: openstack coe nodegroup update <cluster> default-worker replace max_node_count=<n>; with Cluster API they stay`,
        ]
      : []),
    ...(template
      ? [
          `the cluster stays on template ${actual.clusterTemplateId}; to move it: openstack coe cluster upgrade <cluster> ${wanted.clusterTemplateId}`,
        ]
      : []),
  ];
}
