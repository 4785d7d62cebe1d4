/** Clouds whose machine types may be known; a flavour of OpenStack says nothing by its name. */
export type CloudName = "gke" | "eks" | "magnum";

/** What pods can have of a node. */
export interface NodeResources {
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
}

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

interface Machine {
  readonly cores: number;
  /** Nominal memory in GiB. */
  readonly memory: number;
}

/**
 * What pods can have of a node of a machine type: not the nominal size, but what is left by the kernel, by the
 * reservations of the cloud's kubelet and by the cloud's own DaemonSets; `undefined` for a type that is not known.
 *
 * Memory and CPU reservations follow the formulas in Google's "Plan node sizes" and in the kubelet set-up of Amazon's
 * node images; shares of kernel and DaemonSets are rounded up, so that what fits here fits there.
 */
export function nodeResources(cloud: CloudName, machineType: string): NodeResources | undefined {
  if (cloud === "gke") return gkeNode(machineType);
  return cloud === "eks" ? eksNode(machineType) : undefined;
}

/** Share of the nominal memory that the kernel and the firmware keep. */
const KERNEL_SHARE = { gke: 0.025, eks: 0.04 } as const;
/** What DaemonSets of the cloud ask for on every node. */
const DAEMON_SETS = {
  gke: { cores: 0.45, memory: 600 * MIB },
  eks: { cores: 0.25, memory: 300 * MIB },
} as const;
const EVICTION = 100 * MIB;

function gkeNode(machineType: string): NodeResources | undefined {
  const machine = gcpMachine(machineType);
  if (machine === undefined) return undefined;
  const memory = machine.memory * GIB;
  // Shared cores: Google reserves a fixed 1.06 of the two.
  const reserved = /^e2-(micro|small|medium)$/.test(machineType) ? 1.06 : reservedCores(machine.cores);
  return remaining(
    {
      cores: machine.cores - reserved,
      memory: memory * (1 - KERNEL_SHARE.gke) - gkeReservedMemory(memory) - EVICTION,
    },
    DAEMON_SETS.gke,
  );
}

function eksNode(machineType: string): NodeResources | undefined {
  const machine = awsMachine(machineType);
  if (machine === undefined) return undefined;
  const kube = (255 + 11 * machine.pods) * MIB;
  return remaining(
    {
      cores: machine.cores - reservedCores(machine.cores),
      memory: machine.memory * GIB * (1 - KERNEL_SHARE.eks) - kube - EVICTION,
    },
    DAEMON_SETS.eks,
  );
}

function remaining(node: NodeResources, daemonSets: NodeResources): NodeResources {
  return {
    cores: Math.max(0, node.cores - daemonSets.cores),
    memory: Math.max(0, Math.floor(node.memory - daemonSets.memory)),
  };
}

/** 6 % of the first core, 1 % of the second, 0.5 % of the next two, 0.25 % of the rest. */
function reservedCores(cores: number): number {
  return stepped(cores, [
    [1, 0.06],
    [1, 0.01],
    [2, 0.005],
    [Number.POSITIVE_INFINITY, 0.0025],
  ]);
}

/** 25 % of the first 4 GiB, 20 % of the next 4, 10 % of the next 8, 6 % of the next 112, 2 % of the rest. */
function gkeReservedMemory(memory: number): number {
  if (memory < GIB) return 255 * MIB;
  return stepped(memory, [
    [4 * GIB, 0.25],
    [4 * GIB, 0.2],
    [8 * GIB, 0.1],
    [112 * GIB, 0.06],
    [Number.POSITIVE_INFINITY, 0.02],
  ]);
}

function stepped(amount: number, steps: readonly (readonly [width: number, share: number])[]): number {
  let left = amount;
  let sum = 0;
  for (const [width, share] of steps) {
    const part = Math.min(left, width);
    sum += part * share;
    left -= part;
  }
  return sum;
}

/** GiB for each vCPU, by series and class. */
const GCP_RATIOS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  e2: { standard: 4, highmem: 8, highcpu: 1 },
  n1: { standard: 3.75, highmem: 6.5, highcpu: 0.9 },
  n2: { standard: 4, highmem: 8, highcpu: 1 },
  n2d: { standard: 4, highmem: 8, highcpu: 1 },
  n4: { standard: 4, highmem: 8, highcpu: 2 },
  c2: { standard: 4 },
  c2d: { standard: 4, highmem: 8, highcpu: 2 },
  c3: { standard: 4, highmem: 8, highcpu: 2 },
  c3d: { standard: 4, highmem: 8, highcpu: 2 },
  t2d: { standard: 4 },
  g2: { standard: 4 },
};
const GCP_MACHINES: Readonly<Record<string, Machine>> = {
  "e2-micro": { cores: 2, memory: 1 },
  "e2-small": { cores: 2, memory: 2 },
  "e2-medium": { cores: 2, memory: 4 },
  "a2-highgpu-1g": { cores: 12, memory: 85 },
  "a2-highgpu-2g": { cores: 24, memory: 170 },
  "a2-highgpu-4g": { cores: 48, memory: 340 },
  "a2-highgpu-8g": { cores: 96, memory: 680 },
  "a2-megagpu-16g": { cores: 96, memory: 1360 },
  "a2-ultragpu-1g": { cores: 12, memory: 170 },
  "a2-ultragpu-2g": { cores: 24, memory: 340 },
  "a2-ultragpu-4g": { cores: 48, memory: 680 },
  "a2-ultragpu-8g": { cores: 96, memory: 1360 },
  "a3-highgpu-1g": { cores: 26, memory: 234 },
  "a3-highgpu-2g": { cores: 52, memory: 468 },
  "a3-highgpu-4g": { cores: 104, memory: 936 },
  "a3-highgpu-8g": { cores: 208, memory: 1872 },
  "a3-megagpu-8g": { cores: 208, memory: 1872 },
  "a3-ultragpu-8g": { cores: 224, memory: 2952 },
  "a4-highgpu-8g": { cores: 224, memory: 3968 },
  "g4-standard-48": { cores: 48, memory: 180 },
  "g4-standard-96": { cores: 96, memory: 360 },
  "g4-standard-192": { cores: 192, memory: 720 },
  "g4-standard-384": { cores: 384, memory: 1440 },
};

function gcpMachine(name: string): Machine | undefined {
  const custom = /^(?:[a-z]\w+-)?custom-(\d+)-(\d+)(?:-ext)?$/.exec(name);
  if (custom !== null) return { cores: Number(custom[1]), memory: Number(custom[2]) / 1024 };
  const [series = "", kind = "", count = ""] = name.split("-");
  const ratio = listedAs(kind, listedAs(series, GCP_RATIOS) ?? {});
  const regular = /^[a-z0-9]+-[a-z]+-[1-9]\d*$/.test(name) && ratio !== undefined;
  return regular ? { cores: Number(count), memory: Number(count) * ratio } : listedAs(name, GCP_MACHINES);
}

/** What a table says of a name, and nothing of names that every object of JavaScript has. */
function listedAs<Value>(name: string, table: Readonly<Record<string, Value>>): Value | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** A machine type of Amazon with the most pods its network interfaces have addresses for. */
interface AwsMachine extends Machine {
  readonly pods: number;
}

/** GiB for each vCPU of the regular families, by their first letter. */
const AWS_RATIOS: Readonly<Record<string, number>> = { c: 2, m: 4, r: 8 };
/** vCPUs and pods by size, in the regular families. */
const AWS_SIZES: Readonly<Record<string, readonly [cores: number, pods: number]>> = {
  large: [2, 29],
  xlarge: [4, 58],
  "2xlarge": [8, 58],
  "4xlarge": [16, 234],
  "8xlarge": [32, 234],
  "12xlarge": [48, 234],
  "16xlarge": [64, 737],
  "24xlarge": [96, 737],
  "32xlarge": [128, 737],
  "48xlarge": [192, 737],
};
/** vCPUs, GiB and pods of types that do not follow the regular families. */
const AWS_MACHINES: Readonly<Record<string, readonly [cores: number, memory: number, pods: number]>> = {
  "c5.9xlarge": [36, 72, 234],
  "c5.18xlarge": [72, 144, 737],
  "t3.small": [2, 2, 11],
  "t3.medium": [2, 4, 17],
  "t3.large": [2, 8, 35],
  "t3.xlarge": [4, 16, 58],
  "t3.2xlarge": [8, 32, 58],
  "g4dn.xlarge": [4, 16, 29],
  "g4dn.2xlarge": [8, 32, 29],
  "g4dn.4xlarge": [16, 64, 29],
  "g4dn.8xlarge": [32, 128, 58],
  "g4dn.12xlarge": [48, 192, 234],
  "g4dn.16xlarge": [64, 256, 58],
  "g5.xlarge": [4, 16, 58],
  "g5.2xlarge": [8, 32, 58],
  "g5.4xlarge": [16, 64, 234],
  "g5.8xlarge": [32, 128, 234],
  "g5.16xlarge": [64, 256, 234],
  "g6.xlarge": [4, 16, 58],
  "g6.2xlarge": [8, 32, 58],
  "g6.4xlarge": [16, 64, 234],
  "g6.8xlarge": [32, 128, 234],
  "p3.2xlarge": [8, 61, 58],
  "p3.8xlarge": [32, 244, 234],
  "p3.16xlarge": [64, 488, 234],
};

function awsMachine(name: string): AwsMachine | undefined {
  const listed = listedAs(name.replace(/^t3a\./, "t3."), AWS_MACHINES);
  if (listed !== undefined) return { cores: listed[0], memory: listed[1], pods: listed[2] };
  const found = /^([cmr])[5-8][agi]?[dn]?\.(\w+)$/.exec(name);
  const ratio = listedAs(found?.[1] ?? "", AWS_RATIOS);
  const size = listedAs(found?.[2] ?? "", AWS_SIZES);
  if (ratio === undefined || size === undefined) return undefined;
  return { cores: size[0], memory: size[0] * ratio, pods: size[1] };
}
