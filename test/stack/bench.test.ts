import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { STEPS } from "../../bench/contenders.ts";
import { compare } from "../../bench/figures.ts";
import { foundRivals } from "../../bench/rivals.ts";
import { measureReleases } from "../../bench/scale.ts";
import { workloads } from "../../bench/workloads.ts";
import { genuineCharts } from "../../sandbox/charts.ts";
import { inventory } from "./inventory.ts";
import { type Bench, sandboxTest } from "./sandbox.ts";

sandboxTest(
  "the benchmark measures every step of everybody who is there, and leaves nothing",
  async (bench) => {
    const before = await inventory(bench);
    try {
      await measured(bench);
    } finally {
      // The projects of the contenders; the benchmark itself has a sandbox of its own.
      rmSync(join(bench.sandbox.root, "bench"), { recursive: true, force: true });
    }
    assert.deepEqual(await inventory(bench), before);
  },
);

async function measured(bench: Bench): Promise<void> {
  // What is built for the benchmark alone takes part only where it was built before.
  const ring = {
    ...bench,
    rivals: foundRivals(),
    genuine: await genuineCharts(),
    rounds: 1,
    log: () => {},
  };
  const [dask] = workloads.filter(({ name }) => name === "dask");
  assert.ok(dask);
  const samples = await compare(ring, dask);
  assert.ok("ours" in samples && "bare Pulumi" in samples, Object.keys(samples).join(", "));
  for (const [contender, steps] of Object.entries(samples))
    for (const step of STEPS) {
      const [cost, ...others] = steps[step];
      assert.deepEqual(others, []);
      assert.ok(cost !== undefined && cost.seconds > 0 && cost.cpuSeconds > 0, `${contender}, ${step}`);
    }
  // The program of the bare project alone takes more: whoever is left out of the account shows here.
  const [preview] = samples["bare Pulumi"]?.preview ?? [];
  assert.ok((preview?.cpuSeconds ?? 0) > 1, `${preview?.cpuSeconds} s of CPU`);

  const { rows, trends } = await measureReleases(ring, [1, 2]);
  assert.deepEqual(
    rows.map(({ what, size }) => [what, size]),
    [
      ["preview", 1],
      ["up without changes", 1],
      ["preview", 2],
      ["up without changes", 2],
    ],
  );
  assert.ok(trends.every(({ marginal }) => marginal.length === 1));
}
