import assert from "node:assert/strict";
import { test } from "node:test";
import { labelling } from "../../components/release-labels.ts";
import { onExisting } from "./existing-cluster.ts";
import type { Registered, States } from "./mock-engine.ts";

const HELM_RELEASE = "kubernetes:helm.sh/v3:Release";
const NAMESPACE = "kubernetes:core/v1:Namespace";
const world: States = { "kubernetes:core/v1:Service": () => ({ spec: { type: "ClusterIP" } }) };

interface Metadata {
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
}
const metadataOf = ({ inputs }: Registered): Metadata => inputs.metadata ?? {};
const labelsOf = (resource: Registered) => metadataOf(resource).labels ?? {};

const hub = {
  kind: "daskhub",
  host: "hub.example.org",
  tls: { kind: "offload" },
  placeholders: 2,
};

/** The objects of releases that a stack makes, by whether they stand in a namespace. */
async function madeOf(releases: object) {
  const run = await onExisting({ releases }, { states: world });
  const objects = run.resources.filter(
    ({ type, inputs }) =>
      type.startsWith("kubernetes:") &&
      type !== HELM_RELEASE &&
      type !== NAMESPACE &&
      inputs.kind !== undefined,
  );
  const inside = objects.filter((each) => metadataOf(each).namespace !== undefined);
  return { run, inside, outside: objects.filter((each) => !inside.includes(each)) };
}

test("what a release makes in a namespace that was handed over shows its stack and its release", async () => {
  const { inside, outside } = await madeOf({
    crew: { ...hub, operator: "ops", namespace: { name: "lent", create: false } },
    ops: { kind: "dask-operator", namespaces: ["lent"] },
    batch: { kind: "dask", namespace: { name: "lent", create: false } },
    gate: { kind: "dask-gateway", namespace: { name: "lent", create: false } },
  });
  for (const type of [
    "Secret",
    "ConfigMap",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "Job",
    "Deployment",
    "Cluster",
  ])
    assert.ok(
      inside.some(({ inputs }) => inputs.kind === type),
      type,
    );
  assert.ok(outside.some(({ inputs }) => inputs.kind === "PriorityClass"));
  const releases = new Set<string | undefined>();
  for (const object of [...inside, ...outside]) {
    const { "dask-stack": owner, "app.kubernetes.io/instance": release } = labelsOf(object);
    assert.equal(owner, "organization.dask.test", object.urn);
    releases.add(release);
  }
  assert.deepEqual([...releases].sort(), ["batch", "crew", "gate", "ops"]);
});

test("what goes with a namespace of the stack stays as it is, and what belongs to none does not", async () => {
  const { inside, outside } = await madeOf({
    crew: { ...hub, database: { kind: "sqlite" } },
    gate: { kind: "dask-gateway" },
  });
  assert.ok(inside.length > 0);
  for (const object of inside) assert.deepEqual(labelsOf(object), {}, object.urn);
  assert.deepEqual(
    outside.map((each) => labelsOf(each)["app.kubernetes.io/instance"]),
    ["crew"],
  );
});

test("a namespace that is kept is no namespace that goes", async () => {
  const { inside } = await madeOf({ crew: { ...hub, database: { kind: "sqlite", onDestroy: "keep" } } });
  for (const object of inside)
    assert.equal(labelsOf(object)["app.kubernetes.io/instance"], "crew", object.urn);
});

test("charts and pods get no further labels, and selectors stay", async () => {
  const both = await Promise.all(
    [{}, { namespace: { name: "crew", create: false } }].map((more) => madeOf({ crew: { ...hub, ...more } })),
  );
  const specs = both.map(({ run }) =>
    run.resources
      .filter(({ type }) => /:(Release|Deployment|Job)$/.test(type) && type.startsWith("kubernetes:"))
      .filter(({ name }) => !name.endsWith("-drain"))
      .map(({ name, inputs: { spec, values } }) => ({ name, spec, values })),
  );
  assert.deepEqual(specs[1], specs[0]);
});

test("labels that an object has stay, and what is only read is left", () => {
  const add = labelling({ "dask-stack": "ours", tier: "ours" }, true);
  const asked = (type: string, props: object, opts: object = {}) =>
    add({ type, props, opts, name: "a", resource: {} as never })?.props;
  const metadata = { namespace: "lent", labels: { tier: "theirs" } };
  assert.deepEqual(asked("kubernetes:core/v1:Service", { metadata }), {
    metadata: { namespace: "lent", labels: { "dask-stack": "ours", tier: "theirs" } },
  });
  assert.equal(asked("kubernetes:core/v1:Service", {}, { id: "lent/hub" }), undefined);
  assert.equal(asked(HELM_RELEASE, { name: "crew" }), undefined);
  assert.equal(asked("random:index/randomBytes:RandomBytes", { length: 32 }), undefined);
});
