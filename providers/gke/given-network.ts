import * as pulumi from "@pulumi/pulumi";
import type { GkeSettings } from "../../settings/clusters/gke.ts";
import { regionOf } from "../../settings/clusters/gke-facts.ts";
import { keyOf, type Problem, refuse } from "../../settings/problems.ts";
import { show } from "../../settings/quantities.ts";
import * as gcp from "./gcp.ts";

/**
 * Looks for the network that the settings name, before anything is made: Google would refuse the cluster only when the
 * nodes' account is there.
 *
 * What these credentials may not ask is left to what Google says later.
 *
 * @throws SettingsError for a subnetwork that is not there, is of another network, or lacks a secondary range
 */
export async function checkNetwork(
  { location, network: { existing } }: GkeSettings,
  project: string,
): Promise<void> {
  if (existing === undefined) return;
  const region = regionOf(location);
  const place = placeOf(existing.subnetwork, { project, region });
  const found = place.region === region ? await find(place) : "nowhere";
  if (found === undefined) return;
  const problems =
    found === "nowhere" ? [nowhere(existing, { ...place, region })] : misfits(existing, found, place);
  refuse(problems);
}

/** Where a subnetwork is. */
interface Place {
  readonly project: string;
  readonly region: string;
}

type Named = Place & { readonly name: string };

/** Where the settings look for a subnetwork: its name stands for one of the cluster's project, its path for any. */
export function placeOf(subnetwork: string, { project, region }: Place): Named {
  const path = /(?:^|\/)projects\/([^/]+)\/regions\/([^/]+)\/subnetworks\/([^/]+)$/.exec(subnetwork);
  return {
    project: path?.[1] ?? project,
    region: path?.[2] ?? region,
    name: path?.[3] ?? subnetwork,
  };
}

/** What Google says of a subnetwork, as far as the cluster needs it. */
type Found = Pick<gcp.GetSubnetworkResult, "network"> & {
  readonly secondaryIpRanges: readonly { readonly rangeName: string }[];
};

function find(place: Named): Promise<Found | "nowhere" | undefined> {
  return gcp.getSubnetwork(place).catch((error: unknown) => {
    if (/subnetworks\/\S+ not found/.test(String(error))) return "nowhere";
    pulumi.log.debug(`what the subnetwork ${place.name} has is not known here: ${error}`);
    return undefined;
  });
}

type Existing = NonNullable<GkeSettings["network"]["existing"]>;

function problem(existing: Existing, key: "name" | "subnetwork" | "pods" | "services", message: string) {
  return { key: keyOf(["cluster", "network", "existing", key]), value: show(existing[key]), message };
}

function nowhere(existing: Existing, { project, region }: Place): Problem {
  const remedy = `choose one of: gcloud compute networks subnets list --project ${project} --regions ${region}`;
  return problem(existing, "subnetwork", `is no subnetwork of ${region} in ${project}; ${remedy}`);
}

/** What of the settings does not fit to the subnetwork that was found. */
export function misfits(
  existing: Existing,
  { network, secondaryIpRanges }: Found,
  { name, region }: Omit<Named, "project">,
): Problem[] {
  const own = lastPart(network);
  const ranges = secondaryIpRanges.map(({ rangeName }) => rangeName);
  const remedy =
    ranges.length === 0
      ? `which has none; add one: gcloud compute networks subnets update ${name} --region ${region} --add-secondary-ranges <name>=<network>`
      : `which has ${ranges.join(", ")}; choose one of them`;
  return [
    ...(own === lastPart(existing.name)
      ? []
      : [
          problem(
            existing,
            "name",
            `is not the network of the subnetwork ${name}, which is ${own}; write that`,
          ),
        ]),
    ...(["pods", "services"] as const)
      .filter((key) => !ranges.includes(existing[key]))
      .map((key) => problem(existing, key, `is no secondary range of the subnetwork ${name}, ${remedy}`)),
  ];
}

function lastPart(path: string): string {
  return path.split("/").at(-1) ?? path;
}
