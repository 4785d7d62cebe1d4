import { execFile } from "node:child_process";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import type { OutputMap, Stack } from "@pulumi/pulumi/automation/index.js";
import type { Chart } from "../../components/chart.ts";
import { deploy } from "../../deploy.ts";
import { genuineCharts, standIn, withStandIns } from "../../sandbox/charts.ts";
import { layoutOf } from "../../sandbox/layout.ts";
import { type Sandbox, startSandbox } from "../../sandbox/sandbox.ts";
import { openStack } from "../../sandbox/stack.ts";
import { readSettings } from "../../settings/read.ts";
import { limited } from "../limit.ts";

/** Folder of the tests' own sandbox; test/run.ts starts it once and stops it after the last test. */
export const ROOT_VARIABLE = "DASK_TEST_SANDBOX";
/** Why this machine has no sandbox; the tests that need one are then reported as skipped. */
export const SKIP_VARIABLE = "DASK_TEST_NO_SANDBOX";

/** Bytes that a command may print: an inventory of the whole API server is long. */
const MOST_OUTPUT = 64 * 1024 * 1024;

/** How long one command may take: longer than what it waits for itself, and shorter than a test. */
const COMMAND_MS = 6 * 60_000;

/** What a test on the sandbox gets. */
export interface Bench {
  readonly sandbox: Sandbox;
  /** `kubectl` with the sandbox's kubeconfig; answers its output. */
  kubectl(...args: string[]): Promise<string>;
  /** A command of the real CLI on the sandbox's backend; answers its output. */
  pulumi(...args: string[]): Promise<string>;
  /** Opens the stack of a stack file's `dask:` keys; the test destroys it. */
  open(stackName: string, config: Readonly<Record<string, unknown>>): Promise<Stack>;
}

/** A test that needs the sandbox: real engine, real providers, real API server. */
export function sandboxTest(
  title: string,
  body: (bench: Bench, context: TestContext) => Promise<void>,
): void {
  const skip = process.env[SKIP_VARIABLE];
  test(title, { skip: skip ?? false }, async (context) => {
    const root = process.env[ROOT_VARIABLE] ?? join("/tmp", "pulumi-dask-test");
    const bench = benchOn(await startSandbox({ root }));
    await limited(() => body(bench, context));
  });
}

/** The chart setting for a release: the tests' stand-in, or nothing where the genuine charts are to be had. */
export async function chartSetting(chart: Chart): Promise<object> {
  return (await genuineCharts()) ? {} : { chart: { path: standIn(chart) } };
}

/** A stack file's config with the tests' stand-ins, or as it is where the genuine charts are to be had. */
export async function withCharts(
  config: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, unknown>>> {
  return (await genuineCharts()) ? config : withStandIns(config);
}

/** What an update did, by operation, without what stayed the same. */
export function changes(
  counts: Readonly<Record<string, number | undefined>> | undefined,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(counts ?? {}).filter(([operation]) => operation !== "same"),
  ) as Record<string, number>;
}

/** The plain value of a stack's output. */
export function outputOf(outputs: OutputMap, name: string): unknown {
  return outputs[name]?.value;
}

/** What a test on this sandbox gets. */
export function benchOn(sandbox: Sandbox): Bench {
  const command =
    (file: string) =>
    async (...args: string[]) => {
      const options = {
        cwd: layoutOf(sandbox.root).stacks,
        env: { ...process.env, ...sandbox.env },
        maxBuffer: MOST_OUTPUT,
        timeout: COMMAND_MS,
      };
      const { stdout } = await promisify(execFile)(file, args, options);
      return stdout.trim();
    };
  const program = async () => ({ ...(await deploy(readSettings())) });
  return {
    sandbox,
    kubectl: command("kubectl"),
    pulumi: command("pulumi"),
    open: (stackName, config) => openStack(sandbox, { stackName, config, program }),
  };
}
