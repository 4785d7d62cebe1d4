import type { Log } from "../build.ts";
import { startControlPlane } from "../control-plane.ts";
import { type NodeTokens, nodeTokens } from "../credentials.ts";
import { ensureImages } from "../images/ensure.ts";
import type { ImageSet } from "../images/images.ts";
import { type Access, answers, apply, until } from "../kubernetes-api.ts";
import type { Layout } from "../layout.ts";
import { ensureRunning, isRunning, logTail, type Program } from "../processes.ts";
import { createCgroup, removeCgroup } from "./cgroups.ts";
import { applyClusterDns, clusterDnsProgram, clusterDnsReady } from "./cluster-dns.ts";
import { containerdProgram, containerdReady, forgetImage } from "./containerd.ts";
import { kubeProxyProgram } from "./kube-proxy.ts";
import { API_PORT, nodeKubeconfig } from "./kubeconfigs.ts";
import { kubeletProgram, NODE_NAME } from "./kubelet.ts";
import { endNamespaces, ensureNamespaces, type NodeNamespaces } from "./namespaces.ts";
import { chooseNetwork, type NodeNetwork, rememberedNetwork } from "./network.ts";
import {
  apiForwardProgram,
  applyStorageClass,
  clientCertificateOf,
  controllersProgram,
  ensureClientCertificate,
  registryProgram,
} from "./node-agent.ts";
import { ensureNodePrograms, type NodePrograms, requirePacketFilter } from "./programs.ts";

// Seconds on an idle machine; images may be built beside it.
const READY_TIMEOUT_MS = 180_000;

/** What a real node needs to start. */
interface RealNodeArgs {
  readonly layout: Layout;
  readonly access: Access;
  readonly programs: NodePrograms;
  readonly network: NodeNetwork;
  readonly tokens: NodeTokens;
}

/**
 * Starts what of the control plane and of its one real node does not run, and resolves when pods can run on it.
 * `kube` is the absolute path of the multi-call binary. What is missing in the user's cache is built or downloaded.
 * Throws with the last words of the program that did not come up.
 */
export async function startReal(
  layout: Layout,
  kube: string,
  images: readonly ImageSet[],
  log: Log,
): Promise<void> {
  const programs = await ensureNodePrograms(kube, log);
  // At first only, and before anything of the node is there: simulated nodes can still be had then.
  if (rememberedNetwork(layout) === undefined) await requirePacketFilter(programs);
  await ensureClientCertificate(layout, programs);
  const network = await chooseNetwork(layout);
  const kubeletClient = clientCertificateOf(layout);
  const startAll = async () => {
    const access = await startControlPlane(layout, kube, { ...network, kubeletClient });
    return startNode({ layout, access, programs, network, tokens: nodeTokens(layout) });
  };
  const [namespaces, renewed] = await Promise.all([
    startAll(),
    ensureImages(layout, ["node", ...images], log),
  ]);
  for (const image of renewed) await forgetImage(namespaces, image);
}

async function startNode(args: RealNodeArgs): Promise<NodeNamespaces> {
  const { layout, access, programs, network } = args;
  const namespaces = await ensureNamespaces(layout, programs, network);
  await ensureRunning(layout, apiForwardProgram(layout, programs, network, access));
  await ensureRunning(layout, registryProgram(layout, programs, network));
  const identity = (name: string, token: string) =>
    nodeKubeconfig(layout, name, { ca: access.ca, token }, network);
  const admin = identity("admin", access.token);

  await applyObjects(access, network);
  createCgroup(layout);
  await ensureRunning(layout, containerdProgram(layout, namespaces, programs, network));
  await containerdReady(namespaces);
  const programsInside: Program[] = [
    kubeletProgram(layout, namespaces, programs, network, {
      kubeconfig: identity("kubelet", args.tokens.kubelet),
      clientCertificate: clientCertificateOf(layout).certificate,
    }),
    kubeProxyProgram(namespaces, programs, network, identity("kube-proxy", args.tokens.kubeProxy)),
    clusterDnsProgram(layout, namespaces, programs, network, admin),
    controllersProgram(layout, namespaces, programs, network, admin),
  ];
  for (const program of programsInside) await ensureRunning(layout, program);
  await nodeReady(args, namespaces, programsInside);
  return namespaces;
}

/** Ends every process of the node at once, and removes its cgroup. Does nothing where there is none. */
export async function stopRealNode(layout: Layout): Promise<void> {
  await endNamespaces(layout);
  await removeCgroup(layout);
}

/** Objects that a cluster has from whoever set it up. */
async function applyObjects(access: Access, network: NodeNetwork): Promise<void> {
  await applyClusterDns(access, network);
  await applyStorageClass(access);
  // How pods find the API server; it cannot publish an address itself that is not its own.
  await apply(access, "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes", {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: "kubernetes",
      namespace: "default",
      labels: { "kubernetes.io/service-name": "kubernetes" },
    },
    addressType: "IPv4",
    endpoints: [{ addresses: [network.host], conditions: { ready: true } }],
    ports: [{ name: "https", port: API_PORT, protocol: "TCP" }],
  });
}

/** Resolves when pods can run and find names, and throws with the last words of the program that keeps them from it. */
async function nodeReady(
  { layout, access }: RealNodeArgs,
  namespaces: NodeNamespaces,
  programs: readonly Program[],
): Promise<void> {
  const account = "/api/v1/namespaces/default/serviceaccounts/default";
  const podsCanRun = async () =>
    (await answers(access, `/api/v1/nodes/${NODE_NAME}`, isReady)) && (await answers(access, account));
  let dead: Program | undefined;
  let late = "kubelet";
  const ready = await until(async () => {
    dead = programs.find((program) => !isRunning(layout, program));
    if (dead !== undefined) return true;
    if (!(await podsCanRun())) return false;
    late = "coredns";
    return clusterDnsReady(namespaces);
  }, READY_TIMEOUT_MS);
  if (ready && dead === undefined) return;
  const name = dead?.name ?? late;
  const what = dead === undefined ? "is not ready after three minutes" : "ended";
  throw new Error(
    `The node is not Ready: ${name} ${what}. The end of ${layout.logs}/${name}.log:\n${logTail(layout, name, 20)}`,
  );
}

/** Whether a Node object has the condition Ready and no taint that keeps pods away; false for anything else. */
export function isReady(node: unknown): boolean {
  const { status, spec } = node as {
    status?: { conditions?: { type: string; status: string }[] };
    spec?: { taints?: unknown[] };
  };
  const ready = status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True");
  return ready === true && (spec?.taints ?? []).length === 0;
}
