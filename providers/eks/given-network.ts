import * as pulumi from "@pulumi/pulumi";
import type { EksSettings } from "../../settings/clusters/eks.ts";
import { refuse } from "../../settings/problems.ts";
import * as aws from "./aws.ts";
import {
  type GivenSubnet,
  homeOf,
  serviceProblems,
  subnetProblems,
  zoneProblems,
} from "./subnet-problems.ts";

/**
 * Refuses subnets for a new cluster that Amazon would refuse only when its roles are made.
 *
 * What these credentials may not ask is left to what Amazon says later.
 *
 * @param standing whether the cluster is there already, which is asked for at the same time: its ranges then are its own
 *   affair
 * @param provider of Amazon, for the region
 * @throws SettingsError for subnets that are not there, of several VPCs or of one zone, and for a VPC that `serviceCidr`
 *   overlaps
 */
export async function checkNetwork(
  { region, network }: EksSettings,
  standing: Promise<boolean>,
  provider: pulumi.ProviderResource,
): Promise<void> {
  if (network.existing === undefined) return;
  // Where nobody may ask, nothing is held against a cluster that may be there.
  const [subnets, stands] = await Promise.all([
    subnetsOf(network.existing, provider),
    standing.catch((error: unknown) => unknown("the cluster", error) ?? true),
  ]);
  refuse([...subnetProblems(subnets, region), ...zoneProblems(subnets)]);
  const home = homeOf(subnets);
  if (!stands && home !== undefined)
    refuse(serviceProblems(network.serviceCidr, home, await rangesOf(home.vpcId, provider)));
}

/**
 * Refuses subnets for the nodes of an existing cluster that are not there, or outside its VPC.
 *
 * @param finding the cluster, which is looked for at the same time
 * @param provider of Amazon, for the region
 * @throws SettingsError that names each of them
 */
export async function checkNodeSubnets(
  { region, network: { existing } }: EksSettings,
  name: string,
  finding: Promise<Pick<aws.GetClusterResult, "vpcConfig">>,
  provider: pulumi.ProviderResource,
): Promise<void> {
  if (existing === undefined) return;
  const [subnets, { vpcConfig }] = await Promise.all([subnetsOf(existing, provider), finding]);
  refuse(subnetProblems(subnets, region, { vpcId: vpcConfig.vpcId, whose: name }));
}

function subnetsOf(
  existing: NonNullable<EksSettings["network"]["existing"]>,
  provider: pulumi.ProviderResource,
): Promise<GivenSubnet[]> {
  const given = (["privateSubnets", "publicSubnets"] as const).flatMap((list) =>
    existing[list].map((id, index) => ({ list, index, id })),
  );
  return Promise.all(given.map(async (each) => ({ ...each, place: await placeOf(each.id, provider) })));
}

function placeOf(id: string, provider: pulumi.ProviderResource): Promise<GivenSubnet["place"]> {
  return aws.getSubnet({ id }, { provider }).then(
    ({ vpcId, availabilityZone }) => ({ vpcId, zone: availabilityZone }),
    (error: unknown) =>
      // The provider's words, and Amazon's own for an id that cannot be one.
      /no matching EC2 Subnet|InvalidSubnetI[dD]/.test(String(error)) ? "nowhere" : unknown(id, error),
  );
}

/** The ranges of a VPC: that of its beginning, and those that were added. */
function rangesOf(id: string, provider: pulumi.ProviderResource): Promise<string[]> {
  return aws.getVpc({ id }, { provider }).then(
    ({ cidrBlock, cidrBlockAssociations }) => {
      const added = cidrBlockAssociations.filter(({ state }) => state === "associated");
      return [cidrBlock, ...added.map((each) => each.cidrBlock)];
    },
    (error: unknown) => unknown(id, error) ?? [],
  );
}

function unknown(what: string, error: unknown): undefined {
  pulumi.log.debug(`Amazon does not say here what ${what} is: ${error}`);
  return undefined;
}
