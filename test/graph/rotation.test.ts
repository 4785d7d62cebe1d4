import assert from "node:assert/strict";
import { test } from "node:test";
import { cloudCalls, cloudStates } from "./clouds.ts";
import { onExisting } from "./existing-cluster.ts";

const RANDOM = "random:index/randomBytes:RandomBytes";

async function keepers(rotation?: string | number) {
  const own = rotation === undefined ? {} : { rotation };
  const { all } = await onExisting(
    {
      releases: {
        batch: { kind: "dask", ...own },
        shared: { kind: "dask-gateway", ...own },
        team: { kind: "daskhub", expose: "ClusterIP", auth: { kind: "native", admins: ["ada"] }, ...own },
        course: { kind: "jupyterhub", expose: "ClusterIP" },
      },
    },
    { states: cloudStates, calls: cloudCalls },
  );
  return new Map(all(RANDOM).map(({ name, inputs }) => [name, inputs.keepers]));
}

test("a rotation is kept by every generated token of its release, and by none of another", async () => {
  const found = await keepers(2);
  const [rotated, others] = [true, false].map((is) =>
    [...found].filter(([name]) => name.startsWith("course") !== is).map(([, keeper]) => keeper),
  );
  assert.ok(rotated !== undefined && rotated.length >= 9);
  for (const keeper of rotated) assert.deepEqual(keeper, { rotation: "2" });
  assert.ok(others !== undefined && others.length > 0);
  for (const keeper of others) assert.equal(keeper, undefined);
});

test("without a rotation tokens have no keepers, so that stacks of before keep theirs", async () => {
  for (const [name, keeper] of await keepers()) assert.equal(keeper, undefined, name);
});
