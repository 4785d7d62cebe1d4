import { keyOf, type Problem } from "../problems.ts";
import type { ReleaseSettings, Settings } from "../schema.ts";
import type { ChartSettings } from "./release.ts";

/** A chart that brings CustomResourceDefinitions. */
export interface CrdChart {
  /** The chart, by its name in the table of charts. */
  readonly chart: "dask-gateway" | "daskhub" | "dask-kubernetes-operator";
  /** Where the release takes the chart from. */
  readonly source: ChartSettings;
}

/** The charts whose CRDs the releases need, each once. */
export function crdCharts({ releases }: Settings): readonly CrdChart[] {
  const wanted = Object.values(releases).flatMap((release) => crdChart(release) ?? []);
  return [...new Map(wanted.map((each) => [identity(each), each])).values()];
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
} as const satisfies Record<CrdChart["chart"], string>;

/** Whether releases whose charts bring the same CRDs take them from the same chart. */
export function checkCrds(settings: Settings): Problem[] {
  if (settings.crds === "present") return [];
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
