import { bytes as exactBytes, seconds } from "../quantities.ts";
import type { GatewayShapeSettings } from "./dask-gateway.ts";

/** What the sizes and limits of a gateway come to; memory in bytes. */
export interface GatewaySizes {
  readonly scheduler: Size;
  /** The worker that a user gets who chooses nothing. */
  readonly worker: Size;
  /** Ranges that users choose from; absent where there is no choice. */
  readonly workerCores?: Range;
  readonly workerMemory?: Range;
  /** What one cluster may use, its scheduler included. */
  readonly limits: Size & {
    readonly workers: number;
    /** Seconds without work until a cluster is shut down; 0 means never. */
    readonly idle: number;
  };
}

interface Size {
  readonly cores: number;
  readonly memory: number;
}
interface Range {
  readonly min: number;
  readonly max: number;
}

/** How many times the default worker a user may ask for where the settings name no most. */
const HEADROOM = 4;

/** Works out the defaults of a gateway's limits and ranges, which follow from each other. */
export function gatewaySizes(settings: GatewayShapeSettings): GatewaySizes {
  const { options, limits } = settings;
  const scheduler = size(settings.scheduler);
  const worker = size(settings.worker);
  const most = {
    cores: limits.cores ?? scheduler.cores + limits.workers * worker.cores,
    memory:
      limits.memory === undefined ? scheduler.memory + limits.workers * worker.memory : bytes(limits.memory),
  };
  const left = { cores: most.cores - scheduler.cores, memory: most.memory - scheduler.memory };
  const { workerCores, workerMemory } = options;
  return {
    scheduler,
    worker,
    ...(workerCores === false ? {} : { workerCores: range(workerCores, worker.cores, 1, left.cores) }),
    ...(workerMemory === false
      ? {}
      : { workerMemory: range(inBytes(workerMemory), worker.memory, 1e9, left.memory) }),
    limits: {
      ...most,
      workers: limits.workers,
      idle: limits.idle === "never" ? 0 : seconds(limits.idle),
    },
  };
}

/** Whole bytes: binary fractions such as those of 1.1T would not be a number that Dask takes. */
function bytes(text: string): number {
  return Math.round(exactBytes(text));
}

function size({ cores, memory }: { cores: number; memory: string }): Size {
  return { cores, memory: bytes(memory) };
}

interface PartialRange {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

function inBytes({ min, max }: { min?: string | undefined; max?: string | undefined }): PartialRange {
  return {
    min: min === undefined ? undefined : bytes(min),
    max: max === undefined ? undefined : bytes(max),
  };
}

function range(wanted: PartialRange, usual: number, least: number, left: number): Range {
  return {
    min: wanted.min ?? Math.min(least, usual),
    max: wanted.max ?? Math.max(usual, Math.min(HEADROOM * usual, left)),
  };
}
