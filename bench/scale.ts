import { join } from "node:path";
import { repository } from "../sandbox/layout.ts";
import { cloneProject, must } from "./contenders.ts";
import type { Ring } from "./figures.ts";
import { type Cost, measure } from "./measure.ts";
import { CLOUDS, manyReleases } from "./sizes.ts";
import { exponent, type Fit, fit, median, type Point } from "./statistics.ts";
import { configOf } from "./workloads.ts";

/** How the cost of something grows with its size. */
export interface Growth {
  readonly title: string;
  readonly rows: readonly Grown[];
  /** By figure: the line, and the exponent of the growth, which is 1 at most where nothing grows faster than it must. */
  readonly fits: Readonly<Record<string, Fit & { readonly exponent: number }>>;
}

/** One size's medians. */
export interface Grown {
  readonly what: string;
  readonly size: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMiB: number;
}

/** Previews, and an `up` without changes, of one stack that grows on a sandbox: real engine, providers and API server. */
export async function measureReleases(
  { sandbox, genuine, rounds, log }: Omit<Ring, "rivals">,
  sizes: readonly number[],
): Promise<Growth> {
  const project = await cloneProject(sandbox, join(sandbox.root, "bench", "scale"));
  const rows: Grown[] = [];
  try {
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
    project.close();
  }
  return growth("Releases of one stack", rows);
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

function grown(what: string, size: number, costs: readonly Cost[]): Grown {
  return {
    ...{ what, size },
    seconds: median(costs.map(({ seconds }) => seconds)),
    cpuSeconds: median(costs.map(({ cpuSeconds }) => cpuSeconds)),
    peakMiB: median(costs.map(({ peakMiB }) => peakMiB ?? Number.NaN)),
  };
}

function growth(title: string, rows: readonly Grown[]): Growth {
  const figures = ["seconds", "cpuSeconds", "peakMiB"] as const;
  const kinds = [...new Set(rows.map(({ what }) => what))];
  const fits = kinds.flatMap((what) =>
    figures.map((figure) => {
      const of = rows.filter((row) => row.what === what).map((row): Point => [row.size, row[figure]]);
      return [`${what}, ${figure}`, { ...fit(of), exponent: exponent(of) }] as const;
    }),
  );
  return { title, rows, fits: Object.fromEntries(fits) };
}
