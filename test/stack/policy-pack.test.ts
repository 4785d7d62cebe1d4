import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { POLICY_PACK, RUN_POLICY_PACK } from "../policy-pack.ts";
import { type Bench, benchOn, sandboxTest, withCharts } from "./sandbox.ts";

sandboxTest(
  "with the policy pack, the engine makes a stack that is in order, and stops before a release that is not",
  async (bench) => {
    const config = (values: object) =>
      withCharts({
        "dask:cluster": { provider: "existing" },
        "dask:smokeTest": false,
        "dask:releases": { judged: { kind: "dask", workers: { replicas: 1 }, values } },
      });
    await withPackRunner(bench, async (judging) => {
      const options = { policyPacks: [POLICY_PACK] };
      const stack = await judging.open("judged", await config({}));
      try {
        await stack.up(options);
        await judging.open("judged", await config({ scheduler: { serviceType: "NodePort" } }));
        await assert.rejects(stack.up(options), /no-public-scheduler[\s\S]*scheduler is a NodePort/);
        const type = ["-o", "jsonpath={.spec.type}"];
        const service = ["service", "judged-dask-scheduler", "-n", "judged"];
        assert.equal(await bench.kubectl("get", ...service, ...type), "ClusterIP");
      } finally {
        await stack.destroy({ remove: true });
      }
    });
  },
);

/** Puts on the engine's PATH what a released CLI has beside it: the program that runs packs for Node.js. */
async function withPackRunner({ sandbox }: Bench, body: (bench: Bench) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "analyzer-"));
  try {
    const program = join(folder, "pulumi-analyzer-policy-nodejs");
    writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${RUN_POLICY_PACK}" "$@"\n`);
    chmodSync(program, 0o755);
    const path = [folder, sandbox.env.PATH ?? ""].join(delimiter);
    await body(benchOn({ ...sandbox, env: { ...sandbox.env, PATH: path } }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
