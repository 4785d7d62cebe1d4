import { bytes, printable } from "../quantities.ts";
import { type CloudName, nodeResources } from "./machine-types.ts";
import type { NodePool, NodePools } from "./node-pools.ts";

/** Cores, and memory in bytes. */
export interface Size {
  readonly cores: number;
  readonly memory: number;
}

/** What every node of a pool has for pods, whichever of its machine types it is; `undefined` where not known. */
export function nodeSize({ resources, machineType }: NodePool, cloud: CloudName): Size | undefined {
  if (resources !== undefined) return { cores: resources.cores, memory: bytes(resources.memory) };
  const sizes = machineType.map((type) => nodeResources(cloud, type));
  return sizes.reduce((least, size) =>
    least === undefined || size === undefined
      ? undefined
      : { cores: Math.min(least.cores, size.cores), memory: Math.min(least.memory, size.memory) },
  );
}

/** A size as the settings write it, rounded down so that what is named fits. */
export function sizeText({ cores, memory }: Size): string {
  const text = memory >= 10e9 ? `${Math.floor(memory / 1e9)}G` : `${Math.floor(memory / 1e6)}M`;
  return `${Math.floor(cores * 100) / 100} cores and ${text}`;
}

/** A warning for each pool whose nodes nobody knows the size of, so that nothing says whether pods fit them. */
export function unknownSizes(pools: NodePools, cloud: CloudName): string[] {
  return Object.entries(pools)
    .filter(([, pool]) => pool.resources === undefined)
    .map(
      ([name, pool]) =>
        [name, pool.machineType.filter((t) => nodeResources(cloud, t) === undefined)] as const,
    )
    .filter(([, types]) => types.length > 0)
    .map(
      ([name, types]) =>
        `dask:cluster.nodePools.${name}: the size of ${printable(types.join(", "))} is not known here, so nothing checks that pods fit; add resources: { cores, memory }`,
    );
}
