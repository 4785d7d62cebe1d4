import { join } from "node:path";
import { writePrivate } from "../files.ts";
import { type Access, apply } from "../kubernetes-api.ts";
import type { Layout } from "../layout.ts";
import type { Program } from "../processes.ts";
import { nodeFolder } from "./mounts.ts";
import type { NodeNamespaces } from "./namespaces.ts";
import type { NodeNetwork } from "./network.ts";
import type { NodePrograms } from "./programs.ts";

/** Where CoreDNS says, to the node alone, whether it knows the cluster. */
const READY = { host: "127.0.0.1", port: 8181 } as const;

// bash opens the connection itself, so nothing else is needed inside.
const ASK = [
  `exec 3<>/dev/tcp/${READY.host}/${READY.port}`,
  "printf 'GET /ready HTTP/1.0\\r\\n\\r\\n' >&3",
  "read -rt 5 _ status _ <&3",
  '[ "$status" = 200 ]',
].join(" && ");

const PORTS = [
  { name: "dns", port: 53, protocol: "UDP" },
  { name: "dns-tcp", port: 53, protocol: "TCP" },
];

/** CoreDNS, a process of the node; writes its configuration. */
export function clusterDnsProgram(
  layout: Layout,
  namespaces: NodeNamespaces,
  programs: NodePrograms,
  network: NodeNetwork,
  kubeconfig: string,
): Program {
  const file = join(nodeFolder(layout), "Corefile");
  writePrivate(file, corefile(network, kubeconfig));
  return namespaces.program("coredns", [programs.coredns, "-conf", file]);
}

/** Whether CoreDNS answers for the names of the cluster now; never rejects. */
export function clusterDnsReady({ run }: NodeNamespaces): Promise<boolean> {
  return run(["bash", "-c", ASK]).then(
    () => true,
    () => false,
  );
}

/** The Service `kube-dns`, which leads to the node instead of to a pod. */
export async function applyClusterDns(access: Access, network: NodeNetwork): Promise<void> {
  const [namespace, name] = ["kube-system", "kube-dns"];
  await apply(access, `/api/v1/namespaces/${namespace}/services/${name}`, {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace, labels: { "k8s-app": "kube-dns" } },
    spec: { clusterIP: network.dns, ports: PORTS },
  });
  await apply(access, `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices/${name}`, {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name, namespace, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    endpoints: [{ addresses: [network.node], conditions: { ready: true } }],
    ports: PORTS,
  });
}

/** CoreDNS' configuration; pure. Names outside the cluster do not exist: pods have no way to them. */
export function corefile(network: NodeNetwork, kubeconfig: string): string {
  return `.:53 {
    bind ${network.node}
    errors
    ready ${READY.host}:${READY.port}
    kubernetes cluster.local in-addr.arpa {
        kubeconfig ${kubeconfig} sandbox
        pods insecure
        ttl 5
    }
    cache 5
    template IN ANY . {
        rcode NXDOMAIN
    }
}
`;
}
