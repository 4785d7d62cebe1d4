import { join } from "node:path";
import { accessOf, credentialsOf, dropOldCertificate, kubeconfig } from "./credentials.ts";
import { writePrivate } from "./files.ts";
import { type Access, answers, until } from "./kubernetes-api.ts";
import type { Layout } from "./layout.ts";
import { choosePorts, isFree, type Ports, readPorts } from "./ports.ts";
import {
  ensureRunning,
  isRunning,
  logTail,
  type Program,
  recordedPrograms,
  stopProgram,
} from "./processes.ts";

/** The programs of the control plane in the order in which they start. */
export interface ControlPlane {
  readonly etcd: Program;
  readonly apiServer: Program;
  readonly controllerManager: Program;
  readonly scheduler: Program;
}

/** What the control plane has to know of its nodes. */
export interface NodeSide {
  /** Addresses of Services, CIDR. */
  readonly services: string;
  /** Addresses of pods, CIDR; each node gets a /24 of it. */
  readonly pods: string;
  /** The certificate by which a real kubelet knows the API server: PEM files, absolute. */
  readonly kubeletClient?: { readonly certificate: string; readonly key: string };
  /** Whose certificates the API server accepts from users: a PEM file, absolute. */
  readonly clientCa?: string;
}

/** The simulated nodes, which are never spoken to. */
export const simulatedSide: NodeSide = {
  // A /24, so that an address made from the last number of a Service's cluster IP is unique; see stages/services.yaml.
  services: "10.96.0.0/24",
  pods: "10.244.0.0/16",
};

// Two seconds on an idle machine, far longer beside compilers; then waiting longer no longer helps.
const READY_TIMEOUT_MS = 180_000;

const PORT_PATIENCE_MS = 3000;

/**
 * The control plane's programs; pure. `kube` is the absolute path of the multi-call binary.
 * Only the API server has a port. etcd, which knows no users, listens on sockets in a folder only the owner enters:
 * it takes `unix://name:0` for the file `name:0` in its working folder. The controller manager and the scheduler
 * serve nothing.
 */
export function controlPlane(
  layout: Layout,
  ports: Ports,
  kube: string,
  nodes: NodeSide = simulatedSide,
): ControlPlane {
  const { serviceAccountKey, tokens, certificates, certificate } = credentialsOf(layout);
  const program = (name: string, ...args: string[]): Program => ({
    name,
    command: [kube, name, ...args],
    cwd: layout.cluster,
  });
  return {
    etcd: program(
      "etcd",
      `--data-dir=${join(layout.cluster, "etcd")}`,
      "--listen-client-urls=unix://etcd:0",
      "--advertise-client-urls=unix://etcd:0",
      "--listen-peer-urls=unix://etcd-peer:0",
      "--initial-advertise-peer-urls=unix://etcd-peer:0",
      "--initial-cluster=default=unix://etcd-peer:0",
      // A sandbox need not survive a power cut, and waiting for the disk makes every write slow.
      "--unsafe-no-fsync",
    ),
    apiServer: program(
      "kube-apiserver",
      "--etcd-servers=unix://etcd:0",
      "--bind-address=127.0.0.1",
      "--advertise-address=127.0.0.1",
      `--secure-port=${ports.apiServer}`,
      `--service-cluster-ip-range=${nodes.services}`,
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-account-key-file=${serviceAccountKey}`,
      `--service-account-signing-key-file=${serviceAccountKey}`,
      `--cert-dir=${certificates}`,
      `--token-auth-file=${tokens}`,
      "--authorization-mode=Node,RBAC",
      "--allow-privileged=true",
      // Else it tries every ten seconds to publish its own address, and loopback ones are refused.
      "--endpoint-reconciler-type=none",
      ...kubeletFlags(nodes),
      ...(nodes.clientCa === undefined ? [] : [`--client-ca-file=${nodes.clientCa}`]),
    ),
    controllerManager: program(
      "kube-controller-manager",
      `--kubeconfig=${layout.kubeconfig}`,
      "--secure-port=0",
      "--leader-elect=false",
      // By default it limits itself to 20 requests a second, which makes its own start four seconds longer.
      "--kube-api-qps=500",
      "--kube-api-burst=1000",
      `--service-account-private-key-file=${serviceAccountKey}`,
      `--root-ca-file=${certificate}`,
      // Pods of a node that was given up stay unready on simulated nodes, be the API server away for a moment only.
      "--node-monitor-grace-period=10m",
      "--allocate-node-cidrs=true",
      `--cluster-cidr=${nodes.pods}`,
      `--service-cluster-ip-range=${nodes.services}`,
    ),
    scheduler: program(
      "kube-scheduler",
      `--kubeconfig=${layout.kubeconfig}`,
      "--secure-port=0",
      "--leader-elect=false",
    ),
  };
}

/**
 * Starts what of the control plane does not run, and resolves when the API server is ready.
 * Data is kept. When another program has taken the remembered port meanwhile, everything moves to a new one.
 * Throws with the end of the log when a program ends or the API server is not ready within three minutes.
 */
export async function startControlPlane(
  layout: Layout,
  kube: string,
  nodes: NodeSide = simulatedSide,
): Promise<Access> {
  const plane = controlPlane(layout, await usablePorts(layout, kube, nodes), kube, nodes);
  await ensureRunning(layout, plane.etcd);
  if (!isRunning(layout, plane.apiServer)) dropOldCertificate(layout);
  await ensureRunning(layout, plane.apiServer);
  const access = await readyAccess(layout, plane);
  writePrivate(layout.kubeconfig, kubeconfig(access));
  await ensureRunning(layout, plane.controllerManager);
  await ensureRunning(layout, plane.scheduler);
  return access;
}

function kubeletFlags({ kubeletClient }: NodeSide): string[] {
  if (kubeletClient === undefined) return [];
  return [
    `--kubelet-client-certificate=${kubeletClient.certificate}`,
    `--kubelet-client-key=${kubeletClient.key}`,
    "--kubelet-preferred-address-types=InternalIP",
  ];
}

async function usablePorts(layout: Layout, kube: string, nodes: NodeSide): Promise<Ports> {
  const remembered = readPorts(layout);
  if (remembered === undefined) return choosePorts(layout);
  if (isRunning(layout, controlPlane(layout, remembered, kube, nodes).apiServer)) return remembered;
  // Ours, but of another version: it is about to be stopped, and then its port is free.
  await stopProgram(layout, "kube-apiserver");
  // A killed server's port is free a moment after its process: kubeconfigs and stacks know it, so it is worth the wait.
  if (await until(() => isFree(remembered.apiServer), PORT_PATIENCE_MS)) return remembered;
  for (const name of recordedPrograms(layout)) await stopProgram(layout, name);
  return choosePorts(layout);
}

async function readyAccess(layout: Layout, plane: ControlPlane): Promise<Access> {
  const port = readPorts(layout)?.apiServer ?? 0;
  let dead: Program | undefined;
  const ready = await until(async () => {
    dead = [plane.etcd, plane.apiServer].find((program) => !isRunning(layout, program));
    const access = accessOf(layout, port);
    return dead !== undefined || (access !== undefined && (await answers(access, "/readyz")));
  }, READY_TIMEOUT_MS);
  const access = accessOf(layout, port);
  if (ready && dead === undefined && access !== undefined) return access;
  const name = dead?.name ?? plane.apiServer.name;
  const what = dead === undefined ? "is not ready after three minutes" : "ended";
  throw new Error(`${name} ${what}. The end of ${layout.logs}/${name}.log:\n${logTail(layout, name)}`);
}
