import * as pulumi from "@pulumi/pulumi";
import * as aws from "./aws.ts";

const AGENT = "eks-pod-identity-agent";

/**
 * What to say of an existing cluster that lacks the add-on by which the autoscaler gets its rights; `undefined` where it
 * has it, or where these credentials may not ask.
 *
 * A warning, since the agent of a cluster in Auto Mode is no add-on.
 *
 * @param provider of Amazon, for the region
 */
export async function agentWarning(
  clusterName: string,
  provider: pulumi.ProviderResource,
): Promise<string | undefined> {
  try {
    await aws.getAddon({ clusterName, addonName: AGENT }, { provider });
    return undefined;
  } catch (error) {
    if (!/not ?found|couldn't find|empty result/i.test(String(error))) {
      pulumi.log.debug(`whether ${clusterName} has ${AGENT} is not known here: ${error}`);
      return undefined;
    }
    return `dask:cluster.autoscaler: ${clusterName} has no add-on ${AGENT}, and without it, or Auto Mode, the autoscaler has no rights; run: aws eks create-addon --cluster-name ${clusterName} --addon-name ${AGENT}`;
  }
}
