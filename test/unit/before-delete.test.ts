import assert from "node:assert/strict";
import { test } from "node:test";
import { limitsOf } from "../../components/before-delete.ts";
import { cloudCalls, cloudStates } from "../graph/clouds.ts";
import { onExisting } from "../graph/existing-cluster.ts";
import { type Run, run } from "../graph/mock-engine.ts";
import { programOf } from "./stack-files.ts";

/** Seconds that a new node with a fresh image may need before a program starts. */
const START_S = 300;

test("a program before a deletion may start five minutes late, and Helm outlasts its Job", () => {
  for (const patience of [0, 60, 300, 900]) {
    const { deadlineSeconds, timeout } = limitsOf(patience);
    assert.ok(deadlineSeconds >= patience + START_S, `${deadlineSeconds} for ${patience}`);
    assert.ok(timeout > deadlineSeconds);
  }
});

/** How much longer than their programs the Jobs before deletions may take, by release. */
function margins({ all }: Run): readonly (readonly [name: string, seconds: number])[] {
  const releases = all("kubernetes:helm.sh/v3:Release").filter(({ inputs }) =>
    String(inputs.chart).endsWith("charts/before-delete"),
  );
  return releases.map(({ name, inputs }) => {
    const { env, deadlineSeconds } = inputs.values as {
      env: Readonly<Record<string, string>>;
      deadlineSeconds: number;
    };
    assert.ok(Number(inputs.timeout) > deadlineSeconds, name);
    return [name, deadlineSeconds - Number(env.PATIENCE)];
  });
}

test("every Job before a deletion outlasts the patience of its program by the time for a node and an image", async () => {
  const made = await run(programOf("stacks/Pulumi.gke-small.yaml"), {
    states: cloudStates,
    calls: cloudCalls,
    stack: "team-a",
  });
  const existing = await onExisting({
    releases: {
      ops: { kind: "dask-operator" },
      gate: { kind: "dask-gateway", namespace: { name: "lent", create: false } },
    },
  });
  const found = [...margins(made), ...margins(existing)];
  const names = found.map(([name]) => name);
  for (const name of ["dask-settle", "ops-end-clusters", "gate-drain"]) assert.ok(names.includes(name), name);
  for (const [name, seconds] of found) assert.ok(seconds >= START_S, `${name}: ${seconds}`);
});
