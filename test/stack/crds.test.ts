import assert from "node:assert/strict";
import { isOfDefinition, keptDefinitions, removeDefinitions } from "./definitions.ts";
import { inventory } from "./inventory.ts";
import { startUp } from "./runs.ts";
import { changes, outputOf, sandboxTest, withCharts } from "./sandbox.ts";

/** A gateway that brings definitions, and how the stack treats these. */
function config(crds: "manage" | "own") {
  return withCharts({
    "dask:cluster": { provider: "existing" },
    "dask:smokeTest": false,
    "dask:crds": crds,
    "dask:releases": { defining: { kind: "dask-gateway" } },
  });
}

sandboxTest(
  "definitions stay, are named and taken over again; those that the stack owns go with it, and never somebody else's",
  async (bench) => {
    await removeDefinitions(bench);
    const before = await inventory(bench);
    const withoutDefinitions = async () => (await inventory(bench)).filter((each) => !isOfDefinition(each));
    const open = async (crds: "manage" | "own") => bench.open("defining", await config(crds));
    let stack = await open("own");
    try {
      await stack.up();
      assert.ok((await keptDefinitions(bench)).length > 0);
      assert.deepEqual(changes((await stack.up()).summary.resourceChanges), {});
      await stack.destroy();
      assert.deepEqual(await keptDefinitions(bench), []);

      stack = await open("manage");
      const { outputs } = await stack.up();
      const kept = (await keptDefinitions(bench)).map((each) => each.split("/").at(-1));
      assert.deepEqual(outputOf(outputs, "kept"), { CustomResourceDefinitions: kept.sort() });
      await stack.destroy();
      assert.deepEqual((await keptDefinitions(bench)).length, kept.length);
      assert.deepEqual(await withoutDefinitions(), before);

      const { code, text } = await startUp(bench, "defining", await config("own")).ended;
      assert.notEqual(code, 0, "definitions that are not the stack's were owned");
      assert.match(text, /finds the definition \S+, which is not this stack's/);
      stack = await open("manage");
      await stack.up();
      assert.deepEqual(changes((await stack.up()).summary.resourceChanges), {});
    } finally {
      await stack.destroy({ remove: true });
      await removeDefinitions(bench);
    }
    assert.deepEqual(await inventory(bench), before);
  },
);
