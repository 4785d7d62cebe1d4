import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  type DestroyResult,
  LocalWorkspace,
  PulumiCommand,
  type PulumiFn,
  type Stack,
  type UpResult,
} from "@pulumi/pulumi/automation/index.js";
import { parse, stringify } from "yaml";
import { readIfThere, writePrivate } from "./files.ts";
import { layoutOf } from "./layout.ts";
import type { Sandbox } from "./sandbox.ts";

/** One stack of the project on a sandbox. */
export interface StackRun {
  readonly stackName: string;
  /** The `config` section of a stack file: full keys (`dask:cluster`), plain or structured values. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly program: PulumiFn;
  /** Takes the engine's progress as it comes. Default: silence. */
  readonly onOutput?: (text: string) => void;
}

/** Name of the Pulumi project, as in Pulumi.yaml. */
export const PROJECT = "dask";

/** The stack that `npm run sandbox` brings up. */
export const DEV_STACK = "dev";

const quiet = (): void => {};

// The engine colours for terminals only and sees a pipe here.
const color = process.stdout.isTTY ? "always" : "never";

/**
 * `pulumi up` of `run` on the sandbox; creates the stack at first.
 * The program runs inside this process, so no language host is needed; KUBECONFIG of this process then names the
 * sandbox. Rejects when anything fails, after the
 * engine's own words went to `onOutput`.
 */
export async function runStack(sandbox: Sandbox, run: StackRun): Promise<UpResult> {
  const stack = await openStack(sandbox, run);
  return stack.up({ color, suppressProgress: true, onOutput: run.onOutput ?? quiet });
}

/**
 * `pulumi destroy` of a stack and removal of its history; the program is not run.
 * Resolves with undefined where the sandbox has no such stack.
 */
export async function destroyStack(
  sandbox: Sandbox,
  stackName: string,
  onOutput: (text: string) => void = quiet,
): Promise<DestroyResult | undefined> {
  const workspace = await LocalWorkspace.create(await workspaceOptions(sandbox));
  const stacks = await workspace.listStacks();
  if (!stacks.some((stack) => stack.name.split("/").at(-1) === stackName)) return undefined;
  const stack = await LocalWorkspace.selectStack(
    { stackName, projectName: PROJECT, program: async () => {} },
    await workspaceOptions(sandbox),
  );
  return stack.destroy({ color, suppressProgress: true, onOutput, remove: true });
}

/** Creates or selects the stack of `run` with exactly its config; nothing is deployed. */
export async function openStack(sandbox: Sandbox, run: StackRun): Promise<Stack> {
  const { stackName, config, program } = run;
  const file = join(stackFolder(sandbox), `Pulumi.${stackName}.yaml`);
  writePrivate(file, stackFile(readIfThere(file), config));
  return LocalWorkspace.createOrSelectStack(
    { stackName, projectName: PROJECT, program: onSandbox(sandbox, program) },
    await workspaceOptions(sandbox),
  );
}

/**
 * The program with the sandbox as its current cluster.
 * It runs in this process, not in the environment given to the engine; without this, a stack that names no
 * kubeconfig would land on the user's own cluster.
 */
function onSandbox(sandbox: Sandbox, program: PulumiFn): PulumiFn {
  return () => {
    process.env.KUBECONFIG = sandbox.kubeconfig;
    return program();
  };
}

/**
 * The text of a stack file with `config` as its config; pure.
 * What else `before` holds stays: without the encryption salt the stack's secrets could not be read again.
 */
export function stackFile(before: string | undefined, config: Readonly<Record<string, unknown>>): string {
  const rest: Record<string, unknown> = before === undefined ? {} : (parse(before) ?? {});
  return stringify({ ...rest, config });
}

async function workspaceOptions(sandbox: Sandbox) {
  return {
    workDir: stackFolder(sandbox),
    pulumiHome: layoutOf(sandbox.root).pulumiHome,
    pulumiCommand: await PulumiCommand.get({ root: sandbox.pulumiRoot }),
    envVars: { ...sandbox.env },
    projectSettings: {
      name: PROJECT,
      runtime: "nodejs" as const,
      backend: { url: sandbox.env.PULUMI_BACKEND_URL ?? "" },
    },
  };
}

function stackFolder(sandbox: Sandbox): string {
  const folder = layoutOf(sandbox.root).stacks;
  mkdirSync(folder, { recursive: true });
  return folder;
}
