import assert from "node:assert/strict";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { mergeValues } from "../../components/chart.ts";
import { genuineCharts } from "../../sandbox/charts.ts";
import { removeDefinitions } from "./definitions.ts";
import { type Edits, openEveryKind } from "./every-kind.ts";
import { type NewerChart, withNewerCharts } from "./newer-charts.ts";
import { type Bench, sandboxTest, withCharts } from "./sandbox.ts";
import { simulatePostgres, withoutWebhooks } from "./simulated-postgres.ts";
import { watch } from "./updates.ts";

/** An edit of a stack file, and all that the next `up` does: nothing else is touched. */
type Edit = readonly [what: string, edit: Edits, done: readonly string[]];

const edits: readonly Edit[] = [
  [
    "another image of a Dask cluster",
    { batch: { image: { tag: "2025.12.0" } } },
    ["replace batch-smoke-test", "update batch"],
  ],
  ["larger workers", { batch: { workers: { memory: "1G" } } }, ["replace batch-smoke-test", "update batch"]],
  [
    "another image of a gateway's clusters",
    { programs: { image: "example.org/dask-gateway:1" } },
    ["replace programs-smoke-test", "update programs"],
  ],
  [
    "fewer workers of a gateway's clusters",
    { programs: { limits: { workers: 7 } } },
    ["replace programs-smoke-test", "update programs"],
  ],
  [
    "another image of notebooks",
    { course: { image: "example.org/notebook:1" } },
    ["replace course-smoke-test", "update course"],
  ],
  [
    "larger notebooks",
    { course: { user: { memory: { guarantee: "2G", limit: "4G" } } } },
    ["replace course-smoke-test", "update course"],
  ],
  [
    "another image of a hub with Dask, for notebooks and clusters alike",
    { team: { image: "example.org/notebook:1" } },
    ["replace team-smoke-test", "update team", "update team-dask-gateway"],
  ],
  ["a larger database", { team: { database: { memory: "2G" } } }, ["update team-db"]],
  ["a larger operator", { kube: { memory: "1G" } }, ["replace kube-smoke-test", "update kube"]],
];

sandboxTest(
  "every kind: an edit changes the releases that it must, a newer chart its own, with its definitions, and nothing else",
  async (bench) => {
    await edited(bench, "edits", async (open) => {
      let all: Edits = {};
      const after = async ([what, edit, done]: Edit) => {
        all = mergeValues(all, edit) as Edits;
        const stack = await open(all);
        assert.deepEqual(await changed(stack), done, what);
      };
      await changed(await open(all));
      for (const each of edits) await after(each);
      // Of the genuine charts there is one version that the project is written for.
      if (await genuineCharts()) return;
      await withNewerCharts(async (newer) => {
        for (const each of bumps(newer)) await after(each);
        assert.deepEqual(await changed(await open(all)), []);
      });
    });
  },
);

/** A newer chart of every kind; two of them with a definition that is not what it was. */
function bumps(newer: NewerChart): readonly Edit[] {
  return [
    ["dask", { batch: { chart: newer("dask") } }, ["replace batch-smoke-test", "update batch"]],
    [
      "jupyterhub",
      { course: { chart: newer("jupyterhub") } },
      ["replace course-smoke-test", "update course"],
    ],
    [
      "dask-kubernetes-operator",
      { kube: { chart: newer("dask-kubernetes-operator", { definitions: true }) } },
      ["replace kube-smoke-test", "update daskclusters.kubernetes.dask.org", "update kube"],
    ],
    ["cloudnative-pg", { postgres: { chart: newer("cloudnative-pg") } }, ["update cloudnative-pg"]],
  ];
}

const office = { expose: { allowFrom: ["10.0.0.0/8"] } };

sandboxTest("a newer umbrella chart changes its release and the proof of it alone", async (bench) => {
  const config = (old: object) =>
    withCharts({
      "dask:cluster": { provider: "existing", expose: "LoadBalancer" },
      "dask:postgres": withoutWebhooks,
      "dask:releases": {
        old: { kind: "daskhub", distribution: "umbrella", ...office, database: { timeout: "60s" }, ...old },
      },
    });
  if (await genuineCharts()) return;
  await removeDefinitions(bench);
  const stopPostgres = simulatePostgres(bench);
  const stack = await bench.open("umbrella", await config({}));
  try {
    await stack.up();
    await withNewerCharts(async (newer) => {
      await bench.open("umbrella", await config({ chart: newer("daskhub") }));
      assert.deepEqual(await changed(stack), ["replace old-smoke-test", "update old"]);
      assert.deepEqual(await changed(stack), []);
    });
  } finally {
    await stack.destroy({ remove: true });
    await stopPostgres();
    await removeDefinitions(bench);
  }
});

/** Works on a stack with every kind, and takes it away. */
async function edited(
  bench: Bench,
  name: string,
  body: (open: (edits: Edits) => Promise<Stack>) => Promise<void>,
): Promise<void> {
  await removeDefinitions(bench);
  const stopPostgres = simulatePostgres(bench);
  const stack = await openEveryKind(bench, name);
  try {
    await body((edits) => openEveryKind(bench, name, edits));
  } finally {
    await stack.destroy({ remove: true });
    await stopPostgres();
    await removeDefinitions(bench);
  }
}

/** What an up did, without what stayed the same. */
async function changed(stack: Stack): Promise<string[]> {
  const watched = watch();
  await stack.up(watched);
  return watched.done();
}
