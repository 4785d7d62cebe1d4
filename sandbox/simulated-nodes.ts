import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Access, answers, apply, until } from "./kubernetes-api.ts";
import type { Layout } from "./layout.ts";
import { ensureRunning, logTail, type Program } from "./processes.ts";

/** How many nodes are simulated: enough to spread pods and to drain one. */
export const SIMULATED_NODES = 3;

const STAGES = join(dirname(fileURLToPath(import.meta.url)), "stages");

// Without leases the nodes flap to NotReady after a minute, and the pods with them.
const LEASE_SECONDS = 40;

const READY_TIMEOUT_MS = 180_000;

/**
 * kwok, which plays the kubelets and the load balancer of the sandbox; pure.
 * Naming any stage switches its built-in ones off, so `stages/` holds all that is wanted.
 */
export function kwokProgram(layout: Layout, kwok: string): Program {
  const stages = ["pods.yaml", "services.yaml"].map((file) => `--config=${join(STAGES, file)}`);
  const leases = `--node-lease-duration-seconds=${LEASE_SECONDS}`;
  const command: Program["command"] = [
    kwok,
    `--kubeconfig=${layout.kubeconfig}`,
    "--manage-all-nodes=true",
    leases,
    ...stages,
  ];
  return { name: "kwok", command, cwd: layout.cluster };
}

/** How a simulated node is called and found. */
export interface NodeNames {
  /** Default: `simulated-<index>`. */
  readonly name?: string;
  /** Beside those that every node has. Default: none. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** The Node object number `index` (from 0): 32 CPUs and 256 GiB, an address of 192.0.2.0/24 (documentation). */
export function simulatedNode(
  index: number,
  { name = `simulated-${index}`, labels = {} }: NodeNames = {},
  arch = process.arch,
): object {
  const size = { cpu: "32", memory: "256Gi", pods: "110", "ephemeral-storage": "1Ti" };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      annotations: { "kwok.x-k8s.io/node": "fake" },
      labels: {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": arch === "x64" ? "amd64" : arch,
        ...labels,
      },
    },
    status: {
      conditions: [
        { type: "Ready", status: "True", reason: "Simulated", message: "kept alive by its lease" },
      ],
      allocatable: size,
      capacity: size,
      addresses: [
        { type: "InternalIP", address: `192.0.2.${index + 10}` },
        { type: "Hostname", address: name },
      ],
    },
  };
}

/** A default storage class, so that claims are accepted. No provisioner runs: they stay Pending. */
export const simulatedStorageClass = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: {
    name: "simulated",
    annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
  },
  provisioner: "kubernetes.io/no-provisioner",
  volumeBindingMode: "WaitForFirstConsumer",
};

/** Starts kwok unless it runs and resolves when pods can be made: all nodes Ready, service account there. */
export async function startSimulatedNodes(layout: Layout, access: Access, kwok: string): Promise<void> {
  await ensureRunning(layout, kwokProgram(layout, kwok));
  for (let index = 0; index < SIMULATED_NODES; index++) {
    const path = `/api/v1/nodes/simulated-${index}`;
    // Only where it is missing: afterwards its status belongs to kwok.
    if (!(await answers(access, path))) await apply(access, path, simulatedNode(index));
  }
  await apply(access, "/apis/storage.k8s.io/v1/storageclasses/simulated", simulatedStorageClass);
  if (await until(() => podsCanRun(access), READY_TIMEOUT_MS)) return;
  throw new Error(
    `The simulated nodes are not Ready. The end of ${layout.logs}/kwok.log:\n${logTail(layout, "kwok")}`,
  );
}

/** Whether all simulated nodes are Ready and the default namespace has its service account. Never rejects. */
export async function podsCanRun(access: Access): Promise<boolean> {
  const account = "/api/v1/namespaces/default/serviceaccounts/default";
  return (
    (await answers(access, "/api/v1/nodes", (body) => readyNodes(body) >= SIMULATED_NODES)) &&
    (await answers(access, account))
  );
}

/** How many nodes of a NodeList have the condition Ready = True; 0 for anything else. */
export function readyNodes(list: unknown): number {
  const { items } = list as { items?: { status?: { conditions?: { type: string; status: string }[] } }[] };
  const isReady = (condition: { type: string; status: string }) =>
    condition.type === "Ready" && condition.status === "True";
  return items?.filter((node) => node.status?.conditions?.some(isReady) === true).length ?? 0;
}
