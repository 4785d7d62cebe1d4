import type { NodePool } from "./node-pools.ts";

/**
 * Facts of Google Cloud without Pulumi: the checks of the settings read them too.
 */

/** The region of a zone or a region: `europe-west1` for both `europe-west1-b` and `europe-west1`. */
export function regionOf(location: string): string {
  return location.replace(/-[a-z]$/, "");
}

/** Whether a location is a zone. */
export function isZone(location: string): boolean {
  return regionOf(location) !== location;
}

/** Zones of the nodes: those of the settings, else the cluster's zone, else zone `b`, which every region has. */
export function nodeZonesOf({
  location,
  nodeZones,
}: {
  readonly location: string;
  readonly nodeZones?: readonly string[] | undefined;
}): readonly string[] {
  return nodeZones ?? [isZone(location) ? location : `${location}-b`];
}

/** Series with Arm processors: in Google's names an `a` after the generation, and A4X ("Machine families"). */
const ARM_SERIES = /^([a-z]\d+a|a4x)-/;

/** Whether a machine type has Arm processors: GKE keeps pods off its nodes that do not ask for them. */
export function isArm(machineType: string): boolean {
  return ARM_SERIES.test(machineType);
}

/** A text as labels of Google Cloud allow it: lower case, digits, dash and underscore, at most 63 characters. */
export function labelText(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, "-")
    .slice(0, 63);
}

/** GPUs of one node. */
export interface Gpus {
  readonly type: string;
  readonly count: number;
}

/** A series that comes with GPUs: the GPU, and how many by the last part of the machine type. */
interface GpuSeries {
  readonly type: string;
  count(size: string): number | undefined;
}

/** Series that come with GPUs, as Google's "GPU machine types" lists them. */
const BUILT_IN: Readonly<Record<string, GpuSeries>> = {
  "g2-standard": { type: "nvidia-l4", count: (size) => ({ "24": 2, "48": 4, "96": 8 })[size] ?? 1 },
  "g4-standard": {
    type: "nvidia-rtx-pro-6000",
    count: (size) => ({ "48": 1, "96": 2, "192": 4, "384": 8 })[size],
  },
  "a2-highgpu": { type: "nvidia-tesla-a100", count: perNode },
  "a2-megagpu": { type: "nvidia-tesla-a100", count: perNode },
  "a2-ultragpu": { type: "nvidia-a100-80gb", count: perNode },
  "a3-edgegpu": { type: "nvidia-h100-80gb", count: perNode },
  "a3-highgpu": { type: "nvidia-h100-80gb", count: perNode },
  "a3-megagpu": { type: "nvidia-h100-mega-80gb", count: perNode },
  "a3-ultragpu": { type: "nvidia-h200-141gb", count: perNode },
  "a4-highgpu": { type: "nvidia-b200", count: perNode },
};

/** `8` for the last part of `a3-megagpu-8g`. */
function perNode(size: string): number | undefined {
  const found = /^(\d+)g$/.exec(size)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** GPUs of a pool's nodes: those of its machine type, else those that the settings attach. */
export function gpusOf({
  machineType: [machine],
  gpu,
}: Pick<NodePool, "machineType" | "gpu">): Gpus | undefined {
  const [series = "", kind = "", size = ""] = machine.split("-");
  const builtIn = BUILT_IN[`${series}-${kind}`];
  const type = builtIn?.type ?? gpu?.type;
  const count = builtIn === undefined ? (gpu?.count ?? 1) : (builtIn.count(size) ?? gpu?.count);
  return type === undefined || count === undefined ? undefined : { type, count };
}

/** GPUs that can be attached to machines, and how many of them, as Google's "GPU machine types" lists them. */
export const ATTACHABLE: Readonly<Record<string, readonly number[]>> = {
  "nvidia-tesla-t4": [1, 2, 4],
  "nvidia-tesla-p4": [1, 2, 4],
  "nvidia-tesla-p100": [1, 2, 4],
  "nvidia-tesla-v100": [1, 2, 4, 8],
};

/** Whether GPUs can be attached to a machine type: to `n1` only, all others come with them or have none. */
export function takesGpus(machineType: string): boolean {
  return machineType.startsWith("n1-");
}

/** Whether a machine type comes with GPUs. */
export function hasGpus(machineType: string): boolean {
  const [series = "", kind = ""] = machineType.split("-");
  return BUILT_IN[`${series}-${kind}`] !== undefined;
}
