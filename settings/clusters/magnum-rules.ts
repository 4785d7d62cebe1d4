import type { Fault, Problem, Report } from "../problems.ts";
import type { ExposeSettings } from "../releases/release.ts";
import type { Settings } from "../schema.ts";
import type { MagnumSettings } from "./magnum.ts";
import { floatingIpPoolOf, WRITTEN_LABELS } from "./magnum-facts.ts";
import { rangeFaults } from "./magnum-network-rules.ts";
import { poolFaults, traitsOf } from "./magnum-pool-rules.ts";
import { checkPools } from "./pool-rules.ts";

/** The rules of a cluster of OpenStack Magnum, beyond the schema. */
export function checkMagnum(
  cluster: MagnumSettings,
  releases: Settings["releases"],
  report: Report,
): Problem[] {
  const faults = [
    ...(cluster.existing === undefined ? templateFaults(cluster) : existingFaults(cluster)),
    ...accessFaults(cluster),
    ...driverFaults(cluster),
    ...labelFaults(cluster),
    ...rangeFaults(cluster),
    ...poolFaults(cluster),
  ];
  return [
    ...faults.map(([path, message]) => report(["cluster", ...path], message)),
    ...openRanges(cluster, releases).map(([path, message]) => report(path, message)),
    ...checkPools(cluster.nodePools, traitsOf(cluster), releases, report),
  ];
}

function templateFaults({ template, masters, driver, keypair, publicKey }: MagnumSettings): Fault[] {
  if (template === undefined) {
    const remedy = "add the name of one (openstack coe cluster template list), or describe one to be made";
    return [[["template"], `is missing; ${remedy}: { image, externalNetwork, masterMachineType }`]];
  }
  if (typeof template === "string") return [];
  const faults: Fault[] = [];
  if (masters.machineType !== undefined && masters.machineType !== template.masterMachineType)
    faults.push([["masters", "machineType"], "contradicts template.masterMachineType; remove it here"]);
  if (driver === "heat" && (keypair ?? publicKey) === undefined)
    faults.push([["keypair"], "is missing, and the Heat driver needs one; add it, or publicKey"]);
  if (driver === "heat" && template.networkDriver === "cilium")
    faults.push([["template", "networkDriver"], "is unknown to the Heat driver; use calico"]);
  return faults;
}

/** What a cluster that is there already has decided itself. */
function existingFaults(cluster: MagnumSettings): Fault[] {
  const message = "is a matter of the existing cluster; remove it here";
  const { template, keypair, publicKey, dockerVolume, bootVolume, autoHealing, nodeFloatingIps } = cluster;
  const set: Record<string, unknown> = {
    template,
    keypair,
    publicKey,
    dockerVolume,
    bootVolume,
    autoHealing,
    nodeFloatingIps,
    "masters.machineType": cluster.masters.machineType,
    "masters.count": cluster.masters.count === 1 ? undefined : cluster.masters.count,
    "network.existing": cluster.network.existing,
    "network.nodes": cluster.network.nodes,
    "api.floatingIp": cluster.api.floatingIp,
    "api.allowFrom": cluster.api.allowFrom,
    labels: Object.keys(cluster.labels).length === 0 ? undefined : cluster.labels,
    deletionProtection: cluster.deletionProtection ? true : undefined,
  };
  return Object.entries(set)
    .filter(([, value]) => value !== undefined)
    .map(([key]): Fault => [key.split("."), message]);
}

function accessFaults(cluster: MagnumSettings): Fault[] {
  const { existing, keypair, publicKey, ssh, network, nodeFloatingIps } = cluster;
  const faults: Fault[] = [];
  if (keypair !== undefined && publicKey !== undefined)
    faults.push([["publicKey"], "must not be set beside keypair; remove one of them"]);
  if (existing === undefined && ssh !== undefined && (keypair ?? publicKey) === undefined)
    faults.push([["ssh"], "needs a key; add keypair or publicKey"]);
  if (ssh?.floatingIp === true && floatingIpPoolOf(cluster) === undefined)
    faults.push([["ssh", "floatingIp"], "needs floatingIpPool, the network it comes from; add it"]);
  if (ssh?.floatingIp === true && nodeFloatingIps === true) {
    const message = "would be a second one beside that of dask:cluster.nodeFloatingIps; remove it";
    faults.push([["ssh", "floatingIp"], message]);
  }
  if (network.existing !== undefined && network.nodes !== undefined)
    faults.push([["network", "nodes"], "is a matter of the existing network; remove it"]);
  return faults;
}

function driverFaults({ driver, dockerVolume, ssh, storageClass }: MagnumSettings): Fault[] {
  if (driver === "heat") return [];
  const faults: Fault[] = [];
  if (ssh !== undefined)
    faults.push([["ssh"], "is for Heat alone, because Cluster API tells no addresses of masters; remove it"]);
  if (dockerVolume !== undefined)
    faults.push([["dockerVolume"], "is unknown to the Cluster API driver; use bootVolume"]);
  if (typeof storageClass === "object" && storageClass.provisioner === "kubernetes.io/cinder") {
    const message = "has gone from Kubernetes with 1.26; use cinder.csi.openstack.org";
    faults.push([["storageClass", "provisioner"], message]);
  }
  return faults;
}

function labelFaults({ labels }: MagnumSettings): Fault[] {
  return Object.keys(labels).flatMap((label): Fault[] => {
    const setting = WRITTEN_LABELS[label];
    if (setting === undefined) return [];
    return [[["labels", label], `is written from dask:cluster.${setting}; remove it and set that`]];
  });
}

const ANYWHERE = ["0.0.0.0/0", "::/0"];

/** Load balancers of OVN let everybody in, whatever a Service says (cloud-provider-openstack, VIP ACL). */
function openRanges(cluster: MagnumSettings, releases: Settings["releases"]): Fault[] {
  if (cluster.loadBalancer.provider !== "ovn") return [];
  return exposures(releases, ["releases"])
    .filter(([, { allowFrom = ANYWHERE }]) => !allowFrom.every((range) => ANYWHERE.includes(range)))
    .map(([path]): Fault => {
      const message = `is not kept by load balancers of ovn, which let everybody in; set dask:cluster.loadBalancer.provider to amphora, or say ["0.0.0.0/0"]`;
      return [[...path, "allowFrom"], message];
    });
}

/** Everything called `expose` in the releases, whatever their kind, with its path. */
function exposures(value: unknown, path: readonly string[]): [path: readonly string[], ExposeSettings][] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, each]) =>
    key === "expose" && typeof each === "object" && each !== null
      ? [[[...path, key], each as ExposeSettings] satisfies [readonly string[], ExposeSettings]]
      : exposures(each, [...path, key]),
  );
}
