import * as pulumi from "@pulumi/pulumi";
import type { Credentials } from "./cluster.ts";

/**
 * The kubeconfig of a cluster; secret.
 *
 * The provider keeps the certificate that Magnum signed when the cluster was made, and never asks for a new one: one
 * that has run out is replaced by a kubeconfig of the settings.
 *
 * @param own kubeconfig from `dask:secrets`
 */
export function kubeconfigOf(
  credentials: pulumi.Output<Credentials>,
  own: string | undefined,
): pulumi.Output<string> {
  if (own !== undefined) return pulumi.secret(own);
  return pulumi.secret(credentials.apply(rawConfig));
}

/**
 * The kubeconfig among a cluster's credentials.
 *
 * @throws pulumi.RunError where there is none: the cluster has not come up
 */
export function rawConfig(credentials: Credentials): string {
  // The key is Terraform's, whatever the SDK's documentation says: keys inside a map are not renamed.
  const text = credentials.raw_config ?? credentials.rawConfig;
  if (text === undefined || text === "") {
    throw new pulumi.RunError(
      "Magnum gives no kubeconfig of the cluster, so it has not come up; see why with: openstack coe cluster show <cluster>, then pulumi destroy and up again",
    );
  }
  return text;
}
