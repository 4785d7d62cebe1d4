import type { Cause } from "./findings.ts";
import type { Pod } from "./objects.ts";

/** Reasons for which a node gives a pod up, what came of it and what they ask for; the first that fits. */
const REASONS: readonly [reason: RegExp, what: string, remedy: string][] = [
  [
    /^Evicted$/,
    "was evicted by its node",
    "the node ran short of what the words above name: larger requests for the pod, less work in it, or larger nodes",
  ],
  [
    /Preempt/,
    "had to make room for a more important pod",
    "the nodes are too small or too few for all: larger or more nodes (max of the node pool), or smaller requests",
  ],
  [
    /^(Terminated|NodeShutdown|Shutdown|NodeLost|TerminationByKubelet|DeletionByTaintManager|DeletionByPodGC|EvictionByEvictionAPI)$/,
    "went with its node",
    "its workload makes another; where none comes, look at the nodes: kubectl get nodes",
  ],
  [
    /^(OutOf\w+|NodeAffinity|UnexpectedAdmissionError|TaintToleration)$/,
    "was turned away by its node",
    "the node was fuller than the scheduler knew, or has other labels by now; its workload makes another pod, and where none comes: kubectl describe node",
  ],
];

/** Why a pod is over that its node gave up, whatever its containers were at; pure. */
export function evictedCause({ metadata, status }: Pod): Cause | undefined {
  if (status.phase !== "Failed") return undefined;
  const disruption = status.conditions.find(
    ({ type, status: is }) => type === "DisruptionTarget" && is === "True",
  );
  const reason = status.reason === "" ? (disruption?.reason ?? "") : status.reason;
  const found = REASONS.find(([pattern]) => pattern.test(reason));
  if (found === undefined) return undefined;
  const [, what, remedy] = found;
  const { namespace, name } = metadata;
  return {
    what,
    words: [reason, status.message === "" ? (disruption?.message ?? "") : status.message],
    remedy: `${remedy}. What is left of this pod goes with kubectl delete pod -n ${namespace} ${name}`,
  };
}
