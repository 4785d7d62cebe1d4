import type { Values } from "../chart.ts";
import { canonicalMemory } from "../quantity.ts";

/** What a pod is sure of and what it may use at most. */
export interface SizeRange {
  readonly cores: { readonly guarantee: number; readonly limit: number };
  readonly memory: { readonly guarantee: string; readonly limit: string };
}

/** Requests and limits as a container takes them. */
export function resources({ cores, memory }: SizeRange): Values {
  return {
    requests: { cpu: cores.guarantee, memory: canonicalMemory(memory.guarantee) },
    limits: { cpu: cores.limit, memory: canonicalMemory(memory.limit) },
  };
}

/** What containers that only wait are given. */
export const IDLE_CONTAINER: SizeRange = {
  cores: { guarantee: 0.01, limit: 0.2 },
  memory: { guarantee: "16M", limit: "64M" },
};

/** What the container that keeps Let's Encrypt's certificates in a Secret is given. */
export const SECRET_SYNC: SizeRange = {
  cores: { guarantee: 0.01, limit: 0.5 },
  memory: { guarantee: "64M", limit: "256M" },
};

/** What each of the two schedulers of `userScheduler` is given. */
export const USER_SCHEDULER: SizeRange = {
  cores: { guarantee: 0.05, limit: 1 },
  memory: { guarantee: "128M", limit: "512M" },
};
