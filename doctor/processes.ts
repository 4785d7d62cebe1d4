import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { Here, Lock } from "./lock.ts";

/** What tells whether the processes that took some locks still live. */
export function lookHere(locks: readonly Lock[]): Here {
  const pids = locks.map(({ pid }) => pid).filter((pid) => pid > 0);
  return { hostname: hostname(), running: pids.filter(mayBePulumi) };
}

/** Whether a process may be a `pulumi` that runs: dead is only what is known to be. */
function mayBePulumi(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
  }
  try {
    return isRunningPulumi(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    // No Linux, or a process that is hidden from this user.
    return true;
  }
}

/** Whether the text of `/proc/<pid>/stat` is that of a `pulumi`, and of no zombie: a number is given again. */
function isRunningPulumi(stat: string): boolean {
  const end = stat.lastIndexOf(")");
  const [state] = stat.slice(end + 2).split(" ");
  return state !== "Z" && state !== "X" && stat.slice(0, end).includes("pulumi");
}
