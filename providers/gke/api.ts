import * as pulumi from "@pulumi/pulumi";
import type { GkeSettings } from "../../settings/clusters/gke.ts";

/** Where the Kubernetes API is: by a name with a public certificate, or by an address with its own authority. */
export interface GkeApi {
  readonly server: string;
  /** Base64; absent where the certificate is a public one. */
  readonly certificateAuthority?: string;
}

/** What is wrong with a cluster that has no DNS endpoint where the settings want one. */
export const NO_DNS_ENDPOINT =
  "the cluster has no DNS endpoint; set dask:cluster.controlPlane.endpoint to ip, or give the cluster one";

/**
 * Where the API of a cluster is; `undefined` where the settings want a DNS endpoint and it has none.
 *
 * @param dns the cluster's DNS endpoint; empty until it has one
 */
export function apiOf(
  { controlPlane }: Pick<GkeSettings, "controlPlane">,
  dns: string | undefined,
  ip: string,
  certificateAuthority: string | undefined,
): GkeApi | undefined {
  if (controlPlane.endpoint === "dns")
    return dns === undefined || dns === "" ? undefined : { server: `https://${dns}` };
  return {
    server: `https://${ip}`,
    ...(certificateAuthority === undefined ? {} : { certificateAuthority }),
  };
}

/**
 * Stands for the API of a cluster that gets its DNS endpoint in the `up` that is previewed.
 *
 * @throws pulumi.RunError outside a preview: the kubeconfig fails
 */
export function unknownApi(): GkeApi {
  // What is made of an unknown value is unknown too.
  if (pulumi.runtime.isDryRun()) return pulumi.unknown as never;
  throw new pulumi.RunError(NO_DNS_ENDPOINT);
}
