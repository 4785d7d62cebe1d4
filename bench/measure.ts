import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What one command cost, its whole tree of processes included. */
export interface Cost {
  /** Wall clock, in seconds. */
  readonly seconds: number;
  /** User and system time of every process of the tree, in seconds. */
  readonly cpuSeconds: number;
  /** Most memory that the tree held at once, in MiB, shared pages counted once; undefined where there is no /proc. */
  readonly peakMiB: number | undefined;
}

/** A command with its arguments, and where it runs. */
export interface Command {
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  /** Added to this process's environment. */
  readonly env: Readonly<Record<string, string>>;
}

const SAMPLE_EVERY_MS = 100;

// The shell's own account of what it waited for, of which POSIX knows `times`; Node.js knows that of no child.
const ACCOUNT = 'account=$1; shift; "$@"; code=$?; times >"$account"; exit $code';

/**
 * Runs a command to its end and answers what it cost.
 *
 * @throws Error with its last words where it fails
 */
export async function measure({ command, cwd, env }: Command): Promise<Cost> {
  const folder = mkdtempSync(join(tmpdir(), "dask-bench-"));
  const account = join(folder, "times");
  try {
    const start = performance.now();
    const child = spawn("sh", ["-c", ACCOUNT, "sh", account, ...command], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const words: string[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (part: Buffer) => words.push(part.toString()));
    let peak: number | undefined;
    const sample = () => {
      const held = treeMiB(child.pid ?? 0);
      if (held !== undefined) peak = Math.max(peak ?? 0, held);
    };
    const timer = setInterval(sample, SAMPLE_EVERY_MS);
    const code = await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    }).finally(() => clearInterval(timer));
    const seconds = (performance.now() - start) / 1000;
    if (code !== 0)
      throw new Error(`${command.join(" ")} ended with ${code}:\n${words.join("").slice(-3000)}`);
    return { seconds, cpuSeconds: cpuSeconds(readFileSync(account, "utf8")), peakMiB: peak };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Commands one after the other, as one: times add up, memory does not. */
export async function measureAll(commands: readonly Command[]): Promise<Cost> {
  const costs: Cost[] = [];
  for (const each of commands) costs.push(await measure(each));
  return total(costs);
}

/** What several commands, one after the other, cost together; pure. */
export function total(costs: readonly Cost[]): Cost {
  const peaks = costs.flatMap(({ peakMiB }) => (peakMiB === undefined ? [] : [peakMiB]));
  return {
    seconds: costs.reduce((sum, { seconds }) => sum + seconds, 0),
    cpuSeconds: costs.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    peakMiB: peaks.length === 0 ? undefined : Math.max(...peaks),
  };
}

/** The time of the children in what POSIX `times` prints, like `0m1.23s 0m0.45s` in its second line; pure. */
export function cpuSeconds(text: string): number {
  const [, ofChildren = ""] = text.trim().split("\n");
  const parts = [...ofChildren.matchAll(/(\d+)m([\d.]+)s/g)];
  return parts.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}

/** Memory of a process and of all that descend from it now; undefined where there is no /proc. */
function treeMiB(root: number): number | undefined {
  const parents = parentsOfAll();
  if (parents === undefined) return undefined;
  const belongs = (pid: number): boolean => pid === root || (pid > 1 && belongs(parents.get(pid) ?? 0));
  const kilobytes = [...parents.keys()].filter(belongs).map(kilobytesOf);
  return kilobytes.reduce((sum, each) => sum + each, 0) / 1024;
}

function parentsOfAll(): Map<number, number> | undefined {
  try {
    const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    return new Map(pids.map((pid) => [Number(pid), Number(field(`/proc/${pid}/status`, "PPid"))]));
  } catch {
    return undefined;
  }
}

/** Private memory and a fair share of what is shared, so that a tree's sum counts nothing twice. */
function kilobytesOf(pid: number): number {
  return Number(field(`/proc/${pid}/smaps_rollup`, "Pss"));
}

/** The number behind a field of a file in /proc; 0 for a process that has ended meanwhile. */
function field(path: string, name: string): string {
  try {
    return new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(readFileSync(path, "utf8"))?.[1] ?? "0";
  } catch {
    return "0";
  }
}
