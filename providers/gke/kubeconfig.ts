import * as pulumi from "@pulumi/pulumi";
import type { GkeSettings } from "../../settings/clusters/gke.ts";
import type { GkeApi } from "./api.ts";
import type { GkeControlPlane } from "./cluster.ts";
import * as gcp from "./gcp.ts";

/** The program by which `kubectl` and Pulumi log in to GKE. */
export const GKE_PLUGIN = "gke-gcloud-auth-plugin";

/**
 * Kubeconfig of a GKE cluster with one context.
 *
 * @param token OAuth token of about an hour; without it the plugin logs in, which never grows old
 */
export function gkeKubeconfig(
  name: string,
  { server, certificateAuthority }: GkeApi,
  token: string | undefined,
): string {
  const cluster = {
    server,
    ...(certificateAuthority === undefined ? {} : { "certificate-authority-data": certificateAuthority }),
  };
  const exec = {
    apiVersion: "client.authentication.k8s.io/v1beta1",
    command: GKE_PLUGIN,
    installHint: "gcloud components install gke-gcloud-auth-plugin",
    provideClusterInfo: true,
    interactiveMode: "Never",
  };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster }],
    users: [{ name, user: token === undefined ? { exec } : { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  });
}

/** The kubeconfig of the cluster, secret: with the plugin, or with a token of this run. */
export function kubeconfigOf(
  { auth }: GkeSettings,
  { name, api }: GkeControlPlane,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  const token = auth === "token" ? gcp.getClientConfigOutput({ parent }).accessToken : undefined;
  return pulumi.secret(
    pulumi
      .all([name, api, pulumi.output(token)])
      .apply(([cluster, where, secret]) => gkeKubeconfig(cluster, where, secret)),
  );
}
