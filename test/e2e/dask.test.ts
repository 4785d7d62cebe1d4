import assert from "node:assert/strict";
import { attempt } from "../attempt.ts";
import { inventory } from "../stack/inventory.ts";
import { changes, chartSetting, outputOf } from "../stack/sandbox.ts";
import { jupyterLogin } from "./jupyter.ts";
import { realTest, smokeTestResult } from "./node.ts";
import { assertNoSecretShown } from "./pod-secrets.ts";

const HERE = { allowFrom: ["10.0.0.0/8"] };

realTest(
  "a release of the dask chart computes, is reached and leaves nothing",
  ["dask"],
  async (bench, context) => {
    const chart = await chartSetting("dask");
    const config = (workers: number) => ({
      "dask:cluster": { provider: "existing", expose: "LoadBalancer" },
      "dask:releases": {
        computes: {
          kind: "dask",
          scheduler: { cores: 0.2, memory: "512M", expose: HERE },
          workers: { replicas: workers, cores: 0.3, memory: "512M" },
          jupyter: { cores: 0.2, memory: "512M", expose: HERE },
          ...chart,
        },
      },
    });
    const before = await inventory(bench);
    const start = Date.now();
    const stack = await bench.open("computes", config(2));
    await attempt(async () => {
      const { outputs, summary } = await stack.up();
      assert.deepEqual(changes(summary.resourceChanges), { create: 11 });
      const result = await smokeTestResult<SmokeTestResult>(bench, "computes");
      assert.equal(result.workers, 2);
      assert.ok(Math.abs(result.mean - 10) < 0.01, `${result.mean}`);
      context.diagnostic(
        `first Dask result ${Math.round((Date.now() - start) / 1000)} s after the start of up, ` +
          `${result.secondsToFirstResult} s after the test connected`,
      );

      const { dashboard, jupyter } = addresses(outputOf(outputs, "endpoints"));
      assert.equal((await fetch(`${dashboard}/status`)).status, 200);
      const { computes } = outputOf(outputs, "credentials") as Record<string, { jupyterPassword: string }>;
      assert.equal(await jupyterLogin(jupyter, computes?.jupyterPassword ?? ""), "in");
      assert.equal(await jupyterLogin(jupyter, "dask"), "refused");
      assert.equal(await jupyterLogin(jupyter, ""), "refused");

      assert.deepEqual(changes((await stack.up()).summary.resourceChanges), {});
      await stack.refresh();
      assert.deepEqual(changes((await stack.up()).summary.resourceChanges), {}, "after a refresh");
      await assertNoSecretShown(bench, "computes", ["computes"]);
      await bench.open("computes", config(3));
      assert.deepEqual(changes((await stack.up()).summary.resourceChanges), { update: 1, replace: 1 });
      assert.equal((await smokeTestResult<SmokeTestResult>(bench, "computes")).workers, 3);
    }).finally(async () => {
      await stack.destroy({ remove: true });
    });
    assert.deepEqual(await inventory(bench), before);
  },
);

interface SmokeTestResult {
  readonly mean: number;
  readonly workers: number;
  readonly secondsToFirstResult: number;
}

function addresses(endpoints: unknown): { dashboard: string; jupyter: string } {
  const { computes } = endpoints as Record<string, { dashboard: string; jupyter: string }>;
  assert.ok(computes);
  return computes;
}
