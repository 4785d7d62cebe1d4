import { execFileSync } from "node:child_process";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startedAt } from "../../sandbox/identity.ts";
import { layoutOf } from "../../sandbox/layout.ts";
import { runningPid } from "../../sandbox/processes.ts";
import { startSandbox } from "../../sandbox/sandbox.ts";
import type { Ended, Run } from "./runs.ts";
import type { Bench } from "./sandbox.ts";

/** What can be killed in the middle of a run. */
export const VICTIMS = ["engine", "provider", "engine and providers", "API server"] as const;

/** What can be killed in the middle of a run. */
export type Victim = (typeof VICTIMS)[number];

/** How a run that was struck ended. */
export interface Struck extends Ended {
  /** Whether the victim was there to be killed. */
  readonly hit: boolean;
  /** Whether the run waited for what it would not hear of any more, until a person ended it. */
  readonly hung: boolean;
}

/**
 * Kills something of a run, some milliseconds after its engine began.
 *
 * Waits until what the engine left behind has ended too, and starts an API server that was killed anew.
 */
export async function strike({ sandbox }: Bench, run: Run, victim: Victim, after: number): Promise<Struck> {
  let over = false;
  run.ended.finally(() => {
    over = true;
  });
  const wait = async (isThere: () => boolean) => {
    while (!over && !isThere()) await sleep(20);
  };
  await wait(() => programs(run.pid).some(isEngine));
  await Promise.race([run.ended, sleep(after)]);
  if (victim === "provider") await wait(() => programs(run.pid).some(isProvider));
  if (over) return { ...(await run.ended), hit: false, hung: false };
  const all = programs(run.pid);
  const pids = victim === "API server" ? apiServer(sandbox.root) : targets(all, victim);
  for (const pid of pids) end(pid);
  await Promise.all(pids.map(untilEnded));
  if (victim === "API server") await startSandbox({ root: sandbox.root });
  const ended = await endedOrInterrupted(run);
  await Promise.all(all.map(({ pid }) => untilEnded(pid)));
  return { ...ended, hit: pids.length > 0 };
}

/** How long a run may wait for what it will not hear of any more, in milliseconds; then a person interrupts it. */
const HANG_MS = 60_000;

/**
 * The end of a run, or its interruption where it hangs.
 *
 * The provider waits to the end of its own timeouts, ten minutes, for news of an API server that is another now.
 */
export async function endedOrInterrupted(run: Run, patience = HANG_MS): Promise<Ended & { hung: boolean }> {
  let hung = false;
  const limit = setTimeout(() => {
    hung = true;
    for (const { pid } of programs(run.pid)) end(pid);
  }, patience);
  const ended = await run.ended;
  clearTimeout(limit);
  return { ...ended, hung };
}

interface Program {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
}

const isEngine = ({ name }: Program): boolean => name === "pulumi";
const isProvider = ({ name }: Program): boolean => name.startsWith("pulumi-resource");

function targets(all: readonly Program[], victim: Exclude<Victim, "API server">): number[] {
  const isTarget = (each: Program) => {
    if (victim === "engine and providers") return isEngine(each) || isProvider(each);
    return victim === "engine" ? isEngine(each) : isProvider(each);
  };
  return all.filter(isTarget).map(({ pid }) => pid);
}

function apiServer(root: string): number[] {
  const pid = runningPid(layoutOf(root), "kube-apiserver");
  return pid === undefined ? [] : [pid];
}

/** A process and all that it started. */
function programs(root: number): Program[] {
  const all = execFileSync("ps", ["-eo", "pid=,ppid=,stat=,comm="], { encoding: "utf8" })
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , state]) => state !== undefined && !state.startsWith("Z"))
    .map(([pid, parent, , name = ""]) => ({
      pid: Number(pid),
      parent: Number(parent),
      name: basename(name),
    }));
  const below = (pid: number): Program[] => {
    const children = all.filter(({ parent }) => parent === pid);
    return [...children, ...children.flatMap((child) => below(child.pid))];
  };
  return [...all.filter(({ pid }) => pid === root), ...below(root)];
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    // ESRCH: it ended between the look and the signal.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** How long a provider without an engine may go on with what it does, in milliseconds; it would stay for minutes. */
const ORPHAN_MS = 3000;

async function untilEnded(pid: number): Promise<void> {
  const deadline = Date.now() + ORPHAN_MS;
  const began = startedAt(pid);
  while (began !== undefined && startedAt(pid) === began) {
    if (Date.now() > deadline) end(pid);
    await sleep(50);
  }
}
