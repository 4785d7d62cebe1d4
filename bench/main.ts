import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { genuineCharts } from "../sandbox/charts.ts";
import { type ImageSet, imageSetsFor } from "../sandbox/images/images.ts";
import { repository } from "../sandbox/layout.ts";
import { type Sandbox, startSandbox, stopSandbox } from "../sandbox/sandbox.ts";
import { compare, type Row, rowsOf, type Samples } from "./figures.ts";
import { firstResult } from "./first-result.ts";
import { machine, versions } from "./machine.ts";
import type { Cost } from "./measure.ts";
import { type Options, readOptions } from "./options.ts";
import { printPaths } from "./path.ts";
import { ensureRivals } from "./rivals.ts";
import { type Growth, measurePools, measureReleases } from "./scale.ts";
import { median } from "./statistics.ts";
import { comparison, growthTables, markdown } from "./tables.ts";
import { configOf, type Workload } from "./workloads.ts";

// npm run bench [-- figures|scale|path] [--rounds 5] [--workloads dask,all] [--nodes simulated|real] [--sizes 1,10]
// [--json <file>]: how long things take, beside what people would use instead. docs/performance.md explains it.

const log = (line: string) => console.log(line);

/** Everybody's five steps on every workload, in turn; where nodes are real, also how long Dask's first result takes. */
async function figures(options: Options): Promise<void> {
  const { workloads, nodes, rounds } = options;
  const genuine = await genuineCharts();
  const rivals = await ensureRivals(log);
  await onSandbox(options, async (sandbox) => {
    const ring = { sandbox, rivals, genuine, rounds, log };
    const about = {
      versions: await versions(sandbox.env.PATH ?? "", rivals),
      genuineCharts: genuine,
      nodes,
      rounds,
    };
    const samples: Record<string, Samples> = {};
    const firstResults: Record<string, readonly Cost[]> = {};
    const rows: Row[] = [];
    try {
      for (const workload of workloads) {
        if (nodes === "simulated" || comparesOnRealNodes(workload)) {
          samples[workload.name] = await compare(ring, workload);
          rows.push(...rowsOf(workload.name, samples[workload.name] ?? {}));
        }
        if (nodes === "real") firstResults[workload.name] = await firstResult(ring, workload);
        // After each, because a night's run may end in the last one.
        write(options, { ...about, rows, samples, firstResults });
      }
    } finally {
      // Also of what was measured before one failed.
      printFigures(rows, firstResults);
    }
  });
}

/** Whether the rivals take part on a real node: tried with `dask` alone, whose pods want nothing beside their chart. */
function comparesOnRealNodes({ releases }: Workload): boolean {
  return Object.values(releases).every((release) => "kind" in release && release.kind === "dask");
}

function printFigures(rows: readonly Row[], firstResults: Readonly<Record<string, readonly Cost[]>>): void {
  const titles = {
    seconds: "Seconds (in brackets: ours by theirs)",
    cpuSeconds: "Seconds of CPU (in brackets: ours by theirs)",
    peakMiB: "Most memory, MiB",
  };
  for (const figure of ["seconds", "cpuSeconds", "peakMiB"] as const)
    log(`\n${titles[figure]}\n\n${markdown(comparison(rows, figure))}`);
  const results = Object.entries(firstResults).map(([workload, costs]) => ({
    workload,
    "seconds to the first result": median(costs.map(({ seconds }) => seconds)),
  }));
  if (results.length > 0) log(`\n${markdown(results)}`);
}

/** What a stack's preview and an `up` without changes cost as it grows. */
async function scale(options: Options): Promise<void> {
  const { sizes, rounds } = options;
  const genuine = await genuineCharts();
  const growths: Growth[] = [];
  let about: object = {};
  const took = (growth: Growth) => {
    growths.push(growth);
    log(`\n${growthTables(growth)}`);
    write(options, { ...about, genuineCharts: genuine, rounds, growths });
  };
  await onSandbox({ ...options, nodes: "simulated" }, async (sandbox) => {
    about = { versions: await versions(sandbox.env.PATH ?? "", {}) };
    took(await measureReleases({ sandbox, genuine, rounds, log }, sizes));
  });
  for (const growth of await measurePools([5, 10, 20, 50], rounds)) took(growth);
}

/** A sandbox for the benchmark alone, stopped in the end, also after Ctrl-C. */
async function onSandbox(
  { nodes, workloads }: Options,
  body: (sandbox: Sandbox) => Promise<void>,
): Promise<void> {
  const root = join(tmpdir(), `pulumi-dask-bench-${process.pid}`);
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= stopBench(root);
    return stopping;
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => stop().finally(() => process.exit(1)));
  try {
    const images = nodes === "real" ? imagesOf(workloads) : [];
    await body(await startSandbox({ root, nodes, images, log }));
  } finally {
    await stop();
  }
}

async function stopBench(root: string): Promise<void> {
  try {
    // The projects of the contenders, of which one may still be writing; a sandbox leaves alone what is not its own.
    rmSync(join(root, "bench"), { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  } finally {
    await stopSandbox({ root });
  }
}

function imagesOf(workloads: readonly Workload[]): ImageSet[] {
  const sets = workloads.map(({ releases }) => configOf(releases, { genuine: false, smokeTest: true }));
  return [...new Set(sets.flatMap(imageSetsFor))];
}

function write({ benchmark, json }: Options, result: object): void {
  const file = resolve(json ?? join(repository, "bench", "results", `${benchmark}.json`));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ machine: machine(), ...result }, undefined, 2)}\n`);
  log(`Written to ${file}`);
}

const benchmarks = { figures, scale, path: printPaths };
try {
  const options = readOptions(process.argv.slice(2));
  process.chdir(repository);
  await benchmarks[options.benchmark](options);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
