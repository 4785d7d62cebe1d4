import * as pulumi from "@pulumi/pulumi";
import { keyOf, SettingsError } from "../../settings/problems.ts";
import { show } from "../../settings/quantities.ts";
import * as aws from "./aws.ts";

/**
 * Refuses `admins` with whoever is about to make the cluster: Amazon makes an access entry for that one itself, and
 * takes no second.
 *
 * What these credentials may not ask is left to what Amazon says later.
 *
 * @param standing whether the cluster is there already, which is asked for at the same time
 * @param provider of Amazon, for the region
 * @throws SettingsError where the cluster is not there yet and its maker is among the administrators
 */
export async function checkCreator(
  admins: readonly string[],
  standing: Promise<boolean>,
  provider: pulumi.ProviderResource,
): Promise<void> {
  const creator = await creatorOf(standing, provider).catch((error: unknown) => {
    pulumi.log.debug(`who makes the cluster is not known here: ${error}`);
    return undefined;
  });
  const index = creator === undefined ? -1 : admins.indexOf(creator);
  if (creator === undefined || index < 0) return;
  const message =
    "is who makes the cluster, and so an administrator without being named; Amazon would refuse a second entry, so remove it";
  throw new SettingsError([{ key: keyOf(["cluster", "admins", index]), value: show(creator), message }]);
}

/** The ARN of the user or role that this run makes the cluster as; `undefined` where the cluster stands already. */
async function creatorOf(
  standing: Promise<boolean>,
  provider: pulumi.ProviderResource,
): Promise<string | undefined> {
  if (await standing) return undefined;
  const { arn } = await aws.getCallerIdentity({}, { provider });
  // Credentials are mostly those of a session; access entries name its role.
  const { issuerArn } = await aws.getSessionContext({ arn }, { provider });
  return issuerArn;
}
