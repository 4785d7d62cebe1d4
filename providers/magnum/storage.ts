import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { MagnumSettings, OwnStorageClass } from "../../settings/clusters/magnum.ts";

/** The storage class of volumes, and what was made for it. */
export interface MagnumStorage {
  /** `undefined` means the cluster's own default class. */
  readonly name?: string;
  readonly resources: readonly pulumi.Resource[];
}

/** Names the storage class that is there, or makes one. */
export function storageOf(
  settings: Pick<MagnumSettings, "storageClass" | "driver" | "existing">,
  provider: k8s.Provider,
  dependsOn: readonly pulumi.Resource[],
  parent: pulumi.Resource,
): MagnumStorage {
  const wanted = wantedClass(settings);
  if (wanted === undefined) return { resources: [] };
  if (typeof wanted === "string") return { name: wanted, resources: [] };
  const made = new k8s.storage.v1.StorageClass(
    "storage-class",
    storageClassArgs(wanted, settings.driver === "heat"),
    // Its parameters cannot be changed, and its name is what claims know.
    { parent, provider, dependsOn: [...dependsOn], deleteBeforeReplace: true },
  );
  // The plain name: what waits for the class does so by its resource, and a new class is no reason for new volumes.
  return { name: wanted.name, resources: [made] };
}

/** What the settings say, or what the driver lacks: Cluster API's makes a class of each volume type, Heat's none. */
function wantedClass({
  storageClass,
  driver,
  existing,
}: Pick<MagnumSettings, "storageClass" | "driver" | "existing">): string | OwnStorageClass | undefined {
  if (storageClass !== undefined) return storageClass;
  const missing = driver === "heat" && existing === undefined;
  return missing ? { name: "cinder", provisioner: "cinder.csi.openstack.org" } : undefined;
}

/** A storage class of Cinder; both provisioners know the same two parameters. */
export function storageClassArgs(
  { name, provisioner, isDefault, volumeType, availabilityZone }: OwnStorageClass,
  defaultByDriver: boolean,
): k8s.storage.v1.StorageClassArgs {
  const marked = String(isDefault ?? defaultByDriver);
  return {
    metadata: { name, annotations: { "storageclass.kubernetes.io/is-default-class": marked } },
    provisioner,
    parameters: {
      ...(volumeType === undefined ? {} : { type: volumeType }),
      ...(availabilityZone === undefined ? {} : { availability: availabilityZone }),
    },
    allowVolumeExpansion: true,
    reclaimPolicy: "Delete",
    // The volume follows the pod to its zone.
    volumeBindingMode: "WaitForFirstConsumer",
  };
}
