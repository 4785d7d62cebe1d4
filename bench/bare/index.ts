import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

/*
 * A Pulumi program without anything of this project, through tsx as its manual says: what `npm run bench` compares
 * start-up with. Its chart, from where that comes, and its values are those of the workload's one release.
 */

interface Release {
  readonly chart: string;
  readonly version?: string;
  readonly repositoryOpts?: { readonly repo: string };
  readonly values: object;
}

const wanted = new pulumi.Config().requireObject<Release>("release");

const provider = new k8s.Provider("cluster", {});
const namespace = new k8s.core.v1.Namespace("bare", { metadata: { name: "bare" } }, { provider });
const token = new random.RandomBytes("token", { length: 32 });
const secret = new k8s.core.v1.Secret(
  "token",
  { metadata: { namespace: namespace.metadata.name }, stringData: { token: token.hex } },
  { provider },
);
const release = new k8s.helm.v3.Release(
  "bare",
  { name: "bare", namespace: namespace.metadata.name, ...wanted },
  { provider, dependsOn: [secret] },
);

/** Whether Helm says that the release is deployed. */
export const status = release.status.status;
