import type * as pulumi from "@pulumi/pulumi";
import type { EksSettings } from "../../settings/clusters/eks.ts";
import { UserError } from "../../settings/problems.ts";
import { type ApiClient, connect } from "../existing/api-client.ts";
import { selectContext } from "../existing/kubeconfig.ts";
import * as aws from "./aws.ts";
import { eksKubeconfig } from "./kubeconfig.ts";

/**
 * Finds a cluster on EKS that is there already, before anything is made.
 *
 * @param provider of Amazon, for the region
 * @throws UserError for a cluster that is not there
 */
export function findEks(
  { region }: Pick<EksSettings, "region">,
  name: string,
  provider: pulumi.ProviderResource,
): Promise<aws.GetClusterResult> {
  return aws.getCluster({ name }, { provider }).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(
      `dask:cluster.existing: no cluster ${name} was found in ${region} (${reason}); correct it, region or profile`,
    );
  });
}

/**
 * Connects to the API of a cluster that was found.
 *
 * @param finding the cluster, which is looked for at the same time
 * @param provider of Amazon, for the region
 */
export async function reachEks(
  { region, profile, auth }: EksSettings,
  name: string,
  finding: Promise<aws.GetClusterResult>,
  provider: pulumi.ProviderResource,
): Promise<ApiClient> {
  const { endpoint, certificateAuthorities } = await finding;
  const kubeconfig = eksKubeconfig({
    name,
    region,
    profile,
    endpoint,
    certificateAuthority: certificateAuthorities[0]?.data ?? "",
    token: auth === "token" ? (await aws.getClusterAuth({ name }, { provider })).token : undefined,
  });
  return connect(selectContext(kubeconfig, name, process.cwd()));
}
