import { join } from "node:path";
import { charts } from "../components/chart.ts";
import { repository } from "./layout.ts";

type Config = Readonly<Record<string, unknown>>;

/** Seconds that a chart repository has to answer. */
const PATIENCE_MS = 3000;

/** Whether the charts are the genuine ones; `CHARTS=genuine` or `CHARTS=stand-in` decides without asking. */
export async function genuineCharts(env: NodeJS.ProcessEnv = process.env): Promise<boolean> {
  if (env.CHARTS !== undefined) return env.CHARTS === "genuine";
  try {
    const answer = await fetch(`${charts.dask.repo}/index.yaml`, {
      method: "HEAD",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    return answer.ok;
  } catch {
    return false;
  }
}

/** The stand-in for a chart, among the tests. */
export function standIn(chart: string): string {
  return join(repository, "test", "charts", chart);
}

/** The config of a stack file with the stand-in under every release of kind `dask` that names no chart itself; pure. */
export function withStandIns(config: Config): Config {
  const releases = Object.entries((config["dask:releases"] ?? {}) as Record<string, Config>);
  const changed = releases.map(([name, release]) => [name, { chart: { path: standIn("dask") }, ...release }]);
  return { ...config, "dask:releases": Object.fromEntries(changed) };
}
