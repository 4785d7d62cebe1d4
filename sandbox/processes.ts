import { spawn } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startedAt } from "./identity.ts";
import type { Layout } from "./layout.ts";

/** One long-running program of the sandbox. */
export interface Program {
  /** Unique in its sandbox; names the log and the pid file. */
  readonly name: string;
  /** Absolute path of the program, then its arguments. */
  readonly command: readonly [string, ...string[]];
  /** Working folder. */
  readonly cwd: string;
}

interface Running {
  readonly pid: number;
  readonly started: string;
  readonly command: readonly string[];
}

// The API server ends its watches when it is told to stop; five seconds are ample on a loaded machine.
const STOP_PATIENCE_MS = 5000;

/** Whether `program` runs, with exactly this command. */
export function isRunning(layout: Layout, program: Program): boolean {
  const running = readRecord(layout, program.name);
  return running !== undefined && isAlive(running) && sameCommand(running.command, program.command);
}

/** The pid of the program of that name, whatever its command; undefined where it does not run. */
export function runningPid(layout: Layout, name: string): number | undefined {
  const running = readRecord(layout, name);
  return running !== undefined && isAlive(running) ? running.pid : undefined;
}

/**
 * Starts `program` unless it runs, and returns whether it had to.
 * It is detached, so it outlives this process and no terminal signal reaches it; it writes to `logs/<name>.log`.
 * A process of that name with another command (other version, other port) is stopped first.
 */
export async function ensureRunning(layout: Layout, program: Program): Promise<boolean> {
  if (isRunning(layout, program)) return false;
  await stopProgram(layout, program.name);
  const log = openSync(join(layout.logs, `${program.name}.log`), "a", 0o600);
  const [file, ...args] = program.command;
  const child = spawn(file, args, { cwd: program.cwd, detached: true, stdio: ["ignore", log, log] });
  closeSync(log);
  const pid = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("spawn", () => resolve(child.pid ?? 0));
  });
  child.unref();
  const record: Running = { pid, started: startedAt(pid) ?? "", command: program.command };
  writeFileSync(recordPath(layout, program.name), JSON.stringify(record), { mode: 0o600 });
  return true;
}

/** Stops the program of that name: SIGTERM, up to five seconds, SIGKILL. Does nothing where none runs. */
export async function stopProgram(layout: Layout, name: string): Promise<void> {
  const running = readRecord(layout, name);
  if (running === undefined) return;
  if (isAlive(running)) await end(running);
  rmSync(recordPath(layout, name), { force: true });
}

/** The names of all programs that were started here and not stopped, running or not. */
export function recordedPrograms(layout: Layout): string[] {
  try {
    return readdirSync(layout.pids).map((file) => file.replace(/\.json$/, ""));
  } catch {
    return [];
  }
}

/** The last `lines` lines of a program's log, for an error message; empty where there is none. */
export function logTail(layout: Layout, name: string, lines = 10): string {
  try {
    return readFileSync(join(layout.logs, `${name}.log`), "utf8")
      .trimEnd()
      .split("\n")
      .slice(-lines)
      .join("\n");
  } catch {
    return "";
  }
}

async function end(running: Running): Promise<void> {
  sendSignal(running.pid, "SIGTERM");
  const patience = Date.now() + STOP_PATIENCE_MS;
  while (isAlive(running) && Date.now() < patience) await sleep(20);
  if (isAlive(running)) sendSignal(running.pid, "SIGKILL");
  while (isAlive(running)) await sleep(20);
}

/** Sends a signal to a process, or to a group by its negative number; to nobody where it has ended. */
export function sendSignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // ESRCH: it ended between the look and the signal.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

function isAlive(running: Running): boolean {
  return running.started !== "" && startedAt(running.pid) === running.started;
}

function sameCommand(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((part, index) => part === b[index]);
}

function recordPath(layout: Layout, name: string): string {
  return join(layout.pids, `${name}.json`);
}

function readRecord(layout: Layout, name: string): Running | undefined {
  try {
    const { pid, started, command } = JSON.parse(readFileSync(recordPath(layout, name), "utf8"));
    return typeof pid === "number" && Array.isArray(command) ? { pid, started, command } : undefined;
  } catch {
    return undefined;
  }
}
