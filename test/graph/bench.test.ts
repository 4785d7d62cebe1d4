import assert from "node:assert/strict";
import { test } from "node:test";
import { criticalPath } from "../../bench/critical-path.ts";
import { typicalMinutes } from "../../bench/durations.ts";
import { pathRows } from "../../bench/path.ts";
import { CLOUDS, type Cloud, type Size, sizedProgram } from "../../bench/sizes.ts";
import { programOf } from "../unit/stack-files.ts";
import { cloudCalls, cloudStates } from "./clouds.ts";
import { type Run, run } from "./mock-engine.ts";

const world = { states: cloudStates, calls: cloudCalls };

/** Resources, and dependencies between them: what the engine works through, whatever the machine. */
async function counts(cloud: Cloud, size: Size) {
  const { resources } = await run(sizedProgram(cloud, size), world);
  const dependencies = resources.reduce((sum, each) => sum + each.dependencies.length, 0);
  return { resources: resources.length, dependencies };
}

for (const cloud of CLOUDS) {
  test(`on ${cloud} each further release adds as much to the graph as the one before, and no more`, async () => {
    const of = (releases: number) => counts(cloud, { releases, pools: 5 });
    const [one, two, many] = [await of(1), await of(2), await of(50)];
    for (const figure of ["resources", "dependencies"] as const) {
      const each = two[figure] - one[figure];
      assert.ok(each > 0);
      assert.equal(many[figure], one[figure] + 49 * each, figure);
    }
  });
}

const NODE_POOLS = /nodePool:NodePool|nodeGroup:NodeGroup/;
const RELEASE = "kubernetes:helm.sh/v3:Release";

/** Names on the longest chain of a stack file that are of a type. */
async function onPath(file: string, wanted: (type: string) => boolean): Promise<string[]> {
  const { resources }: Run = await run(programOf(file), world);
  const path = criticalPath(resources, typicalMinutes);
  return path.filter(({ type }) => wanted(type)).map(({ name }) => name);
}

test("node pools are made beside each other, except on Magnum, which makes one at a time", async () => {
  for (const cloud of CLOUDS) {
    const pools = await onPath(`stacks/Pulumi.${cloud}-large.yaml`, (type) => NODE_POOLS.test(type));
    assert.equal(pools.length, cloud === "magnum" ? 4 : 1, `${cloud}: ${pools.join(", ")}`);
  }
});

test("hub and gateway are made beside each other: only one of them is waited for", async () => {
  for (const cloud of CLOUDS) {
    const releases = await onPath(`stacks/Pulumi.${cloud}-small.yaml`, (type) => type === RELEASE);
    assert.deepEqual(
      releases.filter((name) => name.startsWith("hub")).length,
      1,
      `${cloud}: ${releases.join(", ")}`,
    );
  }
});

test("a release of kind dask waits for no database, and every release has a chain of its own", async () => {
  for (const cloud of CLOUDS) {
    const { resources } = await run(programOf(`stacks/Pulumi.${cloud}-large.yaml`), world);
    const rows = pathRows(resources);
    const chainOf = (what: string) => rows.find((row) => row.what.startsWith(what))?.["longest chain"] ?? "";
    assert.match(chainOf("DaskHub "), /cloudnative-pg/);
    assert.match(chainOf("Dask "), /Cluster cluster .*Release/);
    assert.doesNotMatch(chainOf("Dask "), /cloudnative-pg|-db /);
  }
});
