import * as pulumi from "@pulumi/pulumi";
import type { EksSettings } from "../../settings/clusters/eks.ts";
import { UserError } from "../../settings/problems.ts";
import { tagsOf } from "../cloud/tags.ts";
import * as aws from "./aws.ts";

/** The provider of Amazon for the region of the settings, with what the stack's own `aws:` configuration says beside it. */
export function awsProvider({ region, profile, owner, tags, existing }: EksSettings): aws.Provider {
  return new aws.Provider(
    "aws",
    {
      ...configured(),
      region,
      ...(profile === undefined ? {} : { profile }),
      // So everything is tagged that can be, without a word of it at each place.
      defaultTags: { tags: { ...aws.config.defaultTags?.tags, ...tagsOf({ owner, tags }) } },
    },
    // In another region nothing of the stack would be found; its cluster says that it stays where it is.
    { ignoreChanges: existing === undefined ? ["region"] : [] },
  );
}

/** What a provider that is made by a program does not take from the configuration by itself. */
function configured() {
  const { allowedAccountIds, forbiddenAccountIds, endpoints, ignoreTags, maxRetries, retryMode } = aws.config;
  const { customCaBundle, httpProxy, httpsProxy, noProxy, insecure, stsRegion } = aws.config;
  const { skipCredentialsValidation, skipMetadataApiCheck, skipRegionValidation } = aws.config;
  const { skipRequestingAccountId, useDualstackEndpoint, useFipsEndpoint, userAgents } = aws.config;
  const { ec2MetadataServiceEndpoint, ec2MetadataServiceEndpointMode, s3UsePathStyle } = aws.config;
  const { s3UsEast1RegionalEndpoint, tagPolicyCompliance, tokenBucketRateLimiterCapacity } = aws.config;
  return {
    ...{ allowedAccountIds, forbiddenAccountIds, endpoints, ignoreTags, maxRetries, retryMode },
    ...{ customCaBundle, httpProxy, httpsProxy, noProxy, insecure, stsRegion },
    ...{ skipCredentialsValidation, skipMetadataApiCheck, skipRegionValidation },
    ...{ skipRequestingAccountId, useDualstackEndpoint, useFipsEndpoint, userAgents },
    ...{ ec2MetadataServiceEndpoint, ec2MetadataServiceEndpointMode, s3UsePathStyle },
    ...{ s3UsEast1RegionalEndpoint, tagPolicyCompliance, tokenBucketRateLimiterCapacity },
  };
}

/** Keys of the `aws:` configuration that say who calls Amazon. */
const IDENTITY = [
  "profile",
  "accessKey",
  "secretKey",
  "token",
  "assumeRoles",
  "assumeRoleWithWebIdentity",
  "sharedConfigFiles",
  "sharedCredentialsFiles",
];

/**
 * Refuses an `aws:` configuration that the cluster could not follow.
 *
 * Whoever makes the cluster is its administrator, and the kubeconfig signs in by the AWS CLI, which reads no
 * configuration of Pulumi: as somebody else it would be let into nothing.
 *
 * @throws UserError for a key that says who calls, or another region than the settings', with the remedy
 */
export function checkAwsConfig({ region }: Pick<EksSettings, "region">): void {
  const config = new pulumi.Config("aws");
  const [key] = IDENTITY.filter((each) => config.get(each) !== undefined);
  if (key !== undefined)
    throw new UserError(
      `aws:${key} would sign in Pulumi alone, and not the AWS CLI, by which the kubeconfig signs in; run: pulumi config rm aws:${key}, and name a profile of ~/.aws/config, which may have keys or a role_arn, as dask:cluster.profile, or set AWS_PROFILE or AWS_ACCESS_KEY_ID`,
    );
  const other = config.get("region");
  if (other !== undefined && other !== region)
    throw new UserError(
      `aws:region is ${other}, and dask:cluster.region is ${region}; run: pulumi config rm aws:region, or make the two the same`,
    );
}
