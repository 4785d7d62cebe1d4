import { isGpuMachine } from "../../settings/clusters/eks-facts.ts";
import type { NodePool, Taint } from "../../settings/clusters/node-pools.ts";
import { nodeLabels, nodeTaints } from "../../settings/clusters/pool-marks.ts";
import type { Tags } from "../cloud/tags.ts";

/** The label that the device plugin's chart looks for. */
const GPU_LABEL = "nvidia.com/gpu.present";
/** By this label the autoscaler waits until a new node shows its GPUs, and does not add another meanwhile. */
const ACCELERATOR_LABEL = "k8s.amazonaws.com/accelerator";

/** Labels of a pool's nodes: those of every cloud, and on nodes with GPUs what finds them. */
export function labelsOf(name: string, pool: NodePool): Record<string, string> {
  const labels = nodeLabels(name, pool);
  if (!isGpuMachine(pool.machineType[0])) return labels;
  return { [GPU_LABEL]: "true", [ACCELERATOR_LABEL]: pool.gpu?.type ?? "nvidia", ...labels };
}

const TEMPLATE = "k8s.io/cluster-autoscaler/node-template";

/**
 * Tags of a pool's autoscaling group: what the autoscaler must know of a node before there is one, and the stack's own.
 *
 * A node group does not hand its own tags down to the autoscaling group.
 */
export function scalingTags(name: string, pool: NodePool, tags: Tags): Record<string, string> {
  const labels = Object.entries(labelsOf(name, pool)).map(([key, value]) => [
    `${TEMPLATE}/label/${key}`,
    value,
  ]);
  const taints = nodeTaints(pool).map((taint) => [`${TEMPLATE}/taint/${taint.key}`, taintText(taint)]);
  return {
    ...tags,
    ...Object.fromEntries([...labels, ...taints]),
    [`${TEMPLATE}/resources/ephemeral-storage`]: pool.disk,
  };
}

function taintText({ value, effect }: Taint): string {
  return `${value}:${effect}`;
}
