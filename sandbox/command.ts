import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** How a short command ended. */
export interface Ended {
  /** Exit code; undefined when the program does not exist, could not be run or was stopped by the time limit. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of `run`. */
export interface RunOptions {
  readonly cwd?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: no limit. */
  readonly timeoutMs?: number;
}

/** Runs a short command and resolves with its output, whatever came of it; never rejects. */
export function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { cwd, env, timeoutMs: timeout } = options;
  const settings = { ...(cwd === undefined ? {} : { cwd }), ...(timeout === undefined ? {} : { timeout }) };
  return new Promise((resolve) => {
    execFile(file, [...args], { ...settings, env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : undefined;
      resolve({ code, stdout, stderr });
    });
  });
}

/** How often something that depends on the network is tried, and how long a bad moment may last. */
const TRIES = 3;
const PAUSE_MS = 5000;

/**
 * Does what depends on the network, up to three times; throws the last failure.
 *
 * @param what names it in messages
 * @param worth whether a failure is one that another try may mend; default: every one
 */
export async function retried<T>(
  work: () => Promise<T>,
  what: string,
  log: (line: string) => void,
  worth: (error: unknown) => boolean = () => true,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === TRIES || !worth(error)) throw error;
      log(`${what} failed, trying again: ${error instanceof Error ? error.message.slice(-300) : error}`);
      await sleep(PAUSE_MS);
    }
  }
}

/** The absolute path of the program `name` as a shell would find it on `path` (default: PATH), or undefined. */
export function findOnPath(name: string, path: string = process.env.PATH ?? ""): string | undefined {
  const candidates = path
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name));
  return candidates.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
