import { existsSync, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { type Chart, charts } from "../components/chart.ts";
import type { ReleaseSettings } from "../settings/schema.ts";
import { repository } from "./layout.ts";

type Config = Readonly<Record<string, unknown>>;

/** How long a chart repository has to answer, in milliseconds. */
const PATIENCE_MS = 3000;

/**
 * Where `CHARTS` says that charts come from: `genuine`, `stand-in` or a folder, absolute; undefined where it is not set.
 * Throws where it says anything else.
 */
export function chosenCharts({ CHARTS: chosen }: NodeJS.ProcessEnv = process.env): string | undefined {
  if (chosen === undefined || chosen === "genuine" || chosen === "stand-in") return chosen;
  const allowed = "it can be genuine, stand-in or the absolute path of a folder with charts";
  if (!isAbsolute(chosen)) throw new Error(`CHARTS is "${chosen}"; ${allowed}.`);
  if (statSync(chosen, { throwIfNoEntry: false })?.isDirectory() === true) return chosen;
  throw new Error(`CHARTS is "${chosen}", and there is no such folder; ${allowed}.`);
}

/**
 * Whether the charts come from their repositories; `CHARTS=genuine` or `CHARTS=stand-in` decides without asking.
 * `CHARTS=/a/folder` takes them from there instead, each in a folder of its name or packed as `<name>-<version>.tgz`.
 * Rejects where `CHARTS` says anything else.
 */
export async function genuineCharts(env: NodeJS.ProcessEnv = process.env): Promise<boolean> {
  const chosen = chosenCharts(env);
  if (chosen !== undefined) return chosen === "genuine";
  // Asked once in a process: a slow answer in between would change the charts from one `up` to the next.
  answering ??= repositoriesAnswer();
  return answering;
}

let answering: Promise<boolean> | undefined;

/** Whether every repository answers from which a sandbox takes a chart: one that does not would fail a test midway. */
async function repositoriesAnswer(): Promise<boolean> {
  const releases = Object.values<Readonly<Record<string, Chart>>>(CHARTS).flatMap(Object.values<Chart>);
  const used = new Set([...releases, UMBRELLA.chart, OPERATOR.chart].map((chart) => charts[chart].repo));
  return (await Promise.all([...used].map(repositoryAnswers))).every((answers) => answers);
}

async function repositoryAnswers(repo: string): Promise<boolean> {
  try {
    const answer = await fetch(`${repo.replace(/\/$/, "")}/index.yaml`, {
      method: "HEAD",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    return answer.ok;
  } catch {
    return false;
  }
}

/** The stand-in for a chart, among the tests; or the chart of that name in the folder that `CHARTS` names. */
export function standIn(chart: Chart, env: NodeJS.ProcessEnv = process.env): string {
  const chosen = chosenCharts(env);
  const folder = chosen !== undefined && isAbsolute(chosen) ? chosen : join(repository, "test", "charts");
  const archive = join(folder, `${chart}-${charts[chart].version}.tgz`);
  const unpacked = join(folder, chart);
  return existsSync(archive) && !existsSync(unpacked) ? archive : unpacked;
}

/** The chart behind each key of a release's settings that names a chart's source, by the release's kind. */
const CHARTS = {
  dask: { chart: "dask" },
  "dask-gateway": { chart: "dask-gateway" },
  jupyterhub: { chart: "jupyterhub" },
  daskhub: { chart: "jupyterhub", gatewayChart: "dask-gateway" },
  "dask-operator": { chart: "dask-kubernetes-operator" },
} as const satisfies Record<ReleaseSettings["kind"], Readonly<Record<string, Chart>>>;

const OPERATOR = { chart: "cloudnative-pg" } as const satisfies Readonly<Record<string, Chart>>;
const UMBRELLA = { chart: "daskhub" } as const satisfies Readonly<Record<string, Chart>>;

/** The chart settings that put stand-ins under a release, by key; none for a kind that is not known; pure. */
export function standInsFor({ kind, distribution }: Config): Config {
  const known = Object.entries<Readonly<Record<string, Chart>>>(CHARTS).find(([name]) => name === kind)?.[1];
  return paths(distribution === "umbrella" ? UMBRELLA : (known ?? {}));
}

/** The chart settings that put the stand-in under `dask:postgres`; pure. */
export function postgresStandIn(): Config {
  return paths(OPERATOR);
}

function paths(charts: Readonly<Record<string, Chart>>): Config {
  return Object.fromEntries(
    Object.entries(charts).map(([key, chart]) => [key, { path: standIn(chart) }] as const),
  );
}

/** The config of a stack file with stand-ins under the database operator and every release that names no chart; pure. */
export function withStandIns(config: Config): Config {
  const releases = Object.entries((config["dask:releases"] ?? {}) as Record<string, Config>);
  return {
    ...config,
    "dask:postgres": { ...postgresStandIn(), ...((config["dask:postgres"] ?? {}) as Config) },
    "dask:releases": Object.fromEntries(
      releases.map(([name, release]) => [name, { ...standInsFor(release), ...release }]),
    ),
  };
}
