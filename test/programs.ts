import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { repository } from "../sandbox/layout.ts";
import { sendSignal } from "../sandbox/processes.ts";

const running = new Set<ChildProcess>();

/**
 * Runs a TypeScript file of this repository to its end and answers its exit code; `null` after a signal.
 *
 * It leads a process group: what it has started, like a compiler, is ended with it.
 *
 * @param nice how far it stands back behind others; default: not at all
 */
export function runScript(
  path: readonly string[],
  args: readonly string[],
  nice = 0,
): Promise<number | null> {
  const script = [...process.execArgv, join(repository, ...path), ...args];
  const options = { cwd: repository, stdio: "inherit", detached: true } as const;
  const child =
    nice > 0 && process.platform !== "win32"
      ? spawn("nice", ["-n", String(nice), process.execPath, ...script], options)
      : spawn(process.execPath, script, options);
  running.add(child);
  return new Promise((resolve, reject) => {
    const ended = (act: () => void) => {
      running.delete(child);
      act();
    };
    child.once("error", (error) => ended(() => reject(error)));
    child.once("exit", (code) => ended(() => resolve(code)));
  });
}

/** Ends every script that runs and every other command, with what they have started. */
export function endPrograms(): void {
  for (const { pid } of running) if (pid !== undefined) sendSignal(-pid, "SIGTERM");
  for (const pid of children()) sendSignal(pid, "SIGTERM");
}

/** The commands that this process has started and what they have; not what leads a process group, like a sandbox's. */
export function children(): number[] {
  // Without `ps` nobody is found: a test that hangs is then given up in the end.
  const { stdout } = spawnSync("ps", ["-eo", "pid=,ppid=,pgid="], { encoding: "utf8" });
  const rows = (stdout ?? "").split("\n").map((line) => line.trim().split(/\s+/).map(Number));
  const group = rows.find(([pid]) => pid === process.pid)?.[2];
  const below = (above: number): number[] =>
    rows
      .filter(([, parent, of]) => parent === above && of === group)
      .flatMap(([pid = 0]) => [pid, ...below(pid)]);
  return below(process.pid);
}
