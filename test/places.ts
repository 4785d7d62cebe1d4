import { cpSync, existsSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
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

/**
 * Starts what the tests of a level run on, apart from the user's, runs `body`, and stops it whatever comes.
 *
 * With an obstacle nothing is started, and the tests learn why they are skipped. Logs outlive it where `body` answers
 * false or it does not start; the folder is printed.
 *
 * @param body runs the tests and answers whether all passed
 */
export async function withPlace(
  level: PlacedLevel,
  obstacle: Obstacle | undefined,
  body: () => Promise<boolean>,
): Promise<void> {
  const { what, folder, skip, stop } = PLACES[level];
  if (obstacle !== undefined) {
    process.env[skip] = `no ${what} here: ${inWords(obstacle)}`;
    await body();
    return;
  }
  const root = join(tmpdir(), `pulumi-dask-${level}-${process.pid}`);
  process.env[folder] = root;
  let passed = false;
  await attempt(async () => {
    // A process of its own: what builds for half an hour must end when a person wants it to.
    if ((await runScript(["test", "start.ts"], [level, root])) !== 0)
      throw new Error(`${level}: its ${what} did not start, and says above why; its tests were not run`);
    passed = await body();
  }).finally(async () => {
    if (!passed) keepLogs(level, root);
    await stop({ root });
    // What a test puts beside the logs and states there, nobody else takes away.
    if (existsSync(root)) throw new Error(`${level}: ${readdirSync(root).join(", ")} is left in ${root}`);
  });
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
