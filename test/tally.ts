import { run } from "node:test";
import { spec } from "node:test/reporters";

/** How tests ended. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Of no tests. */
export const NONE: Tally = { passed: 0, failed: 0, skipped: 0 };

// A hang is a failure. Every test has a limit of its own, and what builds has run before: the longest file takes minutes.
const LONGEST_FILE_MS = 30 * 60 * 1000;

/** Runs test files, each in a process of its own, prints what they say, and counts; `signal` ends them. */
export async function runFiles(files: string[], concurrency: number, signal: AbortSignal): Promise<Tally> {
  if (files.length === 0 || signal.aborted) return NONE;
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const stream = run({ files, concurrency, timeout: LONGEST_FILE_MS, signal });
  stream.on("test:pass", ({ skip, details }) => {
    if (details.type === "suite") return;
    if (skip === undefined) counts.passed++;
    else counts.skipped++;
  });
  stream.on("test:fail", ({ details }) => {
    if (details.type !== "suite") counts.failed++;
  });
  const report = stream.compose(new spec());
  report.pipe(process.stdout, { end: false });
  await new Promise((done) => report.on("end", done));
  return counts;
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
