import type { NodePool } from "./node-pools.ts";

/** Images of Amazon Linux 2023 for the nodes of EKS, by what they are made for. */
export type NodeImage =
  | "AL2023_x86_64_STANDARD"
  | "AL2023_ARM_64_STANDARD"
  | "AL2023_x86_64_NVIDIA"
  | "AL2023_ARM_64_NVIDIA";

interface Family {
  /** Letters before the generation: `m`, `g`, `p`. */
  readonly series: string;
  /** What follows the generation: `i`, `gd`, `dn`, `-b200`. */
  readonly options: string;
}

/** GPU series with NVIDIA's devices, in Amazon's naming of instance types. */
const GPU_SERIES = ["g", "gr", "p"];
/** Of series `g`, the one generation with a GPU of another maker. */
const OTHER_GPUS = /^g4ad\./;

function family(machineType: string): Family {
  const [, series = "", options = ""] = /^([a-z]+)\d+([a-z0-9-]*)\./.exec(machineType) ?? [];
  return { series, options };
}

/** Whether a machine type has GPUs that Dask can use: NVIDIA's. */
export function isGpuMachine(machineType: string): boolean {
  return GPU_SERIES.includes(family(machineType).series) && !OTHER_GPUS.test(machineType);
}

/** Families of which every size has one GPU, but for the sizes named; as Amazon's "Accelerated computing" lists them. */
const GPUS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  g3: { "8xlarge": 2, "16xlarge": 4 },
  g3s: {},
  g4dn: { "12xlarge": 4, metal: 8 },
  g5: { "12xlarge": 4, "24xlarge": 4, "48xlarge": 8 },
  g5g: { "16xlarge": 2, metal: 2 },
  g6: { "12xlarge": 4, "24xlarge": 4, "48xlarge": 8 },
  g6e: { "12xlarge": 4, "24xlarge": 4, "48xlarge": 8 },
  gr6: {},
  p3: { "8xlarge": 4, "16xlarge": 8 },
  p3dn: { "24xlarge": 8 },
  p4d: { "24xlarge": 8 },
  p4de: { "24xlarge": 8 },
  p5: { "48xlarge": 8 },
  p5e: { "48xlarge": 8 },
  p5en: { "48xlarge": 8 },
  "p6-b200": { "48xlarge": 8 },
};

/** NVIDIA's GPUs of a machine type: none for ordinary ones, `undefined` where the family is not known here. */
export function machineGpus(machineType: string): number | undefined {
  if (!isGpuMachine(machineType)) return 0;
  const [name = "", size = ""] = machineType.split(".");
  const several = Object.hasOwn(GPUS, name) ? GPUS[name] : undefined;
  return several === undefined ? undefined : (several[size] ?? 1);
}

/** GPUs that each node of a pool has, whichever of its machine types it is; `undefined` where that is not known. */
export function gpusOf({ machineType }: Pick<NodePool, "machineType">): number | undefined {
  return machineType
    .map(machineGpus)
    .reduce((least, each) => (least === undefined || each === undefined ? undefined : Math.min(least, each)));
}

/** The image that the nodes of a machine type start from: a `g` among the options is Amazon's own ARM processor. */
export function nodeImage(machineType: string): NodeImage {
  const isArm = family(machineType).options.includes("g");
  if (isGpuMachine(machineType)) return isArm ? "AL2023_ARM_64_NVIDIA" : "AL2023_x86_64_NVIDIA";
  return isArm ? "AL2023_ARM_64_STANDARD" : "AL2023_x86_64_STANDARD";
}
