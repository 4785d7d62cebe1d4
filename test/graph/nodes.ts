import { type CloudName, nodeResources } from "../../settings/clusters/machine-types.ts";
import type { Run } from "./mock-engine.ts";
import type { Pod } from "./pods.ts";

/** Nodes of a pool, as the cloud would make them of what a run registered. */
export interface Node {
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  /** Cores and bytes that pods can have, whichever machine type of the pool it is. */
  readonly cores: number;
  readonly memory: number;
  /** Infinite for a flavour of OpenStack, of which nobody knows how many. */
  readonly gpus: number;
}

/** The nodes of every pool of a run, by cloud. */
export const nodesOf: Readonly<Record<CloudName, (made: Run) => Node[]>> = {
  gke: (made) =>
    made.all("gcp:container/nodePool:NodePool").map(({ inputs }) => {
      const { labels, taints, machineType, guestAccelerators } = inputs.nodeConfig as GkeNode;
      const [{ count } = { count: 0 }] = guestAccelerators ?? [];
      return { labels, taints, gpus: count, ...least("gke", [machineType]) };
    }),
  eks: (made) =>
    made.all("aws:eks/nodeGroup:NodeGroup").map(({ inputs }) => {
      const { labels, taints, instanceTypes } = inputs as unknown as EksGroup;
      const gpus = Math.min(...instanceTypes.map((type) => EKS_GPUS[type] ?? 0));
      return { labels, taints, gpus, ...least("eks", instanceTypes) };
    }),
  magnum: (made) => {
    const groups = made.all("openstack:containerinfra/nodeGroup:NodeGroup");
    const [cluster] = made.all("openstack:containerinfra/cluster:Cluster");
    const all = [
      { name: "default-worker", flavour: cluster?.inputs.flavor },
      ...groups.map(({ inputs: { name, flavorId } }) => ({ name, flavour: flavorId })),
    ];
    return all.map(({ name, flavour }) => ({
      labels: { "capi.stackhpc.com/node-group": String(name) },
      taints: [],
      gpus: String(name) === "gpu" ? Number.POSITIVE_INFINITY : 0,
      ...(FLAVOURS[String(flavour)] ?? NOTHING),
    }));
  },
};

interface GkeNode extends Pick<Node, "labels" | "taints"> {
  readonly machineType: string;
  readonly guestAccelerators?: readonly { readonly count: number }[];
}
interface EksGroup extends Pick<Node, "labels" | "taints"> {
  readonly instanceTypes: readonly string[];
}

/** GPUs of the machine types of Amazon that tests use, as its documents list them. */
export const EKS_GPUS: Readonly<Record<string, number>> = {
  "g4dn.xlarge": 1,
  "g5.2xlarge": 1,
  "g4dn.12xlarge": 4,
};

/** What pods can have of the flavours of the tests' cloud. */
export const FLAVOURS: Readonly<Record<string, Pick<Node, "cores" | "memory">>> = {
  "m1.large": { cores: 3.5, memory: 6e9 },
  "m1.xlarge": { cores: 7.5, memory: 28e9 },
};
const NOTHING = { cores: 0, memory: 0 };

function least(cloud: CloudName, types: readonly string[]): Pick<Node, "cores" | "memory"> {
  const sizes = types.map((type) => nodeResources(cloud, type) ?? NOTHING);
  return {
    cores: Math.min(...sizes.map(({ cores }) => cores)),
    memory: Math.min(...sizes.map(({ memory }) => memory)),
  };
}

/** Whether Kubernetes could put a pod on a node: selected labels, tolerated taints, room. */
export function fits({ labels, tolerations, cores, memory, gpus }: Pod, node: Node): boolean {
  return (
    Object.entries(labels).every(([key, value]) => node.labels[key] === value) &&
    node.taints.every(
      (taint) =>
        /prefer/i.test(taint.effect) ||
        tolerations.some(
          ({ key, operator, value }) =>
            (key === undefined || key === taint.key) &&
            (operator === "Exists" || (value ?? "") === (taint.value ?? "")),
        ),
    ) &&
    cores <= node.cores &&
    memory <= node.memory &&
    gpus <= node.gpus
  );
}
