import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
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
 * Waits as long as the holder lives; a lock whose holder is gone, or that names none, is taken over.
 */
export async function withLock<T>(
  path: string,
  work: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  let told = false;
  while (!tryLock(path)) {
    const holder = readHolder(path);
    if (holder === undefined ? isAbandoned(path) : startedAt(holder.pid) !== holder.started) {
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
  const written = `${path}.new.${process.pid}`;
  writeFileSync(written, JSON.stringify(holder));
  try {
    // With its content at once: one killed between making and filling it would leave a lock of nobody.
    linkSync(written, path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(written, { force: true });
  }
}

// Ample for whoever fills a file that is there already.
const FILLING_MS = 2000;

/** Whether a lock that names no holder has been so for a while: a full disk cut it off. */
function isAbandoned(path: string): boolean {
  const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return mtimeMs !== undefined && Date.now() - mtimeMs > FILLING_MS;
}

/** The holder written in the file; undefined where it names none or was just removed. */
function readHolder(path: string): Holder | undefined {
  try {
    const { pid, started } = JSON.parse(readFileSync(path, "utf8"));
    return typeof pid === "number" && typeof started === "string" ? { pid, started } : undefined;
  } catch {
    return undefined;
  }
}

/** Renaming first: of two processes that saw the same dead holder, or none, only one removes its file. */
function takeAway(path: string, dead: Holder | undefined): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
    const taken = readHolder(aside);
    if (taken?.pid === dead?.pid && taken?.started === dead?.started) rmSync(aside);
    else renameSync(aside, path);
  } catch {
    // The other process was faster.
  }
}
