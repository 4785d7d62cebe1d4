import { setMaxListeners } from "node:events";
import { parseArgs } from "node:util";
import { genuineCharts } from "../sandbox/charts.ts";
import { inWords, type Obstacle } from "../sandbox/obstacle.ts";
import { filesOf, LEVELS, type Level, levelsNamed, obstacleOf } from "./levels.ts";
import { endPrograms, runScript } from "./programs.ts";
import { runSlowLevels, type SlowLevel } from "./slow-levels.ts";
import { counted, FAILED, NONE, runFiles, sum, type Tally } from "./tally.ts";

// npm test [-- <level> ... [--keep-going] [--strict]]: the levels in the order of what they cost; without a level all
// of them. What this machine cannot run is skipped by name; with --strict only where nothing can be installed for it.
// After a failure in a quick level the others are not run; with --keep-going they are.

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    "keep-going": { type: "boolean", default: false },
    strict: { type: "boolean", default: false },
  },
});

/** What is run together, the quick ones first: two cores are kept busy, and files of one level do not meet. */
const QUICK: readonly (readonly Level[])[] = [["code"], ["unit", "graph"], ["fuzz", "python"]];

const interrupted = new AbortController();
// One listener for each file is no leak.
setMaxListeners(0, interrupted.signal);
const tallies: Tally[] = [];
/** What each group of levels took and came to, a line each. */
const accounts: string[] = [];
/** What this machine cannot run, a line each; said before the tests and after them. */
const skipped: string[] = [];

async function main(wanted: readonly Level[]): Promise<void> {
  const obstacles = await lookAhead(wanted);
  for (const together of QUICK) {
    const group = together.filter((level) => wanted.includes(level));
    const files = group.flatMap(filesOf);
    const passed = await account(group, () =>
      runFiles(files, { concurrency: together.length, signal: interrupted.signal }),
    );
    if (!passed && !flags["keep-going"]) return sayNotRun(wanted, group);
  }
  await slowLevels(wanted, obstacles);
}

type Obstacles = ReadonlyMap<Level, Obstacle>;

/** Says what cannot be run, and why. Throws where something can be installed for it and nothing may be skipped. */
async function lookAhead(wanted: readonly Level[]): Promise<Obstacles> {
  const found = new Map<Level, Obstacle>();
  for (const level of wanted) {
    const obstacle = await obstacleOf(level);
    if (obstacle === undefined) continue;
    found.set(level, obstacle);
    skipped.push(`${level} is skipped: ${inWords(obstacle)}`);
  }
  for (const line of skipped) console.log(line);
  const mendable = [...found].filter(([, { remedy }]) => remedy !== undefined).map(([level]) => level);
  if (flags.strict && mendable.length > 0)
    throw new Error(`Nothing was run: with --strict ${mendable.join(", ")} may not be skipped.`);
  return found;
}

async function slowLevels(wanted: readonly Level[], obstacles: Obstacles): Promise<void> {
  const chosen = (["stack", "openstack", "e2e"] as const).filter((level) => wanted.includes(level));
  if (interrupted.signal.aborted || chosen.length === 0) return;
  if (chosen.some((each) => !obstacles.has(each))) await sayCharts();
  // With what the others leave of the cores. What fails is tried again where it is needed, and says why.
  const images = chosen.includes("e2e") && !obstacles.has("e2e") ? makeImages() : undefined;
  const levels = chosen.map((name): SlowLevel => {
    const obstacle = obstacles.get(name);
    return {
      name,
      ...(obstacle === undefined ? {} : { obstacle }),
      ...(name === "e2e" && images !== undefined ? { after: images } : {}),
    };
  });
  for (const { name, tally, seconds } of await runSlowLevels(levels, interrupted.signal)) {
    accounts.push(accountOf([name], tally, seconds));
    tallies.push(tally);
  }
}

async function makeImages(): Promise<void> {
  await runScript(["sandbox", "images", "make.ts"], [], 10).catch(() => {});
}

/** Decides once for all tests of this run which charts they take; throws where `CHARTS` names none. */
async function sayCharts(): Promise<void> {
  const found = (await genuineCharts()) ? "genuine" : "stand-in";
  process.env.CHARTS ??= found;
  console.log(`Charts: ${process.env.CHARTS}`);
}

/** Runs some levels, counts them, and answers whether none failed. */
async function account(levels: readonly Level[], body: () => Promise<Tally>): Promise<boolean> {
  const start = Date.now();
  const tally = await body();
  if (tally !== NONE) accounts.push(accountOf(levels, tally, secondsSince(start)));
  tallies.push(tally);
  return tally.failed === 0;
}

function accountOf(levels: readonly Level[], tally: Tally, seconds: number): string {
  return `${levels.join(", ")}: ${counted(tally)}; ${seconds} s`;
}

function sayNotRun(wanted: readonly Level[], done: readonly Level[]): void {
  const last = Math.max(...done.map((level) => LEVELS.indexOf(level)));
  const rest = wanted.filter((level) => LEVELS.indexOf(level) > last);
  if (rest.length > 0) console.log(`not run: ${rest.join(", ")}; --keep-going runs them all the same`);
}

function say(error: unknown): void {
  console.error(error instanceof Error ? error.message : error);
}

function secondsSince(start: number): number {
  return Math.round((Date.now() - start) / 1000);
}

// Once is enough: npm passes on what the terminal has sent to all. What is at work then ends, and its place is stopped.
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  process.on(signal, () => {
    if (interrupted.signal.aborted) return;
    console.error(`${signal}: stopping what was started`);
    process.exitCode = code;
    endPrograms();
    interrupted.abort();
  });
}

const start = Date.now();
try {
  await main(levelsNamed(positionals));
} catch (error) {
  say(error);
  tallies.push(FAILED);
}
const total = sum(tallies);
for (const line of [...accounts, ...skipped]) console.log(line);
console.log(`in all ${secondsSince(start)} s`);
console.log(counted(total));
// Not exitCode alone: what a level that was ended leaves behind must not keep the process.
process.exit(process.exitCode ?? (total.failed > 0 || total.passed === 0 ? 1 : 0));
