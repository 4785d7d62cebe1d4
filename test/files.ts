import { run } from "node:test";
import { spec } from "node:test/reporters";
import type { Tally } from "./tally.ts";

// node files.ts <concurrency> <file> ...: runs test files, each in a process of its own, prints what they say, and
// tells its parent how they ended.

// A hang is a failure. Every test has a limit of its own, and what builds has run before: the longest file takes minutes.
const LONGEST_FILE_MS = 30 * 60 * 1000;

const [concurrency = "1", ...files] = process.argv.slice(2);
const counts = { passed: 0, failed: 0, skipped: 0 };
const stream = run({ files, concurrency: Number(concurrency), timeout: LONGEST_FILE_MS });
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
process.send?.(counts satisfies Tally, () => process.disconnect());
