import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { smokeTestProgram } from "../../components/smoke-test-program.ts";
import { finish, freePort, serve } from "./processes.ts";
import { python } from "./venv.ts";

const program = smokeTestProgram("dask");

async function startDask(t: TestContext, python: string, workers: number): Promise<string> {
  const port = await freePort();
  const address = `tcp://127.0.0.1:${port}`;
  const listen = ["--host", "127.0.0.1", "--port", String(port), "--no-dashboard"];
  await serve(t, python, ["-m", "distributed.cli.dask_scheduler", ...listen], /Scheduler at/);
  const worker = ["-m", "distributed.cli.dask_worker", address, "--host", "127.0.0.1", "--no-nanny"];
  const size = ["--nthreads", "1", "--memory-limit", "500MB", "--no-dashboard"];
  await Promise.all(
    Array.from({ length: workers }, () => serve(t, python, [...worker, ...size], /Registered to/)),
  );
  return address;
}

test("the smoke test of a dask release computes on every worker and prints one line of JSON", async (t) => {
  const command = await python(t);
  if (command === undefined) return;
  const scheduler = await startDask(t, command, 2);
  const ended = await finish(command, ["-c", program], {
    env: { SCHEDULER: scheduler, WORKERS: "2", SIZE: "1000" },
  });
  assert.equal(ended.code, 0, ended.stderr);
  assert.equal(ended.stdout.trim().split("\n").length, 1);
  const { mean, size, workers, secondsToFirstResult, versions } = JSON.parse(ended.stdout);
  assert.ok(Math.abs(mean - 10) < 0.01);
  assert.equal(size, 1000);
  assert.equal(workers, 2);
  assert.ok(secondsToFirstResult > 0);
  assert.deepEqual(Object.keys(versions), ["python", "dask", "distributed", "numpy"]);
});

test("the smoke test of a dask release that lacks a worker fails and says so", async (t) => {
  const command = await python(t);
  if (command === undefined) return;
  const scheduler = await startDask(t, command, 1);
  const env = { SCHEDULER: scheduler, WORKERS: "2", SIZE: "1000", PATIENCE: "2" };
  const ended = await finish(command, ["-c", program], { env });
  assert.equal(ended.code, 1);
  assert.match(ended.stderr, /^Dask does not compute: .*1\/2 workers/m);
});

test("the smoke test of a dask release without a scheduler fails and says so", async (t) => {
  const command = await python(t);
  if (command === undefined) return;
  const env = { SCHEDULER: `tcp://127.0.0.1:${await freePort()}`, WORKERS: "1", SIZE: "1000", PATIENCE: "2" };
  const ended = await finish(command, ["-c", program], { env });
  assert.equal(ended.code, 1);
  assert.match(ended.stderr, /^Dask does not compute: .*Timed out/m);
});
