import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { keyOf, type Problem } from "../settings/problems.ts";
import { show } from "../settings/quantities.ts";
import type { ReleaseSettings, Settings } from "../settings/schema.ts";

/** Finds charts that the settings place on this machine and that are not there. */
export function missingCharts(settings: Settings): Problem[] {
  const releases = Object.entries(settings.releases).flatMap(([name, release]) =>
    chartPaths(["releases", name], release),
  );
  return [...chartPaths(["postgres"], settings.postgres), ...releases].flatMap(({ path, key }) => {
    if (existsSync(resolve(path))) return [];
    const message = `is not there (looked at ${resolve(path)}); give the directory or archive of the chart`;
    return [{ key: keyOf(key), value: show(path), message }];
  });
}

interface ChartPath {
  readonly key: readonly string[];
  readonly path: string;
}

/** The charts of a part of the settings: its own, and for a daskhub that of the gateway beside the hub. */
function chartPaths(key: readonly string[], part: Settings["postgres"] | ReleaseSettings): ChartPath[] {
  const charts = {
    chart: part.chart,
    ...("gatewayChart" in part ? { gatewayChart: part.gatewayChart } : {}),
  };
  return Object.entries(charts).flatMap(([name, { path }]) =>
    path === undefined ? [] : [{ key: [...key, name, "path"], path }],
  );
}
