import type { Placement, Role } from "../placement.ts";
import type { KeyPath } from "../problems.ts";
import { memoryText } from "../quantities.ts";
import type { DaskSettings } from "../releases/dask.ts";
import type { GatewayShapeSettings } from "../releases/dask-gateway.ts";
import type { DaskOperatorSettings } from "../releases/dask-operator.ts";
import type { DaskhubSettings } from "../releases/daskhub.ts";
import { gatewaySizes } from "../releases/gateway-limits.ts";
import type { HubSettings } from "../releases/jupyterhub.ts";
import type { ReleaseSettings } from "../schema.ts";

/** The largest pod of one part of a release, which some node must be able to take. */
export interface PodSize {
  readonly role: Role;
  /** Cores that the pod asks for. */
  readonly cores: number;
  /** Memory that the pod asks for, like `4G`. */
  readonly memory: string;
  /** GPUs that the pod asks for. Default: none. */
  readonly gpus?: number;
  /** Whether users may ask for such a pod, and need not. Default: no. */
  readonly offered?: boolean;
  /** Path of the setting inside the release that says the size: `["workers", "memory"]`. */
  readonly path: KeyPath;
  /** Where the pod runs, where the release says so itself; else by its role. */
  readonly placement?: Placement;
}

/** What the pods of a release ask for, one line a part; each kind of release says so here. */
export function podSizes(release: ReleaseSettings): readonly PodSize[] {
  switch (release.kind) {
    case "dask":
      return daskPods(release);
    case "dask-gateway":
      return gatewayPods(release);
    case "dask-operator":
      return [operatorPod(release)];
    case "jupyterhub":
      return hubPods(release);
    case "daskhub":
      return daskhubPods(release);
    default:
      return release satisfies never;
  }
}

function gatewayPods(release: GatewayShapeSettings): PodSize[] {
  return [
    { role: "scheduler", ...size(release.scheduler), path: ["scheduler"] },
    { role: "worker", ...size(release.worker), path: ["worker"] },
    ...offeredWorkers(release),
  ];
}

/** The largest workers that users may choose: by each option alone, and by both, because they choose freely. */
function offeredWorkers(release: GatewayShapeSettings): PodSize[] {
  const { worker, workerCores, workerMemory } = gatewaySizes(release);
  const most = {
    cores: workerCores?.max ?? worker.cores,
    memory: workerMemory?.max ?? worker.memory,
  };
  const offer = (cores: number, memory: number, ...path: string[]): PodSize => ({
    ...{ role: "worker", cores, memory: memoryText(memory), offered: true },
    path: ["options", ...path],
  });
  const more = { cores: most.cores > worker.cores, memory: most.memory > worker.memory };
  return [
    ...(more.cores ? [offer(most.cores, worker.memory, "workerCores", "max")] : []),
    ...(more.memory ? [offer(worker.cores, most.memory, "workerMemory", "max")] : []),
    ...(more.cores && more.memory ? [offer(most.cores, most.memory)] : []),
  ];
}

/** What notebooks and the hub are sure of; users may choose any profile. */
function hubPods({ hub, user, profiles }: HubSettings): PodSize[] {
  return [
    { role: "core", ...guarantee(hub), path: ["hub"] },
    ...(profiles.length === 0
      ? [{ role: "user", ...guarantee(user), path: ["user"] } satisfies PodSize]
      : []),
    ...profiles.map(
      (profile, index): PodSize => ({
        role: profile.gpus > 0 ? "gpu" : "user",
        ...guarantee(profile),
        gpus: profile.gpus,
        path: ["profiles", index],
      }),
    ),
  ];
}

function daskhubPods(release: DaskhubSettings): PodSize[] {
  return [...hubPods(release), ...gatewayPods(release)];
}

function guarantee({ cores, memory }: { cores: { guarantee: number }; memory: { guarantee: string } }) {
  return { cores: cores.guarantee, memory: memory.guarantee };
}

/** What `KubeCluster` makes goes to no pool: the operator's client can say neither labels nor tolerations. */
function operatorPod({ clusters }: DaskOperatorSettings): PodSize {
  const anywhere = { nodeSelector: {}, tolerations: [] };
  return { role: "worker", ...size(clusters), path: ["clusters"], placement: anywhere };
}

function daskPods({ scheduler, workers, workerGroups, jupyter }: DaskSettings): PodSize[] {
  return [
    { role: "scheduler", ...size(scheduler), path: ["scheduler"] },
    ...(workers.replicas > 0
      ? [{ role: "worker", ...size(workers), path: ["workers"] } satisfies PodSize]
      : []),
    ...Object.entries(workerGroups)
      .filter(([, group]) => group.replicas > 0)
      .map(
        ([name, group]): PodSize => ({
          role: "worker",
          ...size(group),
          path: ["workerGroups", name],
          ...(group.placement === undefined ? {} : { placement: group.placement }),
        }),
      ),
    ...(jupyter === undefined
      ? []
      : [{ role: "user", ...size(jupyter), path: ["jupyter"] } satisfies PodSize]),
  ];
}

function size({ cores, memory }: { cores: number; memory: string }) {
  return { cores, memory };
}
