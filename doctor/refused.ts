import type { Finding } from "./findings.ts";
import type { Event, Workload } from "./objects.ts";
import { hasPods } from "./workloads.ts";

/** What tells of pods that are not there. */
interface Told {
  readonly workloads: readonly Workload[];
  readonly events: readonly Event[];
}

/** Pods that the API server does not let anybody make: no pod is there to tell it; pure. */
export function refusedPods({ workloads, events }: Told): Finding[] {
  const conditions = workloads.flatMap(({ metadata, status }) =>
    status.conditions
      .filter(({ type, status: is }) => type === "ReplicaFailure" && is === "True")
      .map(({ message }) => ({ namespace: metadata.namespace, message })),
  );
  const failed = events
    // What a ReplicaSet is refused, the conditions of its Deployment tell, and only while it is.
    .filter(({ reason, involvedObject }) => reason === "FailedCreate" && involvedObject.kind !== "ReplicaSet")
    .filter(({ involvedObject: object }) => !workloads.some((each) => isAbout(object, each) && hasPods(each)))
    .map(({ involvedObject, message }) => ({ namespace: involvedObject.namespace, message }));
  const seen = new Map(
    [...conditions, ...failed].map((each) => [`${each.namespace} ${kindOf(each.message)}`, each]),
  );
  return [...seen.values()].map(({ namespace, message }) => ({
    problem: `pods are refused in namespace ${namespace}: ${kindOf(message)}`,
    evidence: [message],
    remedy: refusalRemedy(message, namespace),
  }));
}

function isAbout(object: Event["involvedObject"], { kind, metadata }: Workload): boolean {
  return object.kind === kind && object.name === metadata.name && object.namespace === metadata.namespace;
}

function kindOf(message: string): string {
  if (/exceeded quota/.test(message)) return "the quota is full";
  if (/must specify .*(limits|requests)|failed quota/.test(message)) return "the quota wants limits";
  if (/PodSecurity/.test(message)) return "the Pod Security profile forbids them";
  if (/serviceaccount/.test(message)) return "their ServiceAccount is missing";
  return "the API server forbids them";
}

function refusalRemedy(message: string, namespace: string): string {
  if (/exceeded quota/.test(message))
    return `fewer or smaller workers, or a larger quota (kubectl describe quota -n ${namespace})`;
  if (/PodSecurity/.test(message))
    return `a namespace with a looser profile, or settings that need no root (packages of a release are installed as root)`;
  return "the words above name what is missing";
}
