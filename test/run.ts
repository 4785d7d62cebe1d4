import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { isBuilt } from "../sandbox/build.ts";
import { findOnPath } from "../sandbox/command.ts";
import { repository } from "../sandbox/layout.ts";
import { realNodeObstacle } from "../sandbox/node/prerequisites.ts";
import { startSandbox, stopSandbox } from "../sandbox/sandbox.ts";
import { tools } from "../sandbox/tools.ts";
import { REAL_ROOT_VARIABLE, REAL_SKIP_VARIABLE } from "./e2e/node.ts";
import { CLOUD_ROOT_VARIABLE, CLOUD_SKIP_VARIABLE } from "./openstack/bench.ts";
import { cloudObstacle, stopCloud } from "./openstack/cloud.ts";
import { ROOT_VARIABLE, SKIP_VARIABLE } from "./stack/sandbox.ts";

// npm test [-- <level> ...]: the levels in this order, the quick ones first; without a level all of them. What this
// machine cannot run is skipped by name.

// A hang is a failure; the longest file takes minutes, and builds of half an hour before it.
const LONGEST_FILE_MS = 60 * 60 * 1000;

const OF_CODE = ["code"];
const ALONE = ["unit", "graph"];
const OF_PROGRAMS = ["fuzz", "python"];
const ON_SANDBOX = ["stack"];
const ON_CLOUD = ["openstack"];
const ON_REAL_NODE = ["e2e"];

const counts = { passed: 0, failed: 0, skipped: 0 };

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const chosen = (levels: readonly string[]) =>
    levels.filter((level) => wanted.length === 0 || wanted.includes(level));
  await runFiles(filesOf(chosen(OF_CODE)), 1);
  await runFiles(
    chosen(ALONE).map((level) => join(repository, "test", level, "all.ts")),
    2,
  );
  await runFiles(filesOf(chosen(OF_PROGRAMS)), 2);
  const stacks = filesOf(chosen(ON_SANDBOX));
  const clouds = filesOf(chosen(ON_CLOUD));
  const pods = filesOf(chosen(ON_REAL_NODE));
  const imagesMade = pods.length > 0 && stacks.length > 0 ? makeImages() : undefined;
  // Within a level one file after the other: each compares what API server or cloud hold before and after it. The two
  // levels know nothing of each other, and mostly wait.
  await Promise.all([
    stacks.length > 0 ? withSandbox(() => runFiles(stacks, 1)) : undefined,
    clouds.length > 0 ? withCloud(() => runFiles(clouds, 1)) : undefined,
  ]);
  await imagesMade;
  // One after the other: each wants the cores for the Dask clusters that it makes.
  if (pods.length > 0) await withRealNode(() => runFiles(pods, 1));
}

/**
 * Makes the images of real pods beside the levels before, with what these leave of the cores.
 * What fails is tried again by the test that needs it, which then says why.
 */
async function makeImages(): Promise<void> {
  if (realNodeObstacle() !== undefined) return;
  const program = [process.execPath, ...process.execArgv, join(repository, "sandbox", "images", "make.ts")];
  const child = spawn("nice", ["-n", "10", ...program], { cwd: repository, stdio: "inherit" });
  await once(child, "close");
}

/** Starts a sandbox for the tests alone, apart from the user's; where the machine can have none, its tests are skipped. */
async function withSandbox(body: () => Promise<void>): Promise<void> {
  const root = join(tmpdir(), `pulumi-dask-test-${process.pid}`);
  process.env[ROOT_VARIABLE] = root;
  const obstacle = sandboxObstacle();
  if (obstacle !== undefined) process.env[SKIP_VARIABLE] = `no sandbox here: ${obstacle}`;
  try {
    if (obstacle === undefined)
      await startSandbox({ root, nodes: "simulated", log: (line) => console.log(line) });
    await body();
  } finally {
    await stopSandbox({ root });
  }
}

/** Why this machine can have no Kubernetes of its own. */
function sandboxObstacle(): string | undefined {
  if (process.platform === "win32") return "Windows";
  if (findOnPath("go") === undefined && !isBuilt(tools.kube)) return "no Go to build it with";
  return undefined;
}

/** Names the sandbox in which containers run; the first test that needs it starts it. */
async function withRealNode(body: () => Promise<void>): Promise<void> {
  const obstacle = realNodeObstacle();
  if (obstacle !== undefined) process.env[REAL_SKIP_VARIABLE] = `no real node here: ${obstacle}`;
  const root = join(tmpdir(), `pulumi-dask-real-${process.pid}`);
  process.env[REAL_ROOT_VARIABLE] = root;
  try {
    await body();
  } finally {
    await stopSandbox({ root });
  }
}

/** Names the OpenStack cloud of the tests; the first test that needs it starts it. */
async function withCloud(body: () => Promise<void>): Promise<void> {
  const obstacle = cloudObstacle();
  if (obstacle !== undefined) process.env[CLOUD_SKIP_VARIABLE] = `no OpenStack here: ${obstacle}`;
  const root = join(tmpdir(), `pulumi-dask-openstack-${process.pid}`);
  process.env[CLOUD_ROOT_VARIABLE] = root;
  try {
    await body();
  } finally {
    await stopCloud({ root });
  }
}

/** The test files of some levels. */
function filesOf(levels: readonly string[]): string[] {
  return levels.flatMap((level) => {
    const folder = join(repository, "test", level);
    return readdirSync(folder)
      .filter((file) => file.endsWith(".test.ts"))
      .map((file) => join(folder, file));
  });
}

/** Runs test files, each in a process of its own, and counts. */
async function runFiles(files: string[], concurrency: number): Promise<void> {
  if (files.length === 0) return;
  const stream = run({ files, concurrency, timeout: LONGEST_FILE_MS });
  stream.on("test:pass", ({ skip, details }) => {
    if (details.type === "suite") return;
    if (skip === undefined) counts.passed++;
    else counts.skipped++;
  });
  stream.on("test:fail", ({ details }) => {
    if (details.type !== "suite") counts.failed++;
  });
  const report = stream.compose(new spec());
  report.pipe(process.stdout, { end: false });
  await new Promise((done) => report.on("end", done));
}

try {
  await main();
} catch (error) {
  counts.failed++;
  console.error(error);
}
const { passed, failed, skipped } = counts;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
// Not exitCode: what a level that was ended leaves behind must not keep the process.
process.exit(failed > 0 || passed === 0 ? 1 : 0);
