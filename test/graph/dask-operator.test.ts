import assert from "node:assert/strict";
import { test } from "node:test";
import { onExisting } from "./existing-cluster.ts";
import { reaches } from "./mock-engine.ts";

const RELEASE = "kubernetes:helm.sh/v3:Release";
const NAMESPACE = "kubernetes:core/v1:Namespace";
const JOB = "kubernetes:batch/v1:Job";
const ACCOUNT = "kubernetes:core/v1:ServiceAccount";
const ROLE = "kubernetes:rbac.authorization.k8s.io/v1:Role";
const BINDING = "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding";
const CLUSTER_ROLE = "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole";
const CONFIG_MAP = "kubernetes:core/v1:ConfigMap";

const stack = (more: object = {}) =>
  onExisting({
    releases: {
      ops: { kind: "dask-operator", namespaces: ["team", "given"], ...more },
      batch: { kind: "dask", namespace: "team", smokeTest: false, jupyter: false },
    },
  });

test("all that the operator is made of is below its component, the namespaces aside", async () => {
  const run = await stack();
  const component = run.find("dask:index:DaskOperator", "ops").urn;
  const types = run.resources.filter((each) => each.parent === component).map((each) => each.type);
  for (const type of [RELEASE, ACCOUNT, ROLE, BINDING, CLUSTER_ROLE, JOB])
    assert.ok(types.includes(type), type);
  assert.ok(!types.includes(NAMESPACE));
});

test("the operator may work, and people may make clusters, in every namespace it serves and nowhere else", async () => {
  const run = await stack();
  const where = (type: string, name: string) =>
    run
      .all(type)
      .map((each) => each.inputs.metadata as { name: string; namespace: string })
      .filter((metadata) => metadata.name === name)
      .map((metadata) => metadata.namespace)
      .sort();
  const served = ["given", "ops", "team"];
  for (const name of ["ops-dask-kubernetes-operator", "ops-user"]) {
    assert.deepEqual(where(ROLE, name), served);
    assert.deepEqual(where(BINDING, name), served);
  }
  assert.deepEqual(where(ACCOUNT, "ops-user"), served);
  const [binding] = run.all(BINDING).filter((each) => each.name === "ops-dask-kubernetes-operator-team");
  assert.deepEqual(binding?.inputs.subjects, [
    { kind: "ServiceAccount", name: "ops-dask-kubernetes-operator", namespace: "ops" },
  ]);
  const clusterWide = run.find(CLUSTER_ROLE).inputs;
  assert.doesNotMatch(JSON.stringify(clusterWide.rules), /pods|secrets|"\*"|create|delete/);
});

test("people's ServiceAccount reaches no Secret and changes no pod", async () => {
  const role = (await stack()).find(ROLE, "ops-user-ops");
  const rules = role.inputs.rules as { apiGroups: string[]; resources: string[]; verbs: string[] }[];
  for (const { apiGroups, resources, verbs } of rules) {
    assert.ok(!resources.includes("secrets") && !verbs.includes("*"));
    if (!apiGroups.includes("kubernetes.dask.org"))
      assert.ok(verbs.every((verb) => ["get", "list", "watch"].includes(verb)));
  }
});

test("clusters end before the operator, its rights and any namespace it serves go", async () => {
  const run = await stack();
  const drain = run.find(RELEASE, "ops-end-clusters");
  const needed = reaches(run, drain);
  assert.ok(needed.has(run.find(RELEASE, "ops").urn));
  assert.ok(needed.has(run.find(ROLE, "ops-dask-kubernetes-operator-team").urn));
  for (const namespace of ["ops", "team"]) assert.ok(needed.has(run.find(NAMESPACE, namespace).urn));
  const values = drain.inputs.values as Record<string, unknown>;
  assert.equal(values.image, "ghcr.io/dask/dask-kubernetes-operator:2026.3.0");
  assert.equal(values.serviceAccountName, "ops-dask-kubernetes-operator");
  assert.deepEqual(values.env, { NAMESPACES: "ops team given", PATIENCE: "60" });
});

test("the operator has its rights before it starts", async () => {
  const run = await stack();
  const needed = reaches(run, run.find(RELEASE, "ops"));
  for (const binding of run.all(BINDING).filter((each) => each.name.includes("operator")))
    assert.ok(needed.has(binding.urn), binding.urn);
});

test("the operator runs a handler of the stack's, and a new text of it restarts the operator", async () => {
  const run = await stack();
  const map = run.find(CONFIG_MAP, "ops-handlers");
  const data = map.inputs.data as Record<string, string>;
  const release = run.find(RELEASE, "ops");
  const { kopfArgs, volumeMounts } = release.inputs.values as Record<string, object[]>;
  const [file = ""] = Object.keys(data);
  assert.match(data[file] ?? "", /@kopf\.on\.field\("daskcluster\.kubernetes\.dask\.org"/);
  assert.equal(kopfArgs?.at(-1), `/etc/dask-operator/${file}`);
  assert.deepEqual(volumeMounts, [{ name: "handlers", mountPath: "/etc/dask-operator", readOnly: true }]);
  assert.ok(reaches(run, release).has(map.urn));
  assert.equal(map.inputs.immutable, true);
  assert.equal((map.inputs.metadata as { name?: string }).name, undefined, "Pulumi names each text anew");
});

test("the smoke test is a notebook's pod: its ServiceAccount, its environment, the clusters' image", async () => {
  const { inputs } = (await stack()).find(JOB, "ops-smoke-test");
  const { spec } = (inputs.spec as { template: { spec: Record<string, unknown> } }).template;
  assert.equal(spec.serviceAccountName, "ops-user");
  assert.equal(spec.automountServiceAccountToken, true);
  const text = JSON.stringify(spec);
  assert.match(text, /"image":"ghcr\.io\/dask\/dask:2025\.11\.0"/);
  assert.match(text, /"name":"DASK_KUBERNETES__IDLE_TIMEOUT","value":"1800"/);
  assert.match(text, /"name":"EXTRA_PIP_PACKAGES","value":"dask-kubernetes==2026\.3\.0"/);
});

test("the smoke test installs nothing where the image has the client, and then keeps to the restricted profile", async () => {
  const { inputs } = (await stack({ clientPackages: [] })).find(JOB, "ops-smoke-test");
  const text = JSON.stringify(inputs);
  assert.doesNotMatch(text, /EXTRA_PIP_PACKAGES/);
  assert.match(text, /"runAsNonRoot":true/);
});
