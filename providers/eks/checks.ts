import * as pulumi from "@pulumi/pulumi";
import type { EksSettings } from "../../settings/clusters/eks.ts";
import { clusterName } from "../cloud/naming.ts";
import type { ApiClient } from "../existing/api-client.ts";
import * as aws from "./aws.ts";
import { checkCreator } from "./creator.ts";
import { checkNetwork, checkNodeSubnets } from "./given-network.ts";
import { agentWarning } from "./pod-identity.ts";
import { findEks, reachEks } from "./reach.ts";

/** Whether the settings name anything that Amazon has to be asked for. */
export function namesAnything({ existing, admins, network }: EksSettings): boolean {
  return existing !== undefined || admins.length > 0 || network.existing !== undefined;
}

/**
 * Asks Amazon for what the settings name, all at the same time.
 *
 * @param provider of Amazon, for the region
 * @returns the API of an existing cluster; `undefined` for a new one
 * @throws UserError for a cluster or subnets that are not there, subnets that no cluster can be in, `admins` too many
 */
export async function askAmazon(
  settings: EksSettings,
  provider: pulumi.ProviderResource,
): Promise<ApiClient | undefined> {
  const { existing } = settings;
  if (existing !== undefined) return askExisting(settings, existing, provider);
  const { admins } = settings;
  const standing = isThere(clusterName(settings.name), provider);
  await Promise.all([
    admins.length === 0 ? undefined : checkCreator(admins, standing, provider),
    checkNetwork(settings, standing, provider),
  ]);
  return undefined;
}

async function isThere(name: string, provider: pulumi.ProviderResource): Promise<boolean> {
  const { names } = await aws.getClusters({}, { provider });
  return names.includes(name);
}

async function askExisting(
  settings: EksSettings,
  name: string,
  provider: pulumi.ProviderResource,
): Promise<ApiClient> {
  const finding = findEks(settings, name, provider);
  const [api, warning] = await Promise.all([
    reachEks(settings, name, finding, provider),
    settings.autoscaler.install === true ? agentWarning(name, provider) : undefined,
    checkNodeSubnets(settings, name, finding, provider),
  ]);
  if (warning !== undefined) pulumi.log.warn(warning);
  return api;
}
