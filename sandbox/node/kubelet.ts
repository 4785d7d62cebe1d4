import { join } from "node:path";
import { stringify } from "yaml";
import { writePrivate } from "../files.ts";
import type { Layout } from "../layout.ts";
import type { Program } from "../processes.ts";
import { podCgroup } from "./cgroups.ts";
import { CONTAINERD_SOCKET } from "./containerd.ts";
import { nodeFolder } from "./mounts.ts";
import type { NodeNamespaces } from "./namespaces.ts";
import type { NodeNetwork } from "./network.ts";
import type { NodePrograms } from "./programs.ts";

/** Name of the node in Kubernetes. */
export const NODE_NAME = "sandbox";

/** The kubelet; writes its configuration. `clientCertificate` is the one the API server shows, PEM file. */
export function kubeletProgram(
  layout: Layout,
  namespaces: NodeNamespaces,
  programs: NodePrograms,
  network: NodeNetwork,
  access: { readonly kubeconfig: string; readonly clientCertificate: string },
): Program {
  const config = join(nodeFolder(layout), "kubelet.yaml");
  const resolver = join(nodeFolder(layout), "resolv.conf");
  writePrivate(resolver, `nameserver ${network.dns}\n`);
  writePrivate(config, stringify(kubeletConfig(layout, network, resolver, access.clientCertificate)));
  return namespaces.program("kubelet", [
    programs.kube,
    "kubelet",
    `--config=${config}`,
    `--kubeconfig=${access.kubeconfig}`,
    `--hostname-override=${NODE_NAME}`,
    `--node-ip=${network.node}`,
  ]);
}

function kubeletConfig(
  layout: Layout,
  network: NodeNetwork,
  resolvConf: string,
  clientCAFile: string,
): object {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: network.node,
    readOnlyPort: 0,
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile } },
    authorization: { mode: "Webhook" },
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    cgroupDriver: "cgroupfs",
    cgroupRoot: podCgroup(layout),
    failCgroupV1: false,
    failSwapOn: false,
    clusterDNS: [network.dns],
    clusterDomain: "cluster.local",
    resolvConf,
    // A machine on which a sandbox is tried may be full by a cloud's measure.
    evictionHard: {
      "memory.available": "200Mi",
      "nodefs.available": "1Gi",
      "imagefs.available": "1Gi",
      "nodefs.inodesFree": "1%",
    },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    nodeStatusUpdateFrequency: "5s",
    serializeImagePulls: false,
  };
}
