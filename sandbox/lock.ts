import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startedAt } from "./identity.ts";

/** Options of `withLock`. */
export interface LockOptions {
  /** Called once when another process holds the lock, with its pid. */
  readonly onWait?: (pid: number) => void;
}

interface Holder {
  readonly pid: number;
  readonly started: string;
}

/**
 * Runs `work` while no other process on this machine holds the lock file `path`, and removes the file after it.
 * Waits as long as the holder lives; a lock whose holder is gone is taken over.
 */
export async function withLock<T>(
  path: string,
  work: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  let told = false;
  while (!tryLock(path)) {
    const holder = readHolder(path);
    if (holder !== undefined && startedAt(holder.pid) !== holder.started) {
      takeAway(path, holder);
      continue;
    }
    if (!told && holder !== undefined) options.onWait?.(holder.pid);
    told = true;
    await sleep(100);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function tryLock(path: string): boolean {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const holder: Holder = { pid: process.pid, started: startedAt(process.pid) ?? "" };
  try {
    writeFileSync(path, JSON.stringify(holder), { flag: "wx" });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** The holder written in the file; undefined while it is being written or just removed. */
function readHolder(path: string): Holder | undefined {
  try {
    const { pid, started } = JSON.parse(readFileSync(path, "utf8"));
    return typeof pid === "number" && typeof started === "string" ? { pid, started } : undefined;
  } catch {
    return undefined;
  }
}

/** Renaming first: of two processes that saw the same dead holder, only one removes its file. */
function takeAway(path: string, dead: Holder): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
    const taken = readHolder(aside);
    if (taken?.pid === dead.pid && taken.started === dead.started) rmSync(aside);
    else renameSync(aside, path);
  } catch {
    // The other process was faster.
  }
}
