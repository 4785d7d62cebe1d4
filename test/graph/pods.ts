import type { Run } from "./mock-engine.ts";

/** As much of a pod as decides on which nodes it can run. */
export interface Pod {
  /** Labels that a node must carry: the pod's selector, and what a chart requires beside it. */
  readonly labels: Readonly<Record<string, string>>;
  readonly tolerations: readonly {
    readonly key?: string;
    readonly operator?: string;
    readonly value?: string;
  }[];
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
  readonly gpus: number;
}

type Tree = Readonly<Record<string, unknown>>;

/** The pods that a run asks for, in objects and in the values of charts, whatever the chart. */
export function podsOf(made: Run): Pod[] {
  return made.resources
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .flatMap(({ inputs }) => podsIn(inputs));
}

/** Every part of a tree that says where a pod runs is one; a part with notebooks says it in KubeSpawner's way. */
function podsIn(value: unknown, parent: Tree = {}): Pod[] {
  if (Array.isArray(value)) return value.flatMap((each) => podsIn(each, parent));
  if (!isTree(value)) return [];
  const { singleuser, ...others } = value;
  const inside = Object.values(singleuser === undefined ? value : others).flatMap((each) =>
    podsIn(each, value),
  );
  if (isTree(singleuser)) return [...inside, ...notebooks(singleuser, value)];
  if (isTree(value.backend)) return [...inside, largestWorker(value, value.backend)];
  return "nodeSelector" in value ? [podOf(value, parent), ...inside] : inside;
}

/** Requests stand beside the placement; in the containers of a pod; or, for the gateway's clusters, one level up. */
function podOf(part: Tree, parent: Tree): Pod {
  const containers = [part, ...trees(part.containers)].map((each) => tree(tree(each.resources).requests));
  const sum = (key: string) => containers.reduce((total, each) => total + quantity(each[key]), 0);
  return {
    labels: part.nodeSelector as Pod["labels"],
    tolerations: (part.tolerations ?? []) as Pod["tolerations"],
    cores: sum("cpu") + quantity(tree(parent.cores).request),
    memory: sum("memory") + quantity(tree(parent.memory).request),
    gpus: 0,
  };
}

/** The largest worker that users of a gateway may choose, as its configuration is told it. */
function largestWorker({ extraConfig }: Tree, backend: Tree): Pod {
  const [, text = ""] = /json\.loads\((".*")\)/.exec(String(tree(extraConfig)["00-stack-settings"])) ?? [];
  const { worker, workerCores, workerMemory } = JSON.parse(JSON.parse(text));
  const [usual] = podsIn(backend.worker);
  if (usual === undefined) throw new Error("the gateway has no worker");
  return {
    ...usual,
    cores: workerCores?.[1] ?? worker.cores,
    memory: workerMemory?.[1] ?? worker.memory,
  };
}

const PURPOSE = "hub.jupyter.org/node-purpose";

/** The notebook that users get, or one for each profile. */
function notebooks(singleuser: Tree, values: Tree): Pod[] {
  const affinity = tree(tree(tree(values.scheduling).userPods).nodeAffinity);
  const required = affinity.matchNodePurpose === "require" ? { [PURPOSE]: "user" } : {};
  const notebook = {
    node_selector: singleuser.nodeSelector,
    tolerations: singleuser.extraTolerations,
    cpu_guarantee: tree(singleuser.cpu).guarantee,
    mem_guarantee: tree(singleuser.memory).guarantee,
  };
  const profiles = trees(singleuser.profileList).map((each) => tree(each.kubespawner_override));
  return (profiles.length === 0 ? [{}] : profiles).map((own) => {
    const all: Tree = { ...notebook, ...own };
    return {
      labels: {
        ...(all.node_selector as Pod["labels"]),
        ...("node_affinity_required" in own ? {} : required),
      },
      tolerations: (all.tolerations ?? []) as Pod["tolerations"],
      cores: quantity(all.cpu_guarantee),
      memory: quantity(all.mem_guarantee),
      gpus: quantity(tree(all.extra_resource_limits)["nvidia.com/gpu"]),
    };
  });
}

const UNITS: Readonly<Record<string, number>> = { m: 1e-3, k: 1e3, K: 1e3, M: 1e6, G: 1e9, T: 1e12 };

function quantity(value: unknown): number {
  if (typeof value === "number") return value;
  const [, number = "0", unit = ""] =
    /^([\d.]+)([a-zA-Z]?)$/.exec(typeof value === "string" ? value : "0") ?? [];
  return Number(number) * (UNITS[unit] ?? 1);
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function tree(value: unknown): Tree {
  return isTree(value) ? value : {};
}

function trees(value: unknown): Tree[] {
  return Array.isArray(value) ? value.filter(isTree) : [];
}
