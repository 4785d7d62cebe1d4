import { readdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { Here, Lock } from "./lock.ts";

/** What tells whether the processes that took some locks still live. */
export function lookHere(locks: readonly Lock[]): Here {
  const pids = locks.map(({ pid }) => pid).filter((pid) => pid > 0);
  const inside = pids.length > 0 ? containedPulumis() : [];
  return { hostname: hostname(), running: pids.filter((pid) => mayBePulumi(pid) || inside.includes(pid)) };
}

/**
 * Numbers that the `pulumi` processes of containers below this PID namespace have in their own.
 *
 * A container that carries this machine's name writes such a number into its lock. Containers beside this one are seen
 * from nowhere but above.
 */
function containedPulumis(): number[] {
  return filesOf("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => ownNumber(textOf(`/proc/${name}/status`)));
}

/** The number that a `pulumi` has in its own PID namespace, from the text of `/proc/<pid>/status`; pure. */
export function ownNumber(status: string): number[] {
  if (!/^Name:\s*pulumi/m.test(status) || /^State:\s*[ZX]/m.test(status)) return [];
  const numbers = /^NSpid:\s*(.*)$/m.exec(status)?.[1]?.trim().split(/\s+/) ?? [];
  return numbers.length > 1 ? numbers.slice(-1).map(Number) : [];
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The text of a file; empty where the process has ended since, or is hidden. */
function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
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
