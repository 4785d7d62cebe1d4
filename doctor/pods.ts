import { evictedCause } from "./evicted.ts";
import type { Cause, Finding } from "./findings.ts";
import type { Claim, ContainerStatus, Event, Pod, Service, Workload } from "./objects.ts";
import { refusedPods } from "./refused.ts";
import { isReplaced } from "./workloads.ts";

/** What runs in the stack's namespaces, and what is said of it. */
export interface Running {
  readonly pods: readonly Pod[];
  /** Deployments, StatefulSets, DaemonSets and Jobs. */
  readonly workloads: readonly Workload[];
  readonly claims: readonly Claim[];
  readonly services: readonly Service[];
  readonly events: readonly Event[];
  /** The last lines of containers that do not stay up, by `<namespace>/<pod>/<container>`. */
  readonly logs: Readonly<Record<string, string>>;
}

/** What is not ready in the stack's namespaces, why, and what usually mends it; pure. */
export function notReady(running: Running): Finding[] {
  return [
    ...running.pods.flatMap((pod) => podFinding(pod, running)),
    ...running.claims.flatMap((claim) => claimFinding(claim, running)),
    ...refusedPods(running),
    ...running.services.flatMap((service) => serviceFinding(service, running)),
  ];
}

function podFinding(pod: Pod, running: Running): Finding[] {
  if (isFine(pod) || isReplaced(pod, running.workloads)) return [];
  const said = warnings("Pod", pod.metadata, running.events);
  const cause = evictedCause(pod) ?? notScheduled(pod) ?? containerCause(pod, running) ?? otherCause(said);
  if (cause === undefined) return [];
  const words = [...cause.words, ...said.filter((each) => !cause.words.some((word) => each.includes(word)))];
  return [
    {
      problem: `pod ${pod.metadata.namespace}/${pod.metadata.name} ${cause.what}`,
      evidence: words.filter((each) => each !== ""),
      remedy: cause.remedy,
    },
  ];
}

function isFine({ metadata, status }: Pod): boolean {
  const ready = status.conditions.some(({ type, status }) => type === "Ready" && status === "True");
  return metadata.deletionTimestamp !== undefined || status.phase === "Succeeded" || ready;
}

function notScheduled({ status }: Pod): Cause | undefined {
  const scheduled = status.conditions.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status !== "False") return undefined;
  return {
    what: "finds no node",
    words: [scheduled.message],
    remedy: schedulingRemedy(scheduled.message),
  };
}

/** The scheduler's words, and what they ask for; the first that fits. */
const SCHEDULING: readonly [words: RegExp, remedy: string][] = [
  [
    /PersistentVolumeClaim|persistent volumes|volume node affinity/,
    "its volume is missing: see what is said of the claim",
  ],
  [
    /Insufficient|Too many pods/,
    "no node has room: smaller cores and memory in the release, larger or more nodes (max of the node pool), or wait where an autoscaler is at work",
  ],
  [
    /node affinity\/selector|node selector/,
    "no node carries the labels that it asks for: change placement in dask:cluster, or label nodes",
  ],
  [
    /taint/,
    "the nodes are reserved for others: add tolerations in dask:cluster.placement, or nodes without taints",
  ],
  [/no nodes available/, "the cluster has no nodes: start some, or look at the node pools"],
];

function schedulingRemedy(message: string): string {
  return SCHEDULING.find(([words]) => words.test(message))?.[1] ?? "look at the nodes: kubectl get nodes";
}

function containerCause(pod: Pod, { logs }: Running): Cause | undefined {
  const { initContainerStatuses, containerStatuses } = pod.status;
  const { namespace, name } = pod.metadata;
  for (const container of [...initContainerStatuses, ...containerStatuses]) {
    const log = logs[`${namespace}/${name}/${container.name}`];
    const cause = imageCause(container) ?? configCause(container) ?? crashCause(container, log);
    if (cause !== undefined) return cause;
  }
  const unready = containerStatuses.find(({ ready, state }) => !ready && state.running !== undefined);
  if (unready === undefined) return undefined;
  return {
    what: "runs and is not ready",
    words: [`container ${unready.name} runs`, ...lastLines(logs[`${namespace}/${name}/${unready.name}`])],
    remedy: `its readiness probe fails: its log says why (kubectl logs -n ${namespace} ${name})`,
  };
}

const IMAGE = [
  "ErrImagePull",
  "ImagePullBackOff",
  "InvalidImageName",
  "ErrImageNeverPull",
  "RegistryUnavailable",
];

function imageCause({ image, name, state: { waiting } }: ContainerStatus): Cause | undefined {
  if (waiting === undefined || !IMAGE.includes(waiting.reason)) return undefined;
  return {
    what: "cannot get its image",
    words: [`container ${name}, image ${image}: ${waiting.reason}`, waiting.message],
    remedy:
      "check the release's image and its tag; a private registry needs image.pullSecrets, and nodes need a way to the registry",
  };
}

function configCause({ name, state: { waiting } }: ContainerStatus): Cause | undefined {
  if (waiting?.reason !== "CreateContainerConfigError" && waiting?.reason !== "CreateContainerError")
    return undefined;
  return {
    what: "cannot start its container",
    words: [`container ${name}: ${waiting.reason}`, waiting.message],
    remedy:
      "a Secret, ConfigMap or key that it names is missing or wrong: make it, or correct the settings that name it",
  };
}

function crashCause(container: ContainerStatus, log: string | undefined): Cause | undefined {
  const { name, state, lastState, restartCount } = container;
  const ended = state.terminated ?? lastState.terminated;
  if (ended === undefined || (ended.exitCode === 0 && state.waiting?.reason !== "CrashLoopBackOff"))
    return undefined;
  if (state.running !== undefined && container.ready) return undefined;
  const memory = ended.reason === "OOMKilled";
  const lines = log === undefined || log === "" ? ended.message : log;
  return {
    what: memory
      ? "needs more memory than it may have"
      : restartCount > 0
        ? "crashes again and again"
        : "failed",
    words: [
      `container ${name} ended with code ${ended.exitCode} (${ended.reason}), ${restartCount} restart(s)`,
      ...lastLines(lines),
    ],
    remedy: memory
      ? "more memory in the release's settings, or less work for it"
      : "its last lines say why: mend the image, the environment or the values of the release",
  };
}

/** Events of a pod that has no container yet, and what they ask for; the first that fits. */
const EVENTS: readonly [words: RegExp, what: string, remedy: string][] = [
  [
    /FailedMount|FailedAttachVolume/,
    "waits for a volume",
    "a Secret or ConfigMap that it mounts is missing, or its disk hangs on another node: see the words above",
  ],
  [
    /FailedCreatePodSandBox/,
    "gets no network",
    "the node's container runtime or network plugin fails: look at the node and at kube-system",
  ],
  [/Evicted|Preempt/, "was evicted", "the node ran short: larger requests for it, or larger nodes"],
];

function otherCause(said: readonly string[]): Cause | undefined {
  for (const [words, what, remedy] of EVENTS) {
    const found = said.filter((each) => words.test(each));
    if (found.length > 0) return { what, words: found, remedy };
  }
  return { what: "is not ready", words: [], remedy: "it may need more time: look again in a minute" };
}

function claimFinding({ metadata, spec, status }: Claim, { events }: Running): Finding[] {
  if (status.phase !== "Pending") return [];
  const storageClass = spec.storageClassName ?? "none, and the cluster has no default";
  return [
    {
      problem: `the volume claim ${metadata.namespace}/${metadata.name} is pending`,
      evidence: [`storage class: ${storageClass}`, ...lastEvents("PersistentVolumeClaim", metadata, events)],
      remedy:
        "name a storage class that has a provisioner (dask:cluster.storageClass; kubectl get storageclass), and check that its driver runs",
    },
  ];
}

function serviceFinding({ metadata, spec, status }: Service, { events }: Running): Finding[] {
  if (spec.type !== "LoadBalancer" || status.loadBalancer.ingress.length > 0) return [];
  return [
    {
      problem: `the load balancer of service ${metadata.namespace}/${metadata.name} has no address`,
      evidence: lastEvents("Service", metadata, events),
      remedy:
        "the cluster may have nothing that makes load balancers (then expose: NodePort or ClusterIP), or the cloud's quota of addresses is full",
    },
  ];
}

/** How many lines of a log and how many events are shown. */
const LINES = 8;
const EVENTS_SHOWN = 3;

function lastLines(text: string | undefined): string[] {
  return (text ?? "")
    .trimEnd()
    .split("\n")
    .slice(-LINES)
    .filter((line) => line !== "");
}

function lastEvents(kind: string, { namespace, name }: Pod["metadata"], events: readonly Event[]): string[] {
  const about = events.filter(
    ({ involvedObject: object }) =>
      object.kind === kind && object.name === name && object.namespace === namespace,
  );
  const lines = about.map(({ reason, message }) => `${reason}: ${message}`);
  return [...new Set(lines)].slice(-EVENTS_SHOWN);
}

function warnings(kind: string, metadata: Pod["metadata"], events: readonly Event[]): string[] {
  return lastEvents(
    kind,
    metadata,
    events.filter(({ type }) => type === "Warning"),
  );
}
