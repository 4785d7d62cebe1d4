import { join } from "node:path";
import { repository } from "../sandbox/layout.ts";
import { simulatedNode } from "../sandbox/simulated-nodes.ts";
import { cloneProject, kubectl, must } from "./contenders.ts";
import type { Ring } from "./figures.ts";
import { type Cost, measure } from "./measure.ts";
import { CLOUDS, manyReleases } from "./sizes.ts";
import { type Fit, fit, marginalCosts, median, type Point, type Verdict, verdictOf } from "./statistics.ts";
import { configOf } from "./workloads.ts";

/** How the cost of something grows with its size. */
export interface Growth {
  readonly title: string;
  readonly rows: readonly Grown[];
  readonly trends: readonly Trend[];
}

/** One size's medians, and what they are the medians of. */
export interface Grown {
  readonly what: string;
  readonly size: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMiB: number;
  readonly samples: readonly Cost[];
}

/** How a figure grows: the line through all sizes, what one more costs from size to size, and a judgement. */
export interface Trend extends Fit {
  readonly what: string;
  readonly figure: Figure;
  readonly marginal: readonly number[];
  readonly verdict: Verdict;
}

const FIGURES = ["seconds", "cpuSeconds", "peakMiB"] as const;
type Figure = (typeof FIGURES)[number];

/** Previews, and an `up` without changes, of one stack that grows on a sandbox: real engine, providers and API server. */
export async function measureReleases(
  { sandbox, genuine, rounds, log }: Omit<Ring, "rivals">,
  sizes: readonly number[],
): Promise<Growth> {
  const project = await cloneProject(sandbox, join(sandbox.root, "bench", "scale"));
  const rows: Grown[] = [];
  const room = roomFor(Math.max(...sizes));
  const nodes = join(sandbox.root, "bench", "nodes.json");
  try {
    await must(kubectl(sandbox, "apply", nodes, room));
    for (const size of sizes) {
      project.configure(configOf(manyReleases(size), { genuine, smokeTest: false }));
      log(`scale: ${size} releases`);
      await must(project.command("up", "--yes", "--skip-preview"));
      const previews: Cost[] = [];
      const ups: Cost[] = [];
      for (let round = 0; round < rounds; round++) {
        previews.push(await measure(project.command("preview")));
        ups.push(await measure(project.command("up", "--yes", "--skip-preview")));
      }
      rows.push(grown("preview", size, previews), grown("up without changes", size, ups));
    }
    await must(project.command("destroy", "--yes", "--skip-preview"));
  } finally {
    await must(kubectl(sandbox, "delete", nodes, room));
    await project.close();
  }
  return growth("Releases of one stack", rows);
}

/** Releases that a simulated node of 32 cores has room for: each has two pods of one core. */
const RELEASES_PER_NODE = 15;

/** Nodes beside the sandbox's own for that many releases; pure. */
function roomFor(releases: number): object[] {
  const count = Math.ceil(releases / RELEASES_PER_NODE);
  return Array.from({ length: count }, (_, index) => simulatedNode(100 + index));
}

/** A cloud's program under mocks with more and more node pools, each run a process of its own. */
export async function measurePools(sizes: readonly number[], rounds: number): Promise<Growth[]> {
  const growths: Growth[] = [];
  for (const cloud of CLOUDS) {
    const rows: Grown[] = [];
    for (const size of sizes) {
      const costs: Cost[] = [];
      for (let round = 0; round < rounds; round++) {
        const script = ["--import", "./loader.js", "bench/sized.ts", cloud, "1", String(size)];
        costs.push(await measure({ command: [process.execPath, ...script], cwd: repository, env: {} }));
      }
      rows.push(grown("program under mocks", size, costs));
    }
    growths.push(growth(`Node pools on ${cloud}`, rows));
  }
  return growths;
}

function grown(what: string, size: number, samples: readonly Cost[]): Grown {
  const of = (figure: Figure) => median(samples.map((cost) => cost[figure] ?? Number.NaN));
  return {
    ...{ what, size },
    ...{ seconds: of("seconds"), cpuSeconds: of("cpuSeconds"), peakMiB: of("peakMiB") },
    samples,
  };
}

/** The rows of several sizes with their trends, figure by figure; pure. */
export function growth(title: string, rows: readonly Grown[]): Growth {
  const kinds = [...new Set(rows.map(({ what }) => what))];
  const trends = kinds.flatMap((what) => {
    const ofKind = rows.filter((row) => row.what === what);
    return FIGURES.map((figure) => trend(what, figure, ofKind));
  });
  return { title, rows, trends };
}

function trend(what: string, figure: Figure, rows: readonly Grown[]): Trend {
  const points = rows.map((row): Point => [row.size, row[figure]]);
  const verdict = verdictOf(points, Math.max(...rows.map((row) => spread(row.samples, figure))));
  return { what, figure, ...fit(points), marginal: marginalCosts(points), verdict };
}

/** How far the measurements of one size lie apart. */
function spread(samples: readonly Cost[], figure: Figure): number {
  const values = samples.map((cost) => cost[figure] ?? 0);
  return Math.max(...values) - Math.min(...values);
}
