import { withStandIns } from "../sandbox/charts.ts";

/** What is deployed: the `dask:releases` of a stack file, and the same with one setting changed. */
export interface Workload {
  readonly name: string;
  readonly releases: Readonly<Record<string, object>>;
  readonly changed: Readonly<Record<string, object>>;
}

const dask = (replicas: number) => ({
  kind: "dask",
  scheduler: { cores: 0.2, memory: "512M" },
  workers: { replicas, cores: 0.3, memory: "512M" },
  jupyter: { cores: 0.2, memory: "512M" },
});
const gateway = (workers: number) => ({ kind: "dask-gateway", limits: { workers } });
// The database is elsewhere, and nobody asks for it: nodes that run nothing have no volume for a hub's own.
const hub = (workers: number) => ({
  kind: "daskhub",
  limits: { workers },
  database: { kind: "external", url: "postgresql://hub@db.example.org/hub" },
});

/** The kinds of releases, each alone and all together, with the one setting that is changed. */
export const workloads: readonly Workload[] = [
  { name: "dask", releases: { dask: dask(2) }, changed: { dask: dask(3) } },
  { name: "dask-gateway", releases: { gateway: gateway(7) }, changed: { gateway: gateway(8) } },
  { name: "daskhub", releases: { hub: hub(7) }, changed: { hub: hub(8) } },
  {
    name: "all",
    releases: { dask: dask(2), gateway: gateway(7), hub: hub(7) },
    changed: { dask: dask(3), gateway: gateway(7), hub: hub(7) },
  },
];

/** A workload's releases where pods run: the hub has a database of its own; pure. */
export function onRealNodes({ releases }: Workload): Readonly<Record<string, object>> {
  const real = (release: object) =>
    "database" in release ? { ...release, database: { kind: "sqlite" } } : release;
  return Object.fromEntries(Object.entries(releases).map(([name, release]) => [name, real(release)]));
}

/** The stack file's config for some releases; secrets are set apart, with `pulumi config set`. */
export function configOf(
  releases: Readonly<Record<string, object>>,
  charts: { readonly genuine: boolean; readonly smokeTest: boolean },
): Readonly<Record<string, unknown>> {
  const config = {
    "dask:cluster": { provider: "existing" },
    "dask:smokeTest": charts.smokeTest,
    "dask:releases": releases,
  };
  return charts.genuine ? config : withStandIns(config);
}
