import { gpusOf, hasGpus, isZone, regionOf, takesGpus } from "../../providers/gke/facts.ts";
import type { Problem, Report } from "../problems.ts";
import { bytes } from "../quantities.ts";
import type { Settings } from "../schema.ts";
import type { GkeSettings } from "./gke.ts";
import { aligned, overlaps, prefixLength } from "./networks.ts";
import { checkPools, type PoolTraits } from "./pool-rules.ts";

const TRAITS: PoolTraits = { cloud: "gke", severalMachineTypes: false };

/** The rules of a cluster of Google Kubernetes Engine, beyond the schema. */
export function checkGke(cluster: GkeSettings, releases: Settings["releases"], report: Report): Problem[] {
  const otherNodes = cluster.existing !== undefined;
  return [
    ...[
      ...locationFaults(cluster),
      ...maintenanceFaults(cluster),
      ...labelFaults(cluster),
      ...networkFaults(cluster),
      ...poolFaults(cluster),
    ].map(([path, message]) => report(["cluster", ...path], message)),
    ...checkPools(cluster.nodePools, { ...TRAITS, otherNodes }, releases, report),
  ];
}

type Fault = readonly [path: readonly string[], message: string];

function locationFaults({ location, nodeZones, existing, channel, controlPlane }: GkeSettings): Fault[] {
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
  if (existing !== undefined && channel !== "REGULAR")
    faults.push([["channel"], "is a matter of the existing cluster; remove it here"]);
  if (controlPlane.endpoint === "ip" && controlPlane.authorizedNetworks.length === 0) {
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

function labelFaults({ tags }: GkeSettings): Fault[] {
  return Object.keys(tags)
    .filter((key) => /^goog/i.test(key))
    .map((key) => [["tags", key], "starts with goog, which Google keeps for itself; choose another name"]);
}

function networkFaults({ network, existing }: GkeSettings): Fault[] {
  const faults: Fault[] = [];
  const { nodes, pods, services, controlPlane, privateNodes } = network;
  if (existing !== undefined && network.existing !== undefined)
    return [[["network", "existing"], "is known from the existing cluster; remove it"]];
  const own = network.existing === undefined ? { nodes, pods, services } : {};
  const ranges = { ...own, ...(privateNodes ? { controlPlane } : {}) };
  for (const [name, cidr] of Object.entries(ranges).filter(([, each]) => aligned(each) !== each))
    faults.push([["network", name], `is not the first address of its network; write ${aligned(cidr)}`]);
  for (const [name, other] of overlaps(ranges))
    faults.push([["network", name], `overlaps ${other}; choose networks that have no address in common`]);
  if (prefixLength(controlPlane) !== 28)
    faults.push([["network", "controlPlane"], "must be a /28; write 172.16.0.0/28"]);
  if (network.existing === undefined && prefixLength(pods) > 21)
    faults.push([
      ["network", "pods"],
      "is too small, because each node takes a /24 of it; use a /21 or larger, like 10.4.0.0/14",
    ]);
  if (network.existing?.nat === true && !privateNodes)
    faults.push([["network", "existing", "nat"], "is needed for private nodes alone; remove it"]);
  return faults;
}

/** Bytes of the smallest disk that the node image fits on. */
const LEAST_DISK = "12G";

function poolFaults({ nodePools, network }: GkeSettings): Fault[] {
  const byPods = 2 ** (24 - prefixLength(network.pods));
  return Object.entries(nodePools).flatMap(([name, pool]): Fault[] => {
    const at = (...path: string[]) => ["nodePools", name, ...path];
    const [machineType] = pool.machineType;
    const faults: Fault[] = [];
    if (!/^[a-z][a-z0-9]*-[a-z0-9-]+$/.test(machineType))
      faults.push([at("machineType"), "is not how Google Cloud names machine types; write e2-standard-4"]);
    if (bytes(pool.disk) < bytes(LEAST_DISK))
      faults.push([at("disk"), `is too small for a node's image; use at least ${LEAST_DISK}`]);
    if (network.existing === undefined && pool.max > byPods)
      faults.push([
        at("max"),
        `is more nodes than network.pods has addresses for, ${byPods}; widen network.pods`,
      ]);
    const gpu = gpuFault(machineType, pool);
    if (gpu !== undefined) faults.push([at("gpu"), gpu]);
    return faults;
  });
}

function gpuFault(machineType: string, pool: GkeSettings["nodePools"][string]): string | undefined {
  const { role, gpu } = pool;
  if (gpu !== undefined && !takesGpus(machineType) && !hasGpus(machineType))
    return `cannot be attached to ${machineType}; use g2-standard-8, or an n1 machine with gpu: { type: nvidia-tesla-t4 }`;
  if (role !== "gpu" && gpusOf(pool) !== undefined)
    return "would keep all ordinary pods off, because GKE taints nodes with GPUs; write role: gpu";
  const wanted = gpu !== undefined || role === "gpu";
  if (wanted && gpusOf(pool) === undefined)
    return `does not say which GPU ${machineType} has; add gpu: { type: nvidia-tesla-t4 } to an n1 machine, or use g2-standard-8`;
  return undefined;
}
