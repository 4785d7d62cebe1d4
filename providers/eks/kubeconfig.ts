import * as pulumi from "@pulumi/pulumi";
import * as aws from "./aws.ts";
import type { EksContext } from "./context.ts";
import type { ControlPlane } from "./control-plane.ts";

/** The program that signs in to clusters on EKS. */
export const AWS_CLI = "aws";

/** What a kubeconfig for a cluster on EKS is written from. */
export interface EksLogin {
  readonly name: string;
  readonly region: string;
  readonly endpoint: string;
  /** Certificate of the cluster's authority, in base64. */
  readonly certificateAuthority: string;
  readonly profile?: string | undefined;
  /** Absent where the AWS CLI is to give one. */
  readonly token?: string | undefined;
}

/** The kubeconfig of a cluster on EKS; secret. */
export function kubeconfigOf(
  controlPlane: ControlPlane,
  { settings, parent }: EksContext,
): pulumi.Output<string> {
  const { name, endpoint, certificateAuthority } = controlPlane;
  const token = settings.auth === "token" ? aws.getClusterAuthOutput({ name }, { parent }).token : undefined;
  const { region, profile } = settings;
  return pulumi.secret(
    pulumi
      .all([name, endpoint, certificateAuthority, pulumi.output(token)])
      .apply(([cluster, server, authority, secret]) =>
        eksKubeconfig({
          name: cluster,
          region,
          profile,
          endpoint: server,
          certificateAuthority: authority,
          token: secret,
        }),
      ),
  );
}

/** Writes a kubeconfig with one context: its user runs the AWS CLI, so that it never grows old, or has a token. */
export function eksKubeconfig({ name, endpoint, certificateAuthority, ...login }: EksLogin): string {
  const user = login.token === undefined ? { exec: execPlugin(name, login) } : { token: login.token };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server: endpoint, "certificate-authority-data": certificateAuthority } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  });
}

const GET_TOKEN = ["eks", "get-token", "--output", "json", "--cluster-name"];

function execPlugin(name: string, { region, profile }: Pick<EksLogin, "region" | "profile">) {
  return {
    apiVersion: "client.authentication.k8s.io/v1beta1",
    command: AWS_CLI,
    // An access key in the environment would win over a profile that stands there too, not over this.
    args: [...(profile === undefined ? [] : ["--profile", profile]), "--region", region, ...GET_TOKEN, name],
    interactiveMode: "Never",
  };
}
