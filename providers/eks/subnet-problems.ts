import { apart } from "../../settings/clusters/eks-network-rules.ts";
import { overlap } from "../../settings/clusters/networks.ts";
import { keyOf, type Problem } from "../../settings/problems.ts";
import { show } from "../../settings/quantities.ts";

/** A subnet that the settings name, and where Amazon has it. */
export interface GivenSubnet {
  readonly list: "privateSubnets" | "publicSubnets";
  /** Its place in that list. */
  readonly index: number;
  readonly id: string;
  /** `undefined` where Amazon did not say. */
  readonly place: Place | "nowhere" | undefined;
}

/** Where a subnet is. */
export interface Place {
  readonly vpcId: string;
  readonly zone: string;
}

/** A VPC, and whose it is: of the cluster called so, or of the subnet named first. */
export interface Home {
  readonly vpcId: string;
  readonly whose: string;
}

/** Subnets that are not there, and those of another VPC than the rest. */
export function subnetProblems(
  subnets: readonly GivenSubnet[],
  region: string,
  home = homeOf(subnets),
): Problem[] {
  return subnets.flatMap(({ list, index, id, place }) => {
    const message = placeFault(place, region, home);
    const key = keyOf(["cluster", "network", "existing", list, index]);
    return message === undefined ? [] : [{ key, value: show(id), message }];
  });
}

function placeFault(place: GivenSubnet["place"], region: string, home: Home | undefined): string | undefined {
  if (place === undefined) return undefined;
  if (place === "nowhere")
    return `is no subnet that this account has in ${region}; choose one of: aws ec2 describe-subnets --region ${region}`;
  if (home === undefined || place.vpcId === home.vpcId) return undefined;
  return `is in ${place.vpcId}, and ${home.whose} in ${home.vpcId}; choose a subnet of that VPC`;
}

/** The VPC of a new cluster: that of the first subnet. */
export function homeOf(subnets: readonly GivenSubnet[]): Home | undefined {
  return subnets.flatMap(({ id, place }) =>
    typeof place === "object" ? [{ vpcId: place.vpcId, whose: id }] : [],
  )[0];
}

/** Subnets for a control plane that are all in one zone, as far as Amazon said where each of them is. */
export function zoneProblems(subnets: readonly GivenSubnet[]): Problem[] {
  const inside = subnets.filter(({ list }) => list === "privateSubnets");
  const zones = inside.map(({ place }) => (typeof place === "object" ? place.zone : undefined));
  const [zone] = zones;
  if (zone === undefined || zones.some((each) => each !== zone)) return [];
  const key = keyOf(["cluster", "network", "existing", "privateSubnets"]);
  const message = `are all in ${zone}, and EKS wants two zones; add a subnet of another`;
  return [{ key, value: show(inside.map(({ id }) => id)), message }];
}

/** A range of Services that overlaps one of the VPC's. */
export function serviceProblems(
  serviceCidr: string,
  { vpcId }: Pick<Home, "vpcId">,
  ranges: readonly string[],
): Problem[] {
  const taken = ranges.find((range) => overlap(range, serviceCidr));
  if (taken === undefined) return [];
  const free = apart(...ranges);
  const remedy = free === undefined ? "choose a network apart from the VPC's" : `set it to ${free}`;
  const message = `overlaps ${taken} of ${vpcId}; ${remedy}`;
  return [{ key: keyOf(["cluster", "network", "serviceCidr"]), value: show(serviceCidr), message }];
}
