import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { cloudCalls, cloudStates } from "../graph/clouds.ts";
import { run } from "../graph/mock-engine.ts";
import { programOf } from "../unit/stack-files.ts";
import { finish, freePort, serve } from "./processes.ts";
import { python } from "./venv.ts";

/** Parts of a stack that its cluster needs neither to come nor to go: records and logs. */
const ELSEWHERE = /^aws:(route53|cloudwatch)\//;

for (const size of ["small", "large"]) {
  const file = `stacks/Pulumi.eks-${size}.yaml`;
  test(`${file}: Amazon's client takes every planned resource, and an emulator makes and deletes all in order`, async (t) => {
    const command = await python(t, "requirements-eks.txt");
    if (command === undefined) return;
    const made = await run(programOf(file), { states: cloudStates, calls: cloudCalls });
    const planned = made.resources
      .filter(({ type }) => type.startsWith("aws:"))
      .map(({ type, name, inputs }) => ({ type, name, inputs }));
    const port = String(await freePort());
    const address = { BIND_HOST: "127.0.0.1", GATEWAY_PORT: port, LOG_LEVEL: "INFO" };
    await serve(t, join(command, "..", "ministack"), [], /Running on http/, address);
    const env = {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      NO_PROXY: "127.0.0.1",
    };
    const program = new URL("eks_calls.py", import.meta.url).pathname;
    const ended = await finish(command, [program], { env, input: JSON.stringify(planned) });
    assert.equal(ended.code, 0, ended.stderr);
    const { skipped, left, nodeGroups, ...counts } = JSON.parse(ended.stdout);
    assert.deepEqual(
      skipped.filter((type: string) => !ELSEWHERE.test(type)),
      [],
    );
    assert.equal(counts.made, planned.length - skipped.length);
    assert.equal(Object.values(nodeGroups)[0], made.all("aws:eks/nodeGroup:NodeGroup").length);
    assert.equal(left, false);
  });
}
