import { keyOf, type Problem } from "../problems.ts";
import { show } from "../quantities.ts";
import type { ReleaseSettings, Settings } from "../schema.ts";
import { databaseOf, needsPostgresOperator } from "./database-rules.ts";
import type { ChartSettings } from "./release.ts";

/** A chart that brings CustomResourceDefinitions. */
export interface CrdChart {
  /** The chart, by its name in the table of charts. */
  readonly chart: "dask-gateway" | "daskhub" | "dask-kubernetes-operator" | "cloudnative-pg";
  /** Where the release takes the chart from. */
  readonly source: ChartSettings;
}

/** The charts whose CRDs the stack applies, each once. */
export function crdCharts(settings: Settings): readonly CrdChart[] {
  if (settings.crds === "present") return [];
  const releases = Object.values(settings.releases).flatMap((release) => crdChart(release) ?? []);
  const wanted = [...releases, ...(ownsPostgresCrds(settings) ? [postgresCrds(settings)] : [])];
  return [...new Map(wanted.map((each) => [identity(each), each])).values()];
}

/**
 * Whether the stack applies the CRDs of the database operator itself.
 *
 * Else its chart does, which has them among its templates, upgrades them and keeps them.
 */
export function ownsPostgresCrds(settings: Settings): boolean {
  return settings.crds === "own" && needsPostgresOperator(settings);
}

function postgresCrds({ postgres }: Settings): CrdChart {
  return { chart: "cloudnative-pg", source: postgres.chart };
}

/** The chart with CRDs of one release; each kind of release says so here. */
function crdChart(release: ReleaseSettings): CrdChart | undefined {
  switch (release.kind) {
    case "dask":
    case "jupyterhub":
      return undefined;
    case "daskhub":
      return release.distribution === "charts"
        ? { chart: "dask-gateway", source: release.gatewayChart }
        : { chart: "daskhub", source: release.chart };
    case "dask-gateway":
      return { chart: "dask-gateway", source: release.chart };
    case "dask-operator":
      return { chart: "dask-kubernetes-operator", source: release.chart };
    default:
      return release satisfies never;
  }
}

/** What the CRDs of a chart are about; charts of one family bring the same names and must agree on them. */
const FAMILY = {
  "dask-gateway": "DaskCluster and Traefik",
  daskhub: "DaskCluster and Traefik",
  "dask-kubernetes-operator": "the Dask operator",
  "cloudnative-pg": "CloudNativePG",
} as const satisfies Record<CrdChart["chart"], string>;

/** Whether releases agree on the CRDs that they bring, and whether what is to be kept outlives these. */
export function checkCrds(settings: Settings): Problem[] {
  if (settings.crds === "present") return [];
  return [...checkFamilies(settings), ...checkKept(settings)];
}

/** With a definition goes every object of its kind. */
function checkKept(settings: Settings): Problem[] {
  if (!ownsPostgresCrds(settings)) return [];
  return Object.entries(settings.releases).flatMap(([name, release]) => {
    const database = databaseOf(release);
    if (database?.kind !== "postgres" || database.onDestroy !== "keep") return [];
    const message = `would take the Postgres of ${name} away with its definition, and database.onDestroy keeps it; write manage`;
    return [{ key: keyOf(["crds"]), value: show(settings.crds), message }];
  });
}

/** Charts that bring the same CRDs must be the same chart. */
function checkFamilies(settings: Settings): Problem[] {
  const first = new Map<string, { readonly release: string; readonly identity: string }>();
  return Object.entries(settings.releases).flatMap(([release, value]) => {
    const chart = crdChart(value);
    if (chart === undefined) return [];
    const family = FAMILY[chart.chart];
    const before = first.get(family) ?? { release, identity: identity(chart) };
    first.set(family, before);
    if (before.identity === identity(chart)) return [];
    const message = `and ${before.release} would bring different CRDs of ${family} to one cluster; give both the same chart, or put one of them on another cluster`;
    return [{ key: keyOf(["releases", release, "chart"]), message }];
  });
}

function identity({ chart, source }: CrdChart): string {
  return JSON.stringify([chart, source.path, source.repo, source.version]);
}
