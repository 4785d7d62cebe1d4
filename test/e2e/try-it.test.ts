import assert from "node:assert/strict";
import { cpSync, existsSync, rmSync, symlinkSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { basename, join } from "node:path";
import { run } from "../../sandbox/command.ts";
import { repository } from "../../sandbox/layout.ts";
import { must } from "../../sandbox/node/must.ts";
import { stopSandbox } from "../../sandbox/sandbox.ts";
import { attempt } from "../attempt.ts";
import { realTest } from "./node.ts";

/** Seconds in which a node is up, once everything is built and where nothing else wants the cores. */
const UP_SECONDS = 30;

/** What a clone does not have. */
const NOT_CLONED = ["node_modules", ".git", ".sandbox", "test-logs", "results"];

realTest(
  "npm run sandbox starts a node within half a minute and computes, its dashboard answers, and down leaves nothing",
  ["dask"],
  async (bench, context) => {
    // The sandbox of a clone lies in it: here the user's own may run. Beside that of all tests, so that whoever stops
    // that one finds it.
    const clone = `${bench.sandbox.root}-clone`;
    const root = join(clone, ".sandbox");
    const remove = async () => {
      await stopSandbox({ root });
      rmSync(clone, { recursive: true, force: true });
    };
    // Of a run that was killed.
    await remove();
    const filter = (path: string) => !NOT_CLONED.includes(basename(path));
    cpSync(repository, clone, { recursive: true, filter });
    symlinkSync(join(repository, "node_modules"), join(clone, "node_modules"));
    const command = async (script: string, ...args: string[]) => {
      const words = ["--import", "tsx/esm", join("sandbox", script), ...args];
      return must([script], await run(process.execPath, words, { cwd: clone }));
    };
    await attempt(async () => {
      const crowd = crowding();
      const said = await command("up.ts");
      const [, seconds] = /ready after ([\d.]+) s/.exec(said) ?? [];
      assert.ok(seconds !== undefined, said);
      const figure = `${seconds} s, with ${crowd.toFixed(1)} programs for each core before it`;
      context.diagnostic(`npm run sandbox: a node is up in ${figure}`);
      assert.ok(Number(seconds) < UP_SECONDS * Math.max(1, crowd), figure);
      assert.match(said, /Nodes: {4}real\. Containers run, and the smoke test of dask passed\./);
      const [, dashboard = ""] = /dashboard: (http:\S+)/.exec(said) ?? [];
      assert.equal((await fetch(`${dashboard}/status`)).status, 200);
      assert.match(await command("down.ts"), /stopped, nothing is left of it/);
      assert.equal(existsSync(root), false);
    }).finally(remove);
  },
);

/** How many programs wanted each core in the last minute: where other tests run, whatever is measured takes as much longer. */
function crowding(): number {
  const [lastMinute = 0] = loadavg();
  return lastMinute / availableParallelism();
}
