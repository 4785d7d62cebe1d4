import type { Pod, Workload } from "./objects.ts";

/** Whether a workload has come to a good end, or has all the pods that it is to have, ready; pure. */
export function isWhole({ kind, spec, status }: Workload): boolean {
  if (status.conditions.some(({ type, status }) => type === "Complete" && status === "True")) return true;
  if (kind === "DaemonSet")
    return status.numberReady >= (status.desiredNumberScheduled ?? Number.POSITIVE_INFINITY);
  return spec.replicas !== undefined && status.readyReplicas >= spec.replicas;
}

/** Whether pods that a workload was refused have come by now: its events tell of them for an hour; pure. */
export function hasPods(workload: Workload): boolean {
  return isWhole(workload) || (workload.kind === "Job" && workload.status.active > 0);
}

/** Whether a pod is one that its workload no longer needs: a better one has taken its place; pure. */
export function isReplaced({ metadata, status }: Pod, workloads: readonly Workload[]): boolean {
  return metadata.ownerReferences.some((owner) => {
    const [kind, name] =
      owner.kind === "ReplicaSet" ? ["Deployment", deploymentOf(owner.name)] : [owner.kind, owner.name];
    const workload = workloads.find(
      (each) =>
        each.kind === kind && each.metadata.name === name && each.metadata.namespace === metadata.namespace,
    );
    // One that is still wanted may be late; one that has failed never comes back.
    return workload !== undefined && isWhole(workload) && (kind === "Job" || status.phase === "Failed");
  });
}

/** A Deployment names its ReplicaSets after itself, with a hash at the end. */
function deploymentOf(replicaSet: string): string {
  return replicaSet.replace(/-[^-]+$/, "");
}
