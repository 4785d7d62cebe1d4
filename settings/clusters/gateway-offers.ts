import { memoryText } from "../quantities.ts";
import type { GatewayShapeSettings } from "../releases/dask-gateway.ts";
import { gatewaySizes } from "../releases/gateway-limits.ts";
import type { Settings } from "../schema.ts";
import type { ClusterSettings } from "./cluster.ts";
import { eksTraits } from "./eks-rules.ts";
import { gkeTraits } from "./gke-rules.ts";
import { traitsOf as magnumTraits } from "./magnum-pool-rules.ts";
import type { Size } from "./node-sizes.ts";
import { placesOf } from "./pod-places.ts";

/**
 * Fills in the largest workers that users of a gateway may choose, where the settings name none: such as fit a node.
 *
 * Without it the default would offer workers that no pool can take, and who chose one would wait for ever. Where
 * nobody knows the nodes, nothing is filled in, and the default follows from `worker` and `limits` alone.
 */
export function offerWhatFits(settings: Settings): Settings {
  const nodes = nodesForWorkers(settings.cluster);
  if (nodes === undefined) return settings;
  const releases = Object.entries(settings.releases).map(([name, release]) => {
    if (release.kind !== "dask-gateway" && release.kind !== "daskhub") return [name, release] as const;
    return [name, { ...release, options: fittingOptions(release, nodes) }] as const;
  });
  return { ...settings, releases: Object.fromEntries(releases) };
}

/** What the nodes of each pool for workers have for pods; `undefined` where that is not known of one. */
function nodesForWorkers(cluster: ClusterSettings): readonly Size[] | undefined {
  const places = placesForWorkers(cluster);
  const sizes = places?.flatMap(({ size }) => size ?? []);
  return sizes?.length === places?.length ? sizes : undefined;
}

function placesForWorkers(cluster: ClusterSettings): ReturnType<typeof placesOf> {
  const worker = { role: "worker" } as const;
  switch (cluster.provider) {
    case "existing":
      return undefined;
    case "gke":
      return placesOf(worker, cluster.nodePools, gkeTraits(cluster));
    case "eks":
      return placesOf(worker, cluster.nodePools, eksTraits(cluster));
    case "magnum":
      return placesOf(worker, cluster.nodePools, magnumTraits(cluster));
    default:
      return cluster satisfies never;
  }
}

function fittingOptions(
  release: GatewayShapeSettings,
  nodes: readonly Size[],
): GatewayShapeSettings["options"] {
  const { options } = release;
  const { workerCores, workerMemory } = options;
  const most = largestWorker(release, nodes);
  return {
    ...options,
    workerCores: workerCores === false ? false : { ...workerCores, max: workerCores.max ?? most.cores },
    workerMemory:
      workerMemory === false ? false : { ...workerMemory, max: workerMemory.max ?? memoryText(most.memory) },
  };
}

/** The largest worker that one node can take, no larger than the defaults; the usual one where none takes more. */
function largestWorker(release: GatewayShapeSettings, nodes: readonly Size[]): Size {
  const { worker, workerCores, workerMemory } = gatewaySizes(release);
  const { options } = release;
  const fixed = {
    cores: options.workerCores !== false && options.workerCores.max !== undefined,
    memory: options.workerMemory !== false && options.workerMemory.max !== undefined,
  };
  const most = { cores: workerCores?.max ?? worker.cores, memory: workerMemory?.max ?? worker.memory };
  const least = {
    cores: fixed.cores ? most.cores : worker.cores,
    memory: fixed.memory ? most.memory : worker.memory,
  };
  return nodes
    .filter((node) => node.cores >= least.cores && node.memory >= least.memory)
    .map((node) => ({
      cores: Math.max(least.cores, Math.min(most.cores, roundedDown(node.cores, 0.1))),
      memory: Math.max(least.memory, Math.min(most.memory, roundedDown(node.memory, 1e8))),
    }))
    .reduce((largest, each) => (product(each) > product(largest) ? each : largest), worker);
}

function product({ cores, memory }: Size): number {
  return cores * memory;
}

/** Down to a number that users can remember. */
function roundedDown(amount: number, step: number): number {
  return Number((Math.floor(amount / step + 1e-9) * step).toPrecision(12));
}
