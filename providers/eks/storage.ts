import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../../components/cluster.ts";

/** The class that EKS lacks: its own `gp2` is no default, and has no driver in new clusters. */
export function createStorageClass(
  parent: pulumi.Resource,
  { provider, ready }: Pick<Cluster, "provider" | "ready">,
): k8s.storage.v1.StorageClass {
  return new k8s.storage.v1.StorageClass(
    "gp3",
    {
      metadata: { name: "gp3", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
      provisioner: "ebs.csi.aws.com",
      parameters: { type: "gp3", encrypted: "true" },
      reclaimPolicy: "Delete",
      allowVolumeExpansion: true,
      // A volume made before its pod could be in a zone without nodes.
      volumeBindingMode: "WaitForFirstConsumer",
    },
    { parent, provider, dependsOn: [...ready] },
  );
}
