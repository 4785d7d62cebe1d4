import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { arch, cpus, platform, release, tmpdir, totalmem } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { genuineCharts } from "../sandbox/charts.ts";
import { type ImageSet, imageSetsFor } from "../sandbox/images/images.ts";
import { repository } from "../sandbox/layout.ts";
import { type Nodes, type Sandbox, startSandbox, stopSandbox } from "../sandbox/sandbox.ts";
import { hasLanguageHost } from "./contenders.ts";
import { compare, firstResults, type Row, rowsOf, type Samples } from "./figures.ts";
import { printPaths } from "./path.ts";
import { ensureRivals } from "./rivals.ts";
import { measurePools, measureReleases } from "./scale.ts";
import { configOf, type Workload, workloads } from "./workloads.ts";

// npm run bench [-- figures|scale|path] [--rounds 5] [--workloads dask,all] [--nodes simulated|real] [--sizes 1,10]
// [--json <file>]: how long things take, beside what people would use instead. docs/performance.md explains it.

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    workloads: { type: "string", default: workloads.map(({ name }) => name).join(",") },
    nodes: { type: "string", default: "simulated" },
    sizes: { type: "string", default: "1,10,50,200" },
    json: { type: "string" },
  },
});
const rounds = Number(options.rounds);
const log = (line: string) => console.log(line);

/** Everybody's five steps on every workload, in turn. */
async function figures(): Promise<object> {
  const chosen = options.workloads.split(",").map(workloadNamed);
  const nodes = nodesNamed(options.nodes);
  const genuine = await genuineCharts();
  const rivals = await ensureRivals(log);
  return onSandbox(nodes, nodes === "real" ? imagesOf(chosen) : [], async (sandbox) => {
    const ring = { sandbox, rivals, genuine, rounds, log };
    const samples: Record<string, Samples> = {};
    const rows: Row[] = [];
    for (const workload of chosen) {
      const measured = await compare(ring, workload);
      samples[workload.name] = measured;
      rows.push(...rowsOf(workload.name, measured));
    }
    console.table(rows.map(rounded));
    const results = nodes === "real" ? await firstResults(ring, chosen) : {};
    console.table(results);
    return { genuineCharts: genuine, nodes, rounds, rows, secondsToFirstResult: results, samples };
  });
}

/** What a stack's preview and an `up` without changes cost as it grows. */
async function scale(): Promise<object> {
  const sizes = options.sizes.split(",").map(Number);
  const genuine = await genuineCharts();
  const releases = await onSandbox("simulated", [], (sandbox) =>
    measureReleases({ sandbox, genuine, rounds, log }, sizes),
  );
  const pools = await measurePools([5, 10, 20, 50], rounds);
  for (const { title, rows, fits } of [releases, ...pools]) {
    log(title);
    console.table(rows.map(rounded));
    console.table(Object.fromEntries(Object.entries(fits).map(([name, fit]) => [name, rounded(fit)])));
  }
  return { releases, pools, rounds };
}

/** A sandbox for the benchmark alone, stopped in the end. */
async function onSandbox<Result>(
  nodes: Nodes,
  images: readonly ImageSet[],
  body: (sandbox: Sandbox) => Promise<Result>,
): Promise<Result> {
  const root = join(tmpdir(), `pulumi-dask-bench-${process.pid}`);
  try {
    return await body(await startSandbox({ root, nodes, images, log }));
  } finally {
    // The projects of the contenders; a sandbox leaves alone what is not its own.
    rmSync(join(root, "bench"), { recursive: true, force: true });
    await stopSandbox({ root });
  }
}

function imagesOf(chosen: readonly Workload[]): ImageSet[] {
  const sets = chosen.map(({ releases }) => configOf(releases, { genuine: false, smokeTest: true }));
  return [...new Set(sets.flatMap(imageSetsFor))];
}

function workloadNamed(name: string): Workload {
  const found = workloads.find((each) => each.name === name);
  const known = workloads.map((each) => each.name).join(", ");
  if (found === undefined) throw new Error(`--workloads names "${name}"; there are ${known}.`);
  return found;
}

function nodesNamed(name: string): Nodes {
  if (name === "simulated" || name === "real") return name;
  throw new Error(`--nodes is "${name}"; it can be simulated or real.`);
}

/** Numbers as a table shows them. */
function rounded(row: object): object {
  return Object.fromEntries(
    Object.entries(row).map(([key, value]) => [
      key,
      typeof value === "number" ? Number(value.toPrecision(3)) : value,
    ]),
  );
}

/** What the figures were taken on: without it they say nothing. */
function machine(): object {
  const [cpu] = cpus();
  return {
    date: new Date().toISOString(),
    system: `${platform()} ${release()} ${arch()}`,
    processors: `${cpus().length} x ${cpu?.model ?? "unknown"}`,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    languageHost: hasLanguageHost() ? "genuine" : "stand-in, started beforehand",
  };
}

function write(what: string, result: object): void {
  const file = resolve(options.json ?? join(repository, "bench", "results", `${what}.json`));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ machine: machine(), ...result }, undefined, 2)}\n`);
  log(`Written to ${file}`);
}

const [what = "figures"] = positionals;
process.chdir(repository);
if (what === "path") await printPaths();
else if (what === "scale") write(what, await scale());
else if (what === "figures") write(what, await figures());
else throw new Error(`There is no benchmark "${what}"; there are figures, scale and path.`);
