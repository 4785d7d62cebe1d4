import type { Program } from "../processes.ts";
import { NODE_NAME } from "./kubelet.ts";
import type { NodeNamespaces } from "./namespaces.ts";
import type { NodeNetwork } from "./network.ts";
import type { NodePrograms } from "./programs.ts";

/** kube-proxy, which makes the addresses of Services work and keeps `loadBalancerSourceRanges`. */
export function kubeProxyProgram(
  namespaces: NodeNamespaces,
  programs: NodePrograms,
  network: NodeNetwork,
  kubeconfig: string,
): Program {
  return namespaces.program("kube-proxy", [
    programs.kube,
    "kube-proxy",
    `--kubeconfig=${kubeconfig}`,
    "--proxy-mode=iptables",
    `--cluster-cidr=${network.pods}`,
    `--hostname-override=${NODE_NAME}`,
    // The size of this table is the machine's; a namespace cannot change it.
    "--conntrack-max-per-core=0",
    // The default collects changes for a second.
    "--iptables-min-sync-period=100ms",
  ]);
}
