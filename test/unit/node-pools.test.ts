import assert from "node:assert/strict";
import { test } from "node:test";
import { type NodePools, nodePools } from "../../settings/clusters/node-pools.ts";
import { nodeLabels, nodeTaints, placementOf, poolsFor } from "../../settings/clusters/pool-marks.ts";

function pools(input: Record<string, object>): NodePools {
  const common = { machineType: "e2-standard-4", max: 3 };
  return nodePools().parse(
    Object.fromEntries(Object.entries(input).map(([name, own]) => [name, { ...common, ...own }])),
  );
}

test("a pool named like a role has that role, and any other pool has the role it says or none", () => {
  const made = pools({ core: {}, worker: {}, big: { role: "worker" }, spare: {} });
  assert.deepEqual(
    Object.entries(made).map(([name, { role }]) => [name, role]),
    [
      ["core", "core"],
      ["worker", "worker"],
      ["big", "worker"],
      ["spare", undefined],
    ],
  );
});

test("core starts with one node and every other pool with the cloud's fewest", () => {
  assert.deepEqual(
    Object.values(pools({ core: {}, worker: {}, user: { min: 2 } })).map(({ min }) => min),
    [1, 0, 2],
  );
  const atLeastOne = nodePools(1).parse({ worker: { machineType: "m1.large", max: 3 } });
  assert.equal(atLeastOne.worker?.min, 1);
});

test("one machine type and a list of them read the same", () => {
  const made = pools({ core: {}, worker: { machineType: ["m5.4xlarge", "m5a.4xlarge"] } });
  assert.deepEqual(made.core?.machineType, ["e2-standard-4"]);
  assert.deepEqual(made.worker?.machineType, ["m5.4xlarge", "m5a.4xlarge"]);
});

test("nodes carry their pool's name, what they are for, and labels of the settings that cannot replace those", () => {
  const made = pools({ user: { labels: { team: "a", "dask/node-pool": "other" } } });
  assert.ok(made.user);
  assert.deepEqual(nodeLabels("user", made.user), {
    team: "a",
    "dask/node-pool": "user",
    "k8s.dask.org/node-purpose": "user",
    "hub.jupyter.org/node-purpose": "user",
  });
});

test("core and plain pools are open to every pod, all others only to those of their role", () => {
  const made = pools({ core: {}, user: {}, scheduler: {}, worker: {}, gpu: {}, spare: {} });
  const keys = Object.fromEntries(
    Object.entries(made).map(([name, pool]) => [
      name,
      nodeTaints(pool).map(({ key, value }) => `${key}=${value}`),
    ]),
  );
  assert.deepEqual(keys, {
    core: [],
    user: ["hub.jupyter.org/dedicated=user"],
    scheduler: ["k8s.dask.org/dedicated=scheduler"],
    worker: ["k8s.dask.org/dedicated=worker"],
    gpu: ["nvidia.com/gpu=present"],
    spare: [],
  });
});

test("pods of a role select its pools and tolerate both spellings of their taint", () => {
  const made = pools({ core: {}, worker: { taints: [{ key: "team", value: "a" }] } });
  assert.deepEqual(placementOf("worker", made), {
    nodeSelector: { "k8s.dask.org/node-purpose": "worker" },
    tolerations: [
      { key: "k8s.dask.org/dedicated", operator: "Equal", value: "worker", effect: "NoSchedule" },
      { key: "k8s.dask.org_dedicated", operator: "Equal", value: "worker", effect: "NoSchedule" },
      { key: "team", operator: "Equal", value: "a", effect: "NoSchedule" },
    ],
  });
});

test("a role without a pool falls back: schedulers and users to core, workers to users, GPUs to workers", () => {
  const selected = (role: Parameters<typeof placementOf>[0], made: NodePools) =>
    Object.values(placementOf(role, made).nodeSelector);
  const core = pools({ core: {} });
  for (const role of ["core", "user", "scheduler", "worker", "gpu"] as const)
    assert.deepEqual(selected(role, core), ["core"], role);
  const withUsers = pools({ core: {}, user: {} });
  assert.deepEqual(selected("worker", withUsers), ["user"]);
  assert.deepEqual(selected("scheduler", withUsers), ["core"]);
  const withWorkers = pools({ core: {}, user: {}, worker: {} });
  assert.deepEqual(selected("gpu", withWorkers), ["worker"]);
  assert.deepEqual(placementOf("user", {}), { nodeSelector: {}, tolerations: [] });
});

test("every role finds a pool whatever pools there are beside core", () => {
  const extra = ["user", "scheduler", "worker", "gpu", "spare"];
  for (let chosen = 0; chosen < 2 ** extra.length; chosen++) {
    const names = ["core", ...extra.filter((_, index) => (chosen >> index) % 2 === 1)];
    const made = pools(Object.fromEntries(names.map((name) => [name, {}])));
    for (const role of ["core", "user", "scheduler", "worker", "gpu"] as const) {
      const found = poolsFor(placementOf(role, made), made);
      assert.ok(found.length > 0, `${role} among ${names.join()}`);
    }
  }
});

test("a placement of the user's own finds the pools that carry its labels and whose taints it tolerates", () => {
  const made = pools({ core: {}, worker: {}, big: { labels: { size: "big" } } });
  const placement = (nodeSelector: Record<string, string>, tolerated = false) => ({
    nodeSelector,
    tolerations: tolerated ? [{ key: "k8s.dask.org/dedicated", operator: "Exists" as const }] : [],
  });
  assert.deepEqual(poolsFor(placement({}), made), ["core", "big"]);
  assert.deepEqual(poolsFor(placement({ size: "big" }), made), ["big"]);
  assert.deepEqual(poolsFor(placement({ "dask/node-pool": "worker" }), made), []);
  assert.deepEqual(poolsFor(placement({ "dask/node-pool": "worker" }, true), made), ["worker"]);
  assert.deepEqual(poolsFor(placement({ "dask/node-pool": "none" }), made), []);
  assert.deepEqual(poolsFor(placement({ "kubernetes.io/arch": "amd64" }), made), ["core", "big"]);
});
