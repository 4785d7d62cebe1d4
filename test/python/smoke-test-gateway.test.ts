import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { extraConfig, PASSWORD_VARIABLE } from "../../components/dask-gateway/config.ts";
import { smokeTestOrder } from "../../components/dask-gateway/smoke-test.ts";
import { smokeTestProgram } from "../../components/smoke-test-program.ts";
import { type DaskGatewaySettings, daskGateway } from "../../settings/releases/dask-gateway.ts";
import { finish, freePort, serve } from "./processes.ts";
import { python } from "./venv.ts";

const at = (file: string) => new URL(file, import.meta.url).pathname;
const program = smokeTestProgram("gateway");

function settings(input: object = {}): DaskGatewaySettings {
  const small = { worker: { memory: "500M" }, scheduler: { memory: "500M" } };
  return daskGateway.parse({ kind: "dask-gateway", ...small, ...input });
}

interface Running {
  readonly env: Record<string, string>;
  /** How many clusters have a working folder. */
  readonly clusters: () => number;
  /** Resolves when no cluster has a working folder any more: their processes are gone by then. */
  readonly empty: () => Promise<void>;
}

async function startGateway(t: TestContext, python: string, configured = settings()): Promise<Running> {
  const [gateway, proxy] = [await freePort(), await freePort()];
  const folder = mkdtempSync(join(tmpdir(), "gateway-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const config = ["--config", at("gateway_server.py")];
  await serve(t, python, ["-m", "dask_gateway_server", ...config], /Dask-Gateway server started/, {
    GATEWAY_PORT: String(gateway),
    PROXY_PORT: String(proxy),
    CLUSTERS_DIRECTORY: folder,
    SNIPPETS: JSON.stringify(extraConfig(configured, true)),
    [PASSWORD_VARIABLE]: "right",
    PATH: [dirname(python), process.env.PATH ?? ""].join(delimiter),
  });
  const clusters = () => readdirSync(folder).length;
  return {
    clusters,
    empty: async () => {
      while (clusters() > 0) await setTimeout(50);
    },
    env: {
      GATEWAY: `http://127.0.0.1:${proxy}`,
      PROXY: `gateway://127.0.0.1:${proxy}`,
      LOGIN: "password",
      LOGIN_SECRET: "right",
      ORDER: JSON.stringify(smokeTestOrder(configured)),
    },
  };
}

test("the smoke test of a gateway starts a cluster with options, computes on it and leaves none behind", async (t) => {
  const command = await python(t);
  if (command === undefined) return;
  const gateway = await startGateway(t, command);
  const ended = await finish(command, ["-c", program], { env: gateway.env });
  assert.equal(ended.code, 0, ended.stderr);
  assert.equal(ended.stdout.trim().split("\n").length, 1);
  const result = JSON.parse(ended.stdout);
  assert.ok(Math.abs(result.mean - 10) < 0.01);
  assert.equal(result.workers, 2);
  assert.equal(result.image, "ghcr.io/dask/dask-gateway:2026.3.0");
  assert.deepEqual(Object.keys(result.versions), ["python", "dask", "distributed", "numpy"]);
  await gateway.empty();

  await t.test("a wrong password is refused, and the test says so", async () => {
    const ended = await finish(command, ["-c", program], { env: { ...gateway.env, LOGIN_SECRET: "wrong" } });
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /^Dask Gateway does not serve: .*401/m);
  });

  await t.test(
    "workers of another image than the one asked for fail the test, which closes its cluster",
    async () => {
      const order = { ...smokeTestOrder(settings()), image: "example.org/dask:1", size: 500 };
      const ended = await finish(command, ["-c", program], {
        env: { ...gateway.env, ORDER: JSON.stringify(order) },
      });
      assert.equal(ended.code, 1);
      assert.match(ended.stderr, /runs ghcr.io\/dask\/dask-gateway:2026.3.0 and not example.org\/dask:1/);
      await gateway.empty();
    },
  );

  await t.test("a test that is told to end while it waits for workers closes its cluster", async (t) => {
    const order = { ...smokeTestOrder(settings()), workers: 101 };
    const env = { ...gateway.env, ORDER: JSON.stringify(order) };
    const child = spawn(command, ["-c", program], { env: { ...process.env, ...env }, stdio: "ignore" });
    t.after(() => child.kill("SIGKILL"));
    while (gateway.clusters() === 0) await setTimeout(50);
    child.kill("SIGTERM");
    const [code] = await once(child, "exit");
    assert.equal(code, 1);
    await gateway.empty();
  });
});
