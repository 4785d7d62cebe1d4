import type { Fault } from "../problems.ts";
import { show } from "../quantities.ts";
import type { EksSettings } from "./eks.ts";
import { aligned, holds, overlap, prefixLength } from "./networks.ts";

/** Faults of the network: its zones or subnets, and ranges that cannot be or overlap. */
export function networkFaults({ region, existing, network, nodePools }: EksSettings): Fault[] {
  const { zones, existing: given } = network;
  if (existing !== undefined) {
    const lacksSubnet = Object.keys(nodePools).length > 0 && given === undefined;
    return lacksSubnet
      ? [
          [
            ["network"],
            "does not say where nodes of an existing cluster go; add existing: { privateSubnets: [subnet-...] }",
          ],
        ]
      : [];
  }
  if (given !== undefined) return [...givenFaults(given, zones), ...serviceFaults(network, false)];
  return [...zoneFaults(region, zones), ...vpcFaults(network), ...serviceFaults(network, true)];
}

type Network = EksSettings["network"];

function givenFaults({ privateSubnets }: NonNullable<Network["existing"]>, zones: Network["zones"]): Fault[] {
  const path = ["network", "existing", "privateSubnets"];
  return [
    ...(new Set(privateSubnets).size < 2
      ? [[path, "names one subnet, and EKS wants two in different zones; add another"] satisfies Fault]
      : []),
    ...(zones === undefined
      ? []
      : [[["network", "zones"], "follow from the subnets of network.existing; remove them"] satisfies Fault]),
  ];
}

function zoneFaults(region: string, zones: Network["zones"]): Fault[] {
  if (zones === undefined) return [];
  const path = ["network", "zones"];
  const foreign = zones.find(
    (zone) => !zone.startsWith(region) || !/^[a-z]$/.test(zone.slice(region.length)),
  );
  if (foreign !== undefined)
    return [
      [path, `names ${show(foreign)}, which is no zone of ${region}; write ${region}a, ${region}b, ...`],
    ];
  const count = new Set(zones).size;
  if (count !== zones.length) return [[path, "names a zone twice; name each once"]];
  if (count < 2)
    return [
      [
        path,
        `must be two zones, because EKS wants its control plane in two; add another (nodes stay in the first)`,
      ],
    ];
  return count > 3 ? [[path, "must be at most three zones; remove some"]] : [];
}

function vpcFaults({ cidr }: Network): Fault[] {
  const path = ["network", "cidr"];
  if (aligned(cidr) !== cidr)
    return [[path, `is not the first address of its network; write ${aligned(cidr)}`]];
  const size = prefixLength(cidr);
  if (size < 16) return [[path, `is larger than a VPC can be; write ${cidr.replace(/\/\d+$/, "/16")}`]];
  return size > 20 ? [[path, "leaves too few addresses for pods; use /20 or larger, like /16"]] : [];
}

const PRIVATE_NETWORKS = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

function serviceFaults({ cidr, serviceCidr }: Network, ownVpc: boolean): Fault[] {
  const path = ["network", "serviceCidr"];
  if (aligned(serviceCidr) !== serviceCidr)
    return [[path, `is not the first address of its network; write ${aligned(serviceCidr)}`]];
  if (!PRIVATE_NETWORKS.some((outer) => holds(outer, serviceCidr)))
    return [[path, `must lie within ${PRIVATE_NETWORKS.join(", ")}; write 172.20.0.0/16`]];
  const size = prefixLength(serviceCidr);
  if (size < 12 || size > 24) return [[path, "must be of size /12 to /24; write 172.20.0.0/16"]];
  if (!ownVpc || !overlap(cidr, serviceCidr)) return [];
  // A VPC of all addresses is refused for itself.
  const free = apart(cidr) ?? "10.100.0.0/16";
  return [[path, `overlaps the VPC's network ${cidr}; choose one apart from it, like ${free}`]];
}

/** Ranges for Services, the usual one first. */
const SERVICES = ["172.20.0.0/16", "10.100.0.0/16", "192.168.0.0/16"];

/** A range for Services that overlaps none of a VPC's; `undefined` where these overlap all. */
export function apart(...ranges: readonly string[]): string | undefined {
  return SERVICES.find((each) => !ranges.some((range) => overlap(range, each)));
}

/** Faults of how endpoints leave the cluster. */
export function loadBalancerFaults({ loadBalancer, existing, network }: EksSettings): Fault[] {
  const { static: isStatic, subnets, internal } = loadBalancer;
  const at = (key: string) => ["loadBalancer", key];
  const known = publicSubnetCount(existing, network);
  if (isStatic && internal)
    return [[at("static"), "needs load balancers that face the internet; remove internal"]];
  if (isStatic && subnets !== 1)
    return [
      [at("static"), "needs one subnet, because each would take an address of its own; add subnets: 1"],
    ];
  if (isStatic && known === 0)
    return [[at("static"), "needs a public subnet; add network.existing.publicSubnets"]];
  if (subnets !== undefined && internal)
    return [[at("subnets"), "counts public subnets, and internal load balancers stand in none; remove it"]];
  return subnets !== undefined && known !== undefined && subnets > known
    ? [[at("subnets"), `is more than the ${known} public subnets there are; lower it`]]
    : [];
}

/** Public subnets that the stack knows; `undefined` where the zones follow from the region. */
function publicSubnetCount(
  existing: string | undefined,
  { existing: given, zones }: Network,
): number | undefined {
  if (given !== undefined) return given.publicSubnets.length;
  return existing === undefined ? (zones?.length ?? 2) : 0;
}
