import assert from "node:assert/strict";
import { test } from "node:test";
import type { z } from "zod";
import { withoutPrivate } from "../../doctor/not-ready.ts";
import * as objects from "../../doctor/objects.ts";
import { notReady, type Running } from "../../doctor/pods.ts";
import { remainingResources, terminating } from "../../doctor/terminating.ts";

const place = { name: "worker-1", namespace: "batch" };
const nothing: Running = { pods: [], workloads: [], claims: [], services: [], events: [], logs: {} };

function pod(status: z.input<typeof objects.pod>["status"], metadata: object = {}) {
  return objects.pod.parse({ metadata: { ...place, ...metadata }, status });
}

function container(state: object, more: object = {}) {
  return { name: "main", image: "example.org/dask:1", state, ...more };
}

function event(kind: string, name: string, reason: string, message: string) {
  return objects.event.parse({
    involvedObject: { kind, name, namespace: "batch" },
    type: "Warning",
    reason,
    message,
  });
}

/** The one finding about some objects, as `problem -> remedy`, with the evidence below. */
function only(running: Partial<Running>): readonly [problem: string, ...evidence: string[]] {
  const found = notReady({ ...nothing, ...running });
  assert.equal(found.length, 1, JSON.stringify(found));
  const [finding] = found;
  return [`${finding?.problem} -> ${finding?.remedy}`, ...(finding?.evidence ?? [])];
}

function unscheduled(message: string) {
  return pod({ conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }] });
}

test("a pod without a node is explained by the scheduler's own words", () => {
  const remedies: readonly [message: string, remedy: RegExp][] = [
    ["0/3 nodes are available: 3 Insufficient memory.", /no node has room/],
    ["0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.", /change placement/],
    ["0/3 nodes are available: 3 node(s) had untolerated taint {a: b}.", /add tolerations/],
    ["0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.", /its volume is missing/],
    ["no nodes available to schedule pods", /the cluster has no nodes/],
  ];
  for (const [message, remedy] of remedies) {
    const [problem, ...evidence] = only({ pods: [unscheduled(message)] });
    assert.match(problem, /^pod batch\/worker-1 finds no node -> /);
    assert.match(problem, remedy);
    assert.deepEqual(evidence, [message]);
  }
});

test("an image that cannot be had is named, with the node's words", () => {
  for (const reason of ["ErrImagePull", "ImagePullBackOff", "InvalidImageName"]) {
    const waiting = { reason, message: "not found" };
    const [problem, ...evidence] = only({ pods: [pod({ containerStatuses: [container({ waiting })] })] });
    assert.match(problem, /cannot get its image -> check the release's image and its tag/);
    assert.deepEqual(evidence, [`container main, image example.org/dask:1: ${reason}`, "not found"]);
  }
});

test("a container that crashes shows its last lines, or what it left where there is no log", () => {
  const waiting = { reason: "CrashLoopBackOff" };
  const terminated = { exitCode: 2, reason: "Error", message: "left behind" };
  const crashing = pod({
    containerStatuses: [container({ waiting }, { restartCount: 4, lastState: { terminated } })],
  });
  const [problem, ...lines] = only({ pods: [crashing], logs: { "batch/worker-1/main": "one\ntwo\n" } });
  assert.match(problem, /^pod batch\/worker-1 crashes again and again -> its last lines say why/);
  assert.deepEqual(lines, ["container main ended with code 2 (Error), 4 restart(s)", "one", "two"]);
  assert.deepEqual(only({ pods: [crashing] }).at(-1), "left behind");
});

test("a container that was killed for its memory needs more of it", () => {
  const terminated = { exitCode: 137, reason: "OOMKilled" };
  const status = {
    containerStatuses: [container({ running: {} }, { restartCount: 1, lastState: { terminated } })],
  };
  assert.match(only({ pods: [pod(status)] })[0], /needs more memory than it may have -> more memory/);
});

test("a Secret that is missing, a volume that does not come and a probe that fails are told apart", () => {
  const waiting = { reason: "CreateContainerConfigError", message: 'secret "x" not found' };
  assert.match(
    only({ pods: [pod({ containerStatuses: [container({ waiting })] })] })[0],
    /cannot start its container -> a Secret, ConfigMap or key/,
  );
  const creating = pod({ containerStatuses: [container({ waiting: { reason: "ContainerCreating" } })] });
  const mount = event("Pod", "worker-1", "FailedMount", "MountVolume.SetUp failed");
  assert.deepEqual(only({ pods: [creating], events: [mount] }).slice(1), [
    "FailedMount: MountVolume.SetUp failed",
  ]);
  const running = pod({ phase: "Running", containerStatuses: [container({ running: {} })] });
  const probe = event("Pod", "worker-1", "Unhealthy", "Readiness probe failed: 503");
  const [problem, ...evidence] = only({ pods: [running], events: [probe] });
  assert.match(problem, /runs and is not ready -> its readiness probe fails/);
  assert.deepEqual(evidence, ["container main runs", "Unhealthy: Readiness probe failed: 503"]);
});

test("pods that are ready, done, going or replaced by a better one are no news", () => {
  const ready = { conditions: [{ type: "Ready", status: "True" }] };
  const failed = { phase: "Failed", containerStatuses: [container({ terminated: { exitCode: 1 } })] };
  const job = objects.workload.parse({
    kind: "Job",
    metadata: { name: "test", namespace: "batch" },
    status: { conditions: [{ type: "Complete", status: "True" }] },
  });
  const pods = [
    pod(ready),
    pod({ phase: "Succeeded" }),
    pod({ phase: "Pending" }, { deletionTimestamp: "2026-01-01T00:00:00Z" }),
    pod(failed, { ownerReferences: [{ kind: "Job", name: "test" }] }),
  ];
  assert.deepEqual(notReady({ ...nothing, pods, workloads: [job] }), []);
});

test("pods that the API server refuses are told once for all, by the Deployment or by an event", () => {
  const message =
    'pods "batch-1" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1';
  const deployment = objects.workload.parse({
    metadata: place,
    status: { conditions: [{ type: "ReplicaFailure", status: "True", reason: "FailedCreate", message }] },
  });
  const created = event("Job", "test", "FailedCreate", message.replace("batch-1", "batch-2"));
  const [problem] = only({ workloads: [deployment], events: [created] });
  assert.match(
    problem,
    /^pods are refused in namespace batch: the quota is full -> fewer or smaller workers/,
  );
  const profile = event("StatefulSet", "hub", "FailedCreate", 'violates PodSecurity "restricted:latest"');
  assert.match(only({ events: [profile] })[0], /the Pod Security profile forbids them/);
});

test("what a workload was refused is no news once its pods have come", () => {
  const message = 'pods "hub-0" is forbidden: exceeded quota: small';
  const of = (kind: string, more: object) =>
    objects.workload.parse({ kind, metadata: { name: "hub", namespace: "batch" }, ...more });
  const complete = { conditions: [{ type: "Complete", status: "True" }] };
  const came: readonly [kind: string, there: object, missing: object][] = [
    ["Job", { status: complete }, { status: { conditions: [{ type: "Failed", status: "True" }] } }],
    ["Job", { status: { active: 1 } }, {}],
    [
      "StatefulSet",
      { spec: { replicas: 2 }, status: { readyReplicas: 2 } },
      { spec: { replicas: 2 }, status: { readyReplicas: 1 } },
    ],
    [
      "DaemonSet",
      { status: { desiredNumberScheduled: 3, numberReady: 3 } },
      { status: { desiredNumberScheduled: 3, numberReady: 2 } },
    ],
  ];
  for (const [kind, there, missing] of came) {
    const events = [event(kind, "hub", "FailedCreate", message)];
    assert.deepEqual(notReady({ ...nothing, workloads: [of(kind, there)], events }), [], kind);
    assert.match(only({ workloads: [of(kind, missing)], events })[0], /the quota is full/);
    const another = of(kind === "Job" ? "StatefulSet" : "Job", there);
    assert.match(
      only({ workloads: [another], events })[0],
      /the quota is full/,
      "another's pods are none of its",
    );
  }
});

test("a pod that its node gave up is said to be so, whatever its container was at", () => {
  const terminated = { exitCode: 137, reason: "Error" };
  const over = (status: object) =>
    only({ pods: [pod({ phase: "Failed", containerStatuses: [container({ terminated })], ...status })] });
  const [evicted, ...evidence] = over({
    reason: "Evicted",
    message: "The node was low on resource: memory.",
  });
  assert.match(
    evicted,
    /^pod batch\/worker-1 was evicted by its node -> the node ran short .*larger requests/,
  );
  assert.match(evicted, /kubectl delete pod -n batch worker-1$/);
  assert.deepEqual(evidence, ["Evicted", "The node was low on resource: memory."]);
  assert.match(over({ reason: "Preempting" })[0], /had to make room for a more important pod -> /);
  assert.match(over({ reason: "NodeShutdown" })[0], /went with its node -> its workload makes another/);
  assert.match(over({ reason: "OutOfcpu" })[0], /was turned away by its node -> /);
  const disrupted = { type: "DisruptionTarget", status: "True", reason: "PreemptionByScheduler" };
  assert.match(over({ conditions: [disrupted] })[0], /had to make room/);
  assert.match(over({})[0], /failed -> its last lines say why/, "no node gave it up");
});

test("a pod that its node gave up is no news where its workload has all its pods again", () => {
  const gone = (kind: string, name: string) =>
    pod({ phase: "Failed", reason: "Evicted" }, { ownerReferences: [{ kind, name }] });
  const workload = (kind: string, readyReplicas: number, namespace = "batch") =>
    objects.workload.parse({
      kind,
      metadata: { name: "dask-worker", namespace },
      spec: { replicas: 2 },
      status: { readyReplicas },
    });
  const ofDeployment = gone("ReplicaSet", "dask-worker-5d4f8c7b9");
  const found = (one: objects.Pod, ...workloads: objects.Workload[]) =>
    notReady({ ...nothing, pods: [one], workloads }).length;
  assert.equal(found(ofDeployment, workload("Deployment", 2)), 0);
  assert.equal(found(gone("StatefulSet", "dask-worker"), workload("StatefulSet", 2)), 0);
  assert.equal(found(ofDeployment, workload("Deployment", 1)), 1);
  assert.equal(found(ofDeployment, workload("Deployment", 2, "team"), workload("StatefulSet", 2)), 1);
  const crashing = pod(
    { phase: "Running", containerStatuses: [container({ waiting: { reason: "CrashLoopBackOff" } })] },
    { ownerReferences: [{ kind: "ReplicaSet", name: "dask-worker-5d4f8c7b9" }] },
  );
  assert.equal(found(crashing, workload("Deployment", 2)), 1, "it still tries");
});

test("a claim without a volume and a load balancer without an address are named", () => {
  const claim = objects.claim.parse({
    metadata: { name: "hub-db-dir", namespace: "batch" },
    spec: { storageClassName: "slow" },
    status: { phase: "Pending" },
  });
  const failed = event("PersistentVolumeClaim", "hub-db-dir", "ProvisioningFailed", "no capacity");
  const [problem, ...evidence] = only({ claims: [claim], events: [failed] });
  assert.match(problem, /volume claim batch\/hub-db-dir is pending -> name a storage class/);
  assert.deepEqual(evidence, ["storage class: slow", "ProvisioningFailed: no capacity"]);
  const service = objects.service.parse({ metadata: place, spec: { type: "LoadBalancer" } });
  assert.match(only({ services: [service] })[0], /load balancer of service batch\/worker-1 has no address/);
});

function leaving(...conditions: { type: string; message: string }[]) {
  return objects.namespace.parse({
    metadata: { name: "batch", deletionTimestamp: "2026-01-01T00:00:00Z" },
    status: { conditions: conditions.map((each) => ({ ...each, status: "True" })) },
  });
}

const content = {
  type: "NamespaceContentRemaining",
  message:
    "Some resources are remaining: daskclusters.gateway.dask.org has 1 resource instances, pods. has 2 resource instances",
};

test("what remains in a namespace is read from its controller's words", () => {
  assert.deepEqual(remainingResources(leaving(content)), ["daskclusters.gateway.dask.org", "pods"]);
  assert.deepEqual(remainingResources(leaving()), []);
});

test("a namespace that does not go is explained with the object and the finalizer that hold it", () => {
  const cluster = {
    resource: "daskclusters.gateway.dask.org",
    name: "ada",
    finalizers: ["example.org/hold"],
  };
  const found = terminating(leaving(content), [cluster, { resource: "pods", name: "p", finalizers: [] }]);
  assert.deepEqual(
    found.map(({ problem }) => problem),
    [
      "the namespace batch is being deleted since 2026-01-01T00:00:00Z and does not go: daskclusters.gateway.dask.org ada holds it by the finalizer example.org/hold",
    ],
  );
  assert.match(
    found[0]?.remedy ?? "",
    /kubectl patch daskclusters\.gateway\.dask\.org ada -n batch --type=merge/,
  );
  const claim = {
    resource: "persistentvolumeclaims",
    name: "c",
    finalizers: ["kubernetes.io/pvc-protection"],
  };
  assert.equal(terminating(leaving(), [claim])[0]?.remedy, "a pod still uses the claim: delete the pod");
});

test("a namespace that is going, one whose kinds cannot be listed and one that stays are told apart", () => {
  assert.deepEqual(terminating(leaving(), [])[0]?.fix, { kind: "await-namespace", name: "batch" });
  const blind = { type: "NamespaceDeletionDiscoveryFailure", message: "stale GroupVersion discovery" };
  assert.match(terminating(leaving(blind), [])[0]?.remedy ?? "", /kubectl get apiservices/);
  assert.deepEqual(terminating(objects.namespace.parse({ metadata: { name: "batch" } }), []), []);
});

test("what an update logs has the reasons, and neither pods of users nor what programs print", () => {
  const terminated = { exitCode: 2, reason: "Error", message: "left behind" };
  const status = { containerStatuses: [container({ terminated })] };
  const users: readonly Record<string, string>[] = [
    { component: "singleuser-server" },
    { "gateway.dask.org/instance": "g", "app.kubernetes.io/component": "dask-worker" },
    { "dask.org/cluster-name": "mine" },
  ];
  const ours = pod(status, { labels: { "gateway.dask.org/instance": "g" } });
  const pods = [ours, ...users.map((labels) => pod(status, { labels }))];
  const logs = { "batch/worker-1/main": "printed" };
  const [finding, ...more] = notReady(withoutPrivate({ ...nothing, pods, logs }));
  assert.deepEqual(more, []);
  assert.deepEqual(finding?.evidence, ["container main ended with code 2 (Error), 0 restart(s)"]);
});
