import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "../command.ts";
import { type Access, apply } from "../kubernetes-api.ts";
import { cacheFolder, type Layout } from "../layout.ts";
import type { Program } from "../processes.ts";
import { REGISTRY_PORT } from "./containerd.ts";
import { API_PORT } from "./kubeconfigs.ts";
import { NODE_NAME } from "./kubelet.ts";
import { nodeFolder } from "./mounts.ts";
import type { NodeNamespaces } from "./namespaces.ts";
import type { NodeNetwork } from "./network.ts";
import type { NodePrograms } from "./programs.ts";

/** The client certificate that the API server shows to the kubelet: its files, absolute. */
export interface ClientCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** Where the client certificate lies, made or not. */
export function clientCertificateOf(layout: Layout): ClientCertificate {
  const folder = join(layout.cluster, "api-client");
  return { certificate: join(folder, "api-client.crt"), key: join(folder, "api-client.key") };
}

/** Makes the client certificate unless it is there. */
export async function ensureClientCertificate(layout: Layout, { nodeAgent }: NodePrograms): Promise<void> {
  const { certificate } = clientCertificateOf(layout);
  if (existsSync(certificate)) return;
  const folder = join(certificate, "..");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { code, stderr } = await run(nodeAgent, ["certificate", `-folder=${folder}`]);
  if (code !== 0) throw new Error(`node-agent made no certificate: ${stderr.trim()}`);
}

/** Passes the node's connections on to the API server, which listens on loopback only. Runs outside the node. */
export function apiForwardProgram(
  layout: Layout,
  programs: NodePrograms,
  network: NodeNetwork,
  access: Access,
): Program {
  const [listen, to] = [`-listen=${network.host}:${API_PORT}`, `-to=127.0.0.1:${access.port}`];
  return { name: "api-forward", command: [programs.nodeAgent, "forward", listen, to], cwd: layout.cluster };
}

/** Serves the images of the sandbox to its containerd. Runs outside the node. */
export function registryProgram(layout: Layout, programs: NodePrograms, network: NodeNetwork): Program {
  const flags = [
    `-listen=${network.host}:${REGISTRY_PORT}`,
    `-references=${referencesFolder(layout)}`,
    `-blobs=${blobsFolder()}`,
  ];
  return { name: "registry", command: [programs.nodeAgent, "registry", ...flags], cwd: layout.cluster };
}

/** The controllers that a cloud and a network plugin bring: volumes, load balancer addresses, NetworkPolicies. */
export function controllersProgram(
  layout: Layout,
  namespaces: NodeNamespaces,
  programs: NodePrograms,
  network: NodeNetwork,
  kubeconfig: string,
): Program {
  const volumes = volumesFolder(layout);
  mkdirSync(volumes, { recursive: true });
  return namespaces.program("node-agent", [
    programs.nodeAgent,
    "run",
    `-kubeconfig=${kubeconfig}`,
    `-node=${NODE_NAME}`,
    `-volumes=${volumes}`,
    `-addresses=${network.addresses}`,
    `-dns=${network.node}`,
  ]);
}

/** Folder of the volumes, one folder each. */
export function volumesFolder(layout: Layout): string {
  return join(nodeFolder(layout), "volumes");
}

/** Folder that says which images this sandbox has: `<registry>/<repository>/<tag>` holds a manifest's digest. */
export function referencesFolder(layout: Layout): string {
  return join(nodeFolder(layout), "images");
}

/** Folder of layers, configurations and manifests by their SHA-256, shared by all sandboxes of the user. */
export function blobsFolder(): string {
  return join(cacheFolder(), "images", "blobs");
}

/** The default storage class; volumes vanish with their claims. */
export function applyStorageClass(access: Access): Promise<void> {
  const name = "sandbox";
  return apply(access, `/apis/storage.k8s.io/v1/storageclasses/${name}`, {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name, annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
    provisioner: "sandbox.dask/directory",
    reclaimPolicy: "Delete",
    volumeBindingMode: "WaitForFirstConsumer",
  });
}
