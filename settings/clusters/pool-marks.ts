import type { Placement, Role } from "../placement.ts";
import type { NodePool, NodePools, Taint } from "./node-pools.ts";

/** The label that carries a pool's name on its nodes. */
export const POOL_LABEL = "dask/node-pool";
/** The labels that say what a node is for, as Dask Gateway's and JupyterHub's own documents spell them. */
export const DASK_PURPOSE = "k8s.dask.org/node-purpose";
/** See `DASK_PURPOSE`; JupyterHub's chart prefers nodes with `core` and `user` by it. */
export const HUB_PURPOSE = "hub.jupyter.org/node-purpose";

/** Whose pools a role's pods may use: the first of these roles that has a pool. */
const FALLBACKS: Readonly<Record<Role, readonly Role[]>> = {
  core: ["core"],
  user: ["user", "core"],
  scheduler: ["scheduler", "core"],
  worker: ["worker", "user", "core"],
  gpu: ["gpu", "worker", "user", "core"],
};

const DASK_TAINT = "k8s.dask.org/dedicated";
const HUB_TAINT = "hub.jupyter.org/dedicated";

/** The taint of a role's pools; core pools have none, because the cluster's own pods must find a place. */
const TAINTS: Readonly<Partial<Record<Role, Taint>>> = {
  user: { key: HUB_TAINT, value: "user", effect: "NoSchedule" },
  scheduler: { key: DASK_TAINT, value: "scheduler", effect: "NoSchedule" },
  worker: { key: DASK_TAINT, value: "worker", effect: "NoSchedule" },
  // The key by which device plugins and cloud add-ons know GPU nodes; GKE sets it too.
  gpu: { key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" },
};

/** Taints that the charts and JupyterHub also spell with an underscore, for clouds that allow no slash there. */
const UNDERSCORED = [DASK_TAINT, HUB_TAINT];

/** How a cloud marks the nodes of a pool. */
export interface PoolMarks {
  /** Labels of the pool's nodes. */
  labels(name: string, pool: NodePool): Readonly<Record<string, string>>;
  /** Taints of the pool's nodes. */
  taints(pool: NodePool): readonly Taint[];
  /** Labels that pods select for a role; `pools` are the pools of that role. */
  selector(role: Role, pools: NodePools): Readonly<Record<string, string>>;
}

/** Marks by labels and taints of our own: for every cloud whose pools can carry them. */
export const ownMarks: PoolMarks = {
  labels: nodeLabels,
  taints: nodeTaints,
  selector: (role) => (role === "user" ? { [HUB_PURPOSE]: role } : { [DASK_PURPOSE]: role }),
};

/** Labels of a pool's nodes: its name, what it is for, and those of the settings. */
export function nodeLabels(name: string, { role, labels }: NodePool): Record<string, string> {
  return {
    ...labels,
    [POOL_LABEL]: name,
    ...(role === undefined ? {} : { [DASK_PURPOSE]: role }),
    ...(role === "core" || role === "user" ? { [HUB_PURPOSE]: role } : {}),
  };
}

/** Taints of a pool's nodes: that of its role, and those of the settings. */
export function nodeTaints({ role, taints }: NodePool): Taint[] {
  const own = role === undefined ? undefined : TAINTS[role];
  return own === undefined ? [...taints] : [own, ...taints];
}

/** The role whose pools take the pods of a role; `undefined` where no pool does. */
export function servingRole(role: Role, pools: NodePools): Role | undefined {
  return FALLBACKS[role].find((each) => Object.values(pools).some((pool) => pool.role === each));
}

/** Where pods of a role run: on the pools of that role, else on those of the role it falls back to. */
export function placementOf(role: Role, pools: NodePools, marks: PoolMarks = ownMarks): Placement {
  const serving = servingRole(role, pools);
  if (serving === undefined) return { nodeSelector: {}, tolerations: [] };
  const chosen = Object.fromEntries(Object.entries(pools).filter(([, pool]) => pool.role === serving));
  const taints = Object.values(chosen).flatMap((pool) => marks.taints(pool));
  return { nodeSelector: marks.selector(serving, chosen), tolerations: tolerationsOf(taints) };
}

function tolerationsOf(taints: readonly Taint[]): Placement["tolerations"] {
  const spelled = taints.flatMap((taint) =>
    UNDERSCORED.includes(taint.key) ? [taint, { ...taint, key: taint.key.replace("/", "_") }] : [taint],
  );
  const unique = new Map(spelled.map((taint) => [`${taint.key}=${taint.value}:${taint.effect}`, taint]));
  return [...unique.values()].map(({ key, value, effect }) => ({ key, operator: "Equal", value, effect }));
}

/** Labels that Kubernetes and the clouds put on nodes by themselves, so that no pool of the settings shows them. */
const PLATFORM_LABEL =
  /^([^/]*\.)?(kubernetes\.io|k8s\.io|google\.com|amazonaws\.com|openstack\.org|stackhpc\.com)\//;

/**
 * Names of the pools whose nodes can take a pod.
 *
 * Selected labels of Kubernetes and of the clouds are let pass, unless a pool is known to carry them.
 */
export function poolsFor(
  { nodeSelector, tolerations }: Placement,
  pools: NodePools,
  marks: PoolMarks = ownMarks,
): string[] {
  const labelled = Object.entries(pools).map(
    ([name, pool]) => [name, pool, marks.labels(name, pool)] as const,
  );
  const carried = new Set(labelled.flatMap(([, , labels]) => Object.keys(labels)));
  const wanted = Object.entries(nodeSelector).filter(
    ([key]) => carried.has(key) || !PLATFORM_LABEL.test(key),
  );
  return labelled
    .filter(([, , labels]) => wanted.every(([key, value]) => labels[key] === value))
    .filter(([, pool]) => marks.taints(pool).every((taint) => tolerated(taint, tolerations)))
    .map(([name]) => name);
}

function tolerated(taint: Taint, tolerations: Placement["tolerations"]): boolean {
  if (taint.effect === "PreferNoSchedule") return true;
  return tolerations.some(
    ({ key, operator, value, effect }) =>
      (key === undefined || key === taint.key) &&
      (effect === undefined || effect === taint.effect) &&
      (operator === "Exists" || (value ?? "") === taint.value),
  );
}
