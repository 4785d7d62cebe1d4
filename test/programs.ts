import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { repository } from "../sandbox/layout.ts";

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

/** Ends every script that runs, and what it has started. */
export function endScripts(): void {
  for (const { pid } of running) {
    try {
      if (pid !== undefined) process.kill(-pid, "SIGTERM");
    } catch {
      // It ended between the look and the signal.
    }
  }
}
