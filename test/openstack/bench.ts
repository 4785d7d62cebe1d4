import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { deploy } from "../../deploy.ts";
import { layoutOf, repository } from "../../sandbox/layout.ts";
import { openStack } from "../../sandbox/stack.ts";
import { readSettings } from "../../settings/read.ts";
import { limited } from "../limit.ts";
import { type Api, logIn } from "./api.ts";
import { type Cloud, openrc, startCloud } from "./cloud.ts";
import { ADMINISTRATOR, MEMBER } from "./seed.ts";

/** Folder of the tests' cloud; test/run.ts stops it after the last test. */
export const CLOUD_ROOT_VARIABLE = "DASK_TEST_OPENSTACK";
/** Why this machine can have no cloud; the tests that need one are then reported as skipped. */
export const CLOUD_SKIP_VARIABLE = "DASK_TEST_NO_OPENSTACK";

/** What a test on the cloud gets. */
export interface CloudBench {
  readonly cloud: Cloud;
  /** The user of the stacks, a plain member of its project. */
  readonly member: Api;
  readonly administrator: Api;
  /** Opens the stack of a stack file's `dask:` keys; the test destroys it. */
  open(stackName: string, config: Config): Promise<Stack>;
  /** `pulumi preview` of the real CLI for a stack that has been opened, with this config; answers what it prints. */
  preview(stackName: string, config: Config): Promise<Printed>;
  /** `pulumi destroy` of the real CLI, which previews first, unlike that of the Automation API; answers what it prints. */
  destroy(stackName: string): Promise<Printed>;
}

/** How a command ended, and all that it printed. */
interface Printed {
  readonly code: number;
  readonly text: string;
}

type Config = Readonly<Record<string, unknown>>;

/** A test that needs OpenStack: real engine, real providers, real Keystone, Glance, Nova, Neutron and Magnum. */
export function cloudTest(
  title: string,
  body: (bench: CloudBench, context: TestContext) => Promise<void>,
): void {
  const skip = process.env[CLOUD_SKIP_VARIABLE];
  test(title, { skip: skip ?? false }, async (context) => {
    const root = process.env[CLOUD_ROOT_VARIABLE] ?? join(tmpdir(), "pulumi-dask-openstack");
    const cloud = await startCloud({ root, log: (line) => console.log(line) });
    const start = Date.now();
    useLogin(openrc(cloud.place));
    const bench = await benchOn(cloud);
    await limited(() => body(bench, context));
    context.diagnostic(`${Math.round((Date.now() - start) / 1000)} s`);
  });
}

/** Makes these variables the only ones by which this process and what it starts log in to OpenStack. */
export function useLogin(variables: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(process.env)) if (name.startsWith("OS_")) delete process.env[name];
  Object.assign(process.env, variables);
}

async function benchOn(cloud: Cloud): Promise<CloudBench> {
  const program = async () => ({ ...(await deploy(readSettings())) });
  const open: CloudBench["open"] = (stackName, config) => openStack(cloud, { stackName, config, program });
  return {
    cloud,
    member: await logIn(cloud.place, MEMBER),
    administrator: await logIn(cloud.place, ADMINISTRATOR),
    open,
    preview: async (stackName, config) => {
      await open(stackName, config);
      // With the entry point and the node arguments of Pulumi.yaml: a refusal ends as it does for a user.
      return byCli(cloud, stackName, "preview");
    },
    destroy: (stackName) => byCli(cloud, stackName, "destroy", "--yes"),
  };
}

function byCli(cloud: Cloud, stackName: string, command: string, ...more: string[]): Promise<Printed> {
  const file = join(layoutOf(cloud.root).stacks, `Pulumi.${stackName}.yaml`);
  const args = [command, "--non-interactive", "--stack", stackName, "--config-file", file, ...more];
  const options = { cwd: repository, env: { ...process.env, ...cloud.env }, maxBuffer: 64 * 1024 * 1024 };
  return new Promise((done) => {
    execFile("pulumi", args, options, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : 1, text: stdout + stderr }),
    );
  });
}
