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

/** The image that the nodes of a machine type start from: a `g` among the options is Amazon's own ARM processor. */
export function nodeImage(machineType: string): NodeImage {
  const isArm = family(machineType).options.includes("g");
  if (isGpuMachine(machineType)) return isArm ? "AL2023_ARM_64_NVIDIA" : "AL2023_x86_64_NVIDIA";
  return isArm ? "AL2023_ARM_64_STANDARD" : "AL2023_x86_64_STANDARD";
}
