import { cpSync, existsSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { layoutOf, repository } from "../sandbox/layout.ts";
import { podLogsFolder } from "../sandbox/node/mounts.ts";
import { inWords, type Obstacle } from "../sandbox/obstacle.ts";
import { stopSandbox } from "../sandbox/sandbox.ts";
import { attempt } from "./attempt.ts";
import { REAL_ROOT_VARIABLE, REAL_SKIP_VARIABLE } from "./e2e/node.ts";
import { CLOUD_ROOT_VARIABLE, CLOUD_SKIP_VARIABLE } from "./openstack/bench.ts";
import { stopCloud } from "./openstack/cloud.ts";
import { runScript } from "./programs.ts";
import { ROOT_VARIABLE, SKIP_VARIABLE } from "./stack/sandbox.ts";
import type { Environment } from "./tally.ts";

/** What the tests of a level run on: where they look for it, how they learn that there is none, how it ends. */
interface Place {
  readonly what: string;
  readonly folder: string;
  readonly skip: string;
  stop(options: { readonly root: string }): Promise<void>;
}

const PLACES = {
  stack: { what: "sandbox", folder: ROOT_VARIABLE, skip: SKIP_VARIABLE, stop: stopSandbox },
  openstack: { what: "OpenStack", folder: CLOUD_ROOT_VARIABLE, skip: CLOUD_SKIP_VARIABLE, stop: stopCloud },
  e2e: { what: "real node", folder: REAL_ROOT_VARIABLE, skip: REAL_SKIP_VARIABLE, stop: stopSandbox },
} as const satisfies Record<string, Place>;

/** A level whose tests run on something that is started before them. */
export type PlacedLevel = keyof typeof PLACES;

/** The environment of tests that cannot be run here: they learn why they are skipped. */
export function withoutPlace(level: PlacedLevel, obstacle: Obstacle): Environment {
  const { what, skip } = PLACES[level];
  return { [skip]: `no ${what} here: ${inWords(obstacle)}` };
}

/**
 * Starts what the tests of a level run on, apart from the user's, runs `body`, and stops it whatever comes.
 *
 * A level may have several, because files that compare all that a place holds before and after share none at a time.
 * Logs outlive it where `body` answers false or it does not start; the folder is printed.
 *
 * @param number tells the places of a level apart
 * @param body runs tests in an environment and answers whether all passed
 */
export async function onPlace(
  level: PlacedLevel,
  number: number,
  body: (env: Environment) => Promise<boolean>,
): Promise<void> {
  const { what, folder, stop } = PLACES[level];
  const root = join(tmpdir(), `pulumi-dask-${level}-${process.pid}-${number}`);
  let passed = false;
  await attempt(async () => {
    // A process of its own: what builds for half an hour must end when a person wants it to.
    if ((await runScript(["test", "start.ts"], [level, root])) !== 0)
      throw new Error(`${level}: its ${what} did not start, and says above why; its tests were not run`);
    passed = await body({ [folder]: root });
  }).finally(async () => {
    if (!passed) keepLogs(level, root);
    await stop({ root });
    const beside = await stopBeside(root);
    // What a test puts beside the logs and states there, it takes away itself, unless it was cut off.
    if (!passed) rmSync(root, { recursive: true, force: true });
    if (existsSync(root)) throw new Error(`${level}: ${readdirSync(root).join(", ")} is left in ${root}`);
    if (passed && beside.length > 0) throw new Error(`${level}: ${beside.join(", ")} was left by a test`);
  });
}

/** Stops the sandboxes that tests have started beside their own and that an interruption has left: `<root>-<name>`. */
async function stopBeside(root: string): Promise<string[]> {
  const names = readdirSync(dirname(root)).filter((name) => name.startsWith(`${basename(root)}-`));
  const folders = names.map((name) => join(dirname(root), name));
  for (const folder of folders) {
    const inside = join(folder, ".sandbox");
    await stopSandbox({ root: existsSync(inside) ? inside : folder });
    rmSync(folder, { recursive: true, force: true });
  }
  return folders;
}

/** Copies the logs to `test-logs/`, because their folder goes. */
function keepLogs(level: PlacedLevel, root: string): void {
  const layout = layoutOf(root);
  const target = join(repository, "test-logs", `${level}-${new Date().toISOString().replaceAll(":", "")}`);
  const parts = { programs: layout.logs, pods: podLogsFolder(layout) };
  for (const [name, source] of Object.entries(parts))
    if (existsSync(source) && readdirSync(source).length > 0)
      cpSync(source, join(target, name), { recursive: true });
  if (existsSync(target)) console.log(`${level}: logs are kept in ${relative(process.cwd(), target)}/`);
}
