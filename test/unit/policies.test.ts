import assert from "node:assert/strict";
import { test } from "node:test";
import { violations } from "../../policies/policies.ts";
import { withApiServer } from "../fuzz/graph.ts";
import { cloudCalls, cloudStates } from "../graph/clouds.ts";
import { onExisting } from "../graph/existing-cluster.ts";
import { run } from "../graph/mock-engine.ts";
import { allowed, forbidden } from "./policy-examples.ts";
import { programOf, STACK_FILES } from "./stack-files.ts";

const mocks = { states: cloudStates, calls: cloudCalls };

for (const file of STACK_FILES) {
  test(`${file} holds to every policy`, async () => {
    await withApiServer(async (kubeconfig) => {
      const { resources } = await run(programOf(file, kubeconfig), mocks);
      assert.ok(resources.length > 5);
      assert.deepEqual(violations(resources), []);
    });
  });
}

test("every kind of release holds to every policy, with all that it can make", async () => {
  const office = { expose: { allowFrom: ["10.0.0.0/8"] } };
  const { resources } = await onExisting(
    {
      releases: {
        one: { kind: "dask", scheduler: office, jupyter: { rbac: true, ...office } },
        packed: { kind: "dask", packages: { pip: ["s3fs"] }, workerGroups: { big: {} } },
        shared: { kind: "dask-gateway", ...office },
        hub: { kind: "daskhub", ...office, placeholders: 2, userScheduler: true, tls: { kind: "offload" } },
        people: { kind: "jupyterhub", ...office, operator: "kube", namespace: "people" },
        kube: { kind: "dask-operator", namespaces: ["people"] },
      },
    },
    mocks,
  );
  assert.deepEqual(violations(resources), []);
});

for (const [title, resource, said] of forbidden) {
  test(`forbidden: ${title}`, () => {
    const found = violations([resource]);
    assert.ok(
      found.some((each) => each.startsWith(said)),
      found.join("\n"),
    );
  });
}

test("what is in order is let through: ranges, digests, secrets that are known, reasons", () => {
  assert.deepEqual(violations(allowed), []);
});

test("a chart that loses any one of its sizes is refused, whatever part it belongs to", async () => {
  const kinds = {
    one: { kind: "dask" },
    shared: { kind: "dask-gateway" },
    hub: { kind: "daskhub", expose: "ClusterIP", userScheduler: true },
    kube: { kind: "dask-operator" },
  };
  const old = { kind: "daskhub", expose: "ClusterIP", distribution: "umbrella", userScheduler: true };
  const runs = [await onExisting({ releases: kinds }, mocks), await onExisting({ releases: { old } }, mocks)];
  const resources = runs.flatMap((each) => each.resources);
  const releases = resources.filter(({ type }) => type === "kubernetes:helm.sh/v3:Release");
  const tried = releases.flatMap((release) =>
    sizesIn(release.inputs.values).map((path) => {
      const values = without(release.inputs.values, path);
      const found = violations([{ ...release, inputs: { ...release.inputs, values } }]);
      const part = path.slice(0, -1).join(".");
      const said = `sized-pods: ${release.name}: values${part === "" ? "" : `.${part}`} has no size`;
      assert.ok(
        found.some((each) => said.startsWith(each.split(";")[0] ?? "?")),
        `${said} of ${found}`,
      );
      return said;
    }),
  );
  // Of the five charts, the umbrella's two in one, the operator of Postgres and the programs before deletions.
  assert.ok(tried.length >= 30, tried.join("\n"));
});

/** Keys that lead to every size in a chart's values, in each chart's words. */
function sizesIn(values: unknown, path: readonly string[] = []): string[][] {
  if (typeof values !== "object" || values === null || Array.isArray(values)) return [];
  return Object.entries(values).flatMap(([key, value]) =>
    ["resources", "memory", "cpu", "cores"].includes(key) ? [[...path, key]] : sizesIn(value, [...path, key]),
  );
}

/** A copy of a value without what some keys lead to. */
function without(value: unknown, [key = "", ...rest]: readonly string[]): unknown {
  const { [key]: below, ...others } = value as Record<string, unknown>;
  return rest.length === 0 ? others : { ...others, [key]: without(below, rest) };
}
