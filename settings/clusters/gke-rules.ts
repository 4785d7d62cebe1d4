import type { Fault, Problem, Report } from "../problems.ts";
import type { Settings } from "../schema.ts";
import { decidedAlready } from "./existing-rules.ts";
import type { GkeSettings } from "./gke.ts";
import { gpusOf, isZone, labelText, regionOf } from "./gke-facts.ts";
import { poolFaults } from "./gke-pool-rules.ts";
import { aligned, overlaps, prefixLength } from "./networks.ts";
import { checkPools, type PoolTraits } from "./pool-rules.ts";

/** What node pools of GKE can do. */
export function gkeTraits({ existing }: Pick<GkeSettings, "existing">): PoolTraits {
  const gpus: PoolTraits["gpus"] = (pool) => gpusOf(pool)?.count;
  return { cloud: "gke", severalMachineTypes: false, otherNodes: existing !== undefined, gpus };
}

/** The rules of a cluster of Google Kubernetes Engine, beyond the schema. */
export function checkGke(cluster: GkeSettings, releases: Settings["releases"], report: Report): Problem[] {
  return [
    ...[
      ...locationFaults(cluster),
      ...maintenanceFaults(cluster),
      ...labelFaults(cluster),
      ...authorizedFaults(cluster),
      ...networkFaults(cluster),
      ...poolFaults(cluster),
    ].map(([path, message]) => report(["cluster", ...path], message)),
    ...withoutEffect(cluster, report),
    ...checkPools(cluster.nodePools, gkeTraits(cluster), releases, report),
  ];
}

/** Settings that a cluster or a network which is there already has its own of. */
function withoutEffect({ existing, network }: GkeSettings, report: Report): Problem[] {
  if (existing !== undefined) return decidedAlready(OF_A_CLUSTER, report);
  if (network.existing === undefined) return [];
  return decidedAlready(OF_A_NETWORK, report, "is a matter of the existing network; remove it here");
}

const OF_A_CLUSTER = [
  "channel",
  "maintenance",
  "deletionProtection",
  "network",
  "controlPlane.authorizedNetworks",
];
const OF_A_NETWORK = ["network.nodes", "network.pods", "network.services"];

function locationFaults({ location, nodeZones, existing, controlPlane }: GkeSettings): Fault[] {
  const faults: Fault[] = [];
  const region = regionOf(location);
  const strange = nodeZones?.filter((zone) => regionOf(zone) !== region) ?? [];
  if (strange.length > 0)
    faults.push([
      ["nodeZones"],
      `must lie in the region ${region} of location; change ${strange.join(", ")}`,
    ]);
  if (isZone(location) && nodeZones !== undefined && !nodeZones.includes(location))
    faults.push([["nodeZones"], `must hold the zone of a zonal cluster; add ${location}`]);
  const closed = existing === undefined && controlPlane.authorizedNetworks.length === 0;
  if (controlPlane.endpoint === "ip" && closed) {
    const message =
      'needs authorizedNetworks with the networks that may connect, like ["203.0.113.0/24"]; add them or use dns';
    faults.push([["controlPlane", "endpoint"], message]);
  }
  return faults;
}

/** Google wants 48 hours within any 32 days, which hold each day of the week four times at least. */
function maintenanceFaults({ maintenance }: GkeSettings): Fault[] {
  if (maintenance === undefined) return [];
  const { days, hours } = maintenance;
  if (new Set(days).size * hours >= 12) return [];
  const message = "must be 12 hours a week at least, over all days; name more days or raise hours";
  return [[["maintenance"], message]];
}

/** Labels of the stack's own. */
const OWN_LABELS = ["dask-stack", "dask-owner", "dask-node-pool"];

function labelFaults({ tags }: GkeSettings): Fault[] {
  const keys = Object.keys(tags);
  return keys.flatMap((key, index): Fault[] => {
    const label = labelText(key);
    if (label.startsWith("goog"))
      return [[["tags", key], "starts with goog, which Google keeps for itself; choose another name"]];
    if (OWN_LABELS.includes(label))
      return [[["tags", key], `would be the label ${label}, which the stack sets; choose another name`]];
    const twin = keys.slice(0, index).find((other) => labelText(other) === label);
    if (twin === undefined) return [];
    return [[["tags", key], `would be the label ${label}, as ${twin} would; rename one of them`]];
  });
}

/** Google takes IPv4 networks here, and only as they start. */
function authorizedFaults({ controlPlane, existing }: GkeSettings): Fault[] {
  if (existing !== undefined) return [];
  return controlPlane.authorizedNetworks.flatMap((cidr, index): Fault[] => {
    const path = ["controlPlane", "authorizedNetworks", index];
    if (cidr.includes(":")) return [[path, "is an IPv6 network, and Google takes IPv4 here; name that"]];
    return aligned(cidr) === cidr
      ? []
      : [[path, `is not the first address of its network; write ${aligned(cidr)}`]];
  });
}

function networkFaults({ network, existing }: GkeSettings): Fault[] {
  if (existing !== undefined) return [];
  const { nodes, pods, services, controlPlane, privateNodes } = network;
  const faults: Fault[] = [];
  const own = network.existing === undefined ? { nodes, pods, services } : {};
  const ranges = { ...own, ...(privateNodes ? { controlPlane } : {}) };
  for (const [name, cidr] of Object.entries(ranges).filter(([, each]) => aligned(each) !== each))
    faults.push([["network", name], `is not the first address of its network; write ${aligned(cidr)}`]);
  for (const [name, other] of overlaps(ranges))
    faults.push([["network", name], `overlaps ${other}; choose networks that have no address in common`]);
  for (const [name, cidr] of Object.entries(own)) {
    const fault = sizeFault(prefixLength(cidr), SIZES[name as keyof typeof SIZES]);
    if (fault !== undefined) faults.push([["network", name], fault]);
  }
  if (prefixLength(controlPlane) !== 28)
    faults.push([["network", "controlPlane"], "must be a /28; write 172.16.0.0/28"]);
  if (network.existing?.nat === true && !privateNodes)
    faults.push([["network", "existing", "nat"], "is needed for private nodes alone; remove it"]);
  return faults;
}

interface RangeSize {
  /** Prefix of the largest range that Google takes. */
  readonly largest: number;
  /** Prefix of the smallest. */
  readonly smallest: number;
  /** One that serves most clusters. */
  readonly usual: string;
}

/** Sizes of a cluster's ranges: Google's "VPC-native clusters", cluster secondary ranges. */
const SIZES: Readonly<Record<"nodes" | "pods" | "services", RangeSize>> = {
  nodes: { largest: 8, smallest: 29, usual: "10.0.0.0/20" },
  // Each node takes a /24 of it.
  pods: { largest: 9, smallest: 21, usual: "10.4.0.0/14" },
  services: { largest: 16, smallest: 27, usual: "10.8.0.0/20" },
};

function sizeFault(prefix: number, { largest, smallest, usual }: RangeSize): string | undefined {
  if (prefix > smallest) return `is too small; use a /${smallest} or larger, like ${usual}`;
  return prefix < largest ? `is too large; use a /${largest} or smaller, like ${usual}` : undefined;
}
