import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { genuineCharts, withStandIns } from "../sandbox/charts.ts";
import { devConfig, devProgram } from "../sandbox/dev.ts";
import { repository } from "../sandbox/layout.ts";
import { startSandbox, stopSandbox } from "../sandbox/sandbox.ts";
import { openStack } from "../sandbox/stack.ts";

// npm run bench: how long the main job takes on this machine; prints seconds, judges nothing.

async function timed<Result>(what: string, body: () => Promise<Result>): Promise<Result> {
  const start = performance.now();
  const result = await body();
  console.log(`${what.padEnd(44)} ${((performance.now() - start) / 1000).toFixed(1).padStart(7)} s`);
  return result;
}

async function command(...args: string[]): Promise<void> {
  const { status, stderr } = spawnSync("npm", ["run", "--silent", ...args], {
    cwd: repository,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`npm run ${args.join(" ")} failed\n${stderr}`);
}

async function stackFigures(): Promise<void> {
  const root = join(tmpdir(), `pulumi-dask-bench-${process.pid}`);
  try {
    const sandbox = await timed("empty folder to a cluster that takes pods", () =>
      startSandbox({ root, nodes: "simulated" }),
    );
    const config = (await genuineCharts()) ? devConfig() : withStandIns(devConfig());
    const stack = await openStack(sandbox, { stackName: "bench", config, program: devProgram });
    await timed("first up of the dev stack", () => stack.up());
    await timed("second up, nothing to do", () => stack.up());
    await timed("preview", () => stack.preview());
    await timed("destroy", () => stack.destroy({ remove: true }));
  } finally {
    await stopSandbox({ root });
  }
}

process.chdir(repository);
await stackFigures();
await timed("npm run sandbox, toolchain built", () => command("sandbox", "--", "--nodes", "simulated"));
await timed("npm run sandbox again, nothing to do", () => command("sandbox", "--", "--nodes", "simulated"));
await timed("npm run sandbox:down", () => command("sandbox:down"));
await timed("unit and graph tests", () => command("test", "--", "unit", "graph"));
