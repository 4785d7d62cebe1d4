import { fork } from "node:child_process";
import { join } from "node:path";
import { repository } from "../sandbox/layout.ts";

/** How tests ended. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Of no tests. */
export const NONE: Tally = { passed: 0, failed: 0, skipped: 0 };

/** Of what should have run tests, and could not. */
export const FAILED: Tally = { passed: 0, failed: 1, skipped: 0 };

/** What a test file finds in its environment: where its place is, or why there is none. */
export type Environment = Readonly<Record<string, string>>;

/** How test files are run. */
export interface Running {
  /** Files at a time; default: 1. */
  readonly concurrency?: number;
  /** Beside this process's. */
  readonly env?: Environment;
  /** Before they begin: nothing is run. Later whoever gives it ends what runs. */
  readonly signal: AbortSignal;
}

/** Runs test files, each in a process of its own, prints what they say, and counts. */
export async function runFiles(files: readonly string[], running: Running): Promise<Tally> {
  const { concurrency = 1, env = {}, signal } = running;
  if (files.length === 0 || signal.aborted) return NONE;
  const script = join(repository, "test", "files.ts");
  const child = fork(script, [String(concurrency), ...files], { env: { ...process.env, ...env } });
  return new Promise((resolve) => {
    let tally = FAILED;
    child.once("message", (told) => {
      tally = told as Tally;
    });
    child.once("error", () => resolve(FAILED));
    child.once("exit", () => resolve(tally));
  });
}

/** The sum of tallies; pure. */
export function sum(tallies: readonly Tally[]): Tally {
  const of = (key: keyof Tally) => tallies.reduce((total, tally) => total + tally[key], 0);
  return { passed: of("passed"), failed: of("failed"), skipped: of("skipped") };
}

/** A tally in words: what was skipped is said where something was; pure. */
export function counted({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
