import assert from "node:assert/strict";
import { test } from "node:test";
import { duplicateNames } from "./clouds.ts";
import { onExisting } from "./existing-cluster.ts";
import { isSecret, reaches } from "./mock-engine.ts";

const RELEASE = "kubernetes:helm.sh/v3:Release";
const NAMESPACE = "kubernetes:core/v1:Namespace";
const SERVICE = "kubernetes:core/v1:Service";
const SECRET = "kubernetes:core/v1:Secret";
const JOB = "kubernetes:batch/v1:Job";
const PROVIDER = "pulumi:providers:kubernetes";

test("a release is one component; its Helm release, token, Secret and smoke test are its children", async () => {
  const run = await onExisting({ releases: { batch: { kind: "dask" } } });
  const component = run.find("dask:index:Dask", "batch").urn;
  for (const type of [RELEASE, SECRET, JOB, "random:index/randomBytes:RandomBytes"])
    assert.equal(run.find(type).parent, component);
  assert.equal(run.find(NAMESPACE).parent, run.find("pulumi:pulumi:Stack").urn);
});

test("the Helm release has an explicit name, an exact chart and a finite wait", async () => {
  const { inputs } = (await onExisting({ releases: { batch: { kind: "dask", timeout: "20m" } } })).find(
    RELEASE,
  );
  assert.deepEqual(
    { name: inputs.name, namespace: inputs.namespace, chart: inputs.chart, version: inputs.version },
    { name: "batch", namespace: "batch", chart: "dask", version: "2024.1.1" },
  );
  assert.deepEqual(inputs.repositoryOpts, { repo: "https://helm.dask.org" });
  assert.equal(inputs.timeout, 1200);
});

test("the token is generated, lives in an immutable Secret and nowhere else in plain", async () => {
  const run = await onExisting({ releases: { batch: { kind: "dask" } } });
  const { inputs } = run.find(SECRET);
  assert.equal(inputs.immutable, true);
  assert.match(JSON.stringify(inputs.stringData), /^\{"secret":\{"token":"hex-of-batch-jupyter-token"\}\}$/);
  for (const other of run.resources.filter((each) => each.type !== SECRET)) {
    assert.doesNotMatch(JSON.stringify(other.inputs), /hex-of/, other.urn);
  }
  assert.ok(await isSecret(run.stackOutputs.credentials));
  assert.deepEqual(run.outputs.credentials, { batch: { jupyterPassword: "hex-of-batch-jupyter-token" } });
});

test("releases whose objects have the same names, in a namespace each, are told apart", async () => {
  const run = await onExisting({ releases: { a: { kind: "dask" }, "a-dask": { kind: "dask" } } });
  assert.deepEqual(duplicateNames(run), []);
});

test("the provider has the cluster's identity, and its kubeconfig is secret", async () => {
  const run = await onExisting({ releases: {} });
  const { inputs } = run.find(PROVIDER, "cluster");
  assert.equal(inputs.clusterIdentifier, "uid-of-kube-system");
  assert.match(JSON.stringify(inputs.kubeconfig), /^\{"secret":/);
  assert.ok(await isSecret(run.stackOutputs.kubeconfig));
});

test("everything in the cluster goes through the explicit provider", async () => {
  const run = await onExisting({
    releases: { batch: { kind: "dask", scheduler: { expose: { allowFrom: ["192.0.2.0/24"] } } } },
  });
  const inCluster = run.resources.filter((each) => each.type.startsWith("kubernetes:"));
  assert.ok(inCluster.length >= 5);
  for (const each of inCluster) assert.match(each.provider, /::cluster::cluster-id$/, each.urn);
});

test("the smoke test waits for the release and runs again only when its revision changes", async () => {
  const run = await onExisting({
    releases: { batch: { kind: "dask", workers: { replicas: 2, memory: "512M" } } },
  });
  const job = run.find(JOB);
  assert.equal(job.name, "batch-smoke-test");
  assert.ok(reaches(run, job).has(run.find(RELEASE).urn));
  const text = JSON.stringify(job.inputs);
  assert.match(text, /"dask\/release-revision":"1"/);
  assert.match(text, /"name":"SCHEDULER","value":"tcp:\/\/batch-dask-scheduler:8786"/);
  assert.match(text, /"name":"WORKERS","value":"2"/);
  assert.match(text, /"name":"SIZE","value":"5500"/);
  assert.match(text, /"automountServiceAccountToken":false/);
});

test("variables of the users reach the smoke test, those that it reads itself excepted", async () => {
  const environment = { OMP_NUM_THREADS: "1", WORKERS: "9", PATIENCE: "0" };
  const run = await onExisting({ releases: { batch: { kind: "dask", environment } } });
  const { spec } = run.find(JOB).inputs as {
    spec: { template: { spec: { containers: { env: { name: string; value: string }[] }[] } } };
  };
  const env = spec.template.spec.containers[0]?.env ?? [];
  assert.deepEqual(
    env.map(({ name }) => name),
    ["OMP_NUM_THREADS", "SCHEDULER", "WORKERS", "SIZE", "PATIENCE"],
  );
  assert.equal(env.find(({ name }) => name === "WORKERS")?.value, "3");
});

test("the smoke test can be off for the stack or for one release", async () => {
  const off = { kind: "dask", smokeTest: false };
  const run = await onExisting({ releases: { a: off, b: { kind: "dask" } } });
  assert.deepEqual(
    run.all(JOB).map((job) => job.name),
    ["b-smoke-test"],
  );
  assert.equal(
    (await onExisting({ smokeTest: false, releases: { b: { kind: "dask" } } })).all(JOB).length,
    0,
  );
});

test("nothing leaves the cluster by default: endpoints are kubectl lines", async () => {
  const run = await onExisting({ releases: { batch: { kind: "dask" } } });
  assert.equal(run.all(SERVICE).length, 0);
  assert.deepEqual(run.outputs.endpoints, {
    batch: {
      scheduler: "kubectl port-forward -n batch service/batch-dask-scheduler 8786:8786",
      dashboard: "kubectl port-forward -n batch service/batch-dask-scheduler 8787:80",
      schedulerInCluster: "tcp://batch-dask-scheduler.batch:8786",
      jupyter: "kubectl port-forward -n batch service/batch-dask-jupyter 8888:80",
    },
  });
});

test("an exposed scheduler gets a Service of its own that keeps everybody else out", async () => {
  const expose = { allowFrom: ["192.0.2.0/24"], address: "203.0.113.7", annotations: { a: "b" } };
  const run = await onExisting({ releases: { batch: { kind: "dask", scheduler: { expose } } } });
  const { inputs } = run.find(SERVICE, "batch-scheduler-external");
  assert.deepEqual(inputs.spec, {
    type: "LoadBalancer",
    selector: { app: "dask", release: "batch", component: "scheduler" },
    ports: [
      { name: "scheduler", port: 8786, targetPort: 8786 },
      { name: "dashboard", port: 80, targetPort: 8787 },
    ],
    loadBalancerIP: "203.0.113.7",
    loadBalancerSourceRanges: ["192.0.2.0/24"],
  });
  assert.equal((inputs.metadata as { name: string }).name, "batch-dask-scheduler-external");
  const endpoints = run.outputs.endpoints as { batch: Record<string, string> };
  assert.equal(endpoints.batch.scheduler, "tcp://203.0.113.10:8786");
  assert.equal(endpoints.batch.dashboard, "http://203.0.113.10");
});

test("a namespace is made once for all its releases, and not at all where it was handed over", async () => {
  const run = await onExisting({
    releases: {
      a: { kind: "dask", namespace: "team" },
      b: { kind: "dask", namespace: "team" },
      c: { kind: "dask", namespace: { name: "given", create: false } },
    },
  });
  assert.deepEqual(
    run.all(NAMESPACE).map((each) => each.name),
    ["team"],
  );
  const labels = { "app.kubernetes.io/managed-by": "pulumi", "dask-stack": "organization.dask.test" };
  assert.deepEqual(run.find(NAMESPACE).inputs.metadata, { name: "team", labels });
  assert.ok(reaches(run, run.find(RELEASE, "a")).has(run.find(NAMESPACE).urn));
  assert.equal(run.find(RELEASE, "c").inputs.namespace, "given");
});

test("values of the user win over everything the stack sets", async () => {
  const values = { worker: { replicas: 9, strategy: { type: "Recreate" } } };
  const { inputs } = (await onExisting({ releases: { batch: { kind: "dask", values } } })).find(RELEASE);
  const worker = (inputs.values as { worker: Record<string, unknown> }).worker;
  assert.equal(worker.replicas, 9);
  assert.deepEqual(worker.strategy, { type: "Recreate" });
  assert.equal(worker.threads_per_worker, 1);
});
