import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { mergeValues } from "../../components/chart.ts";
import { type Bench, withCharts } from "./sandbox.ts";
import { withoutWebhooks } from "./simulated-postgres.ts";

type Settings = Readonly<Record<string, unknown>>;

/** Settings to merge into those of a release, by the release's name; those of `postgres` go to `dask:postgres`. */
export type Edits = Readonly<Record<string, Settings>>;

const office = { expose: { allowFrom: ["10.0.0.0/8"] } };
/** A Postgres that nobody waits for: a simulated one is ready at once or never. */
const soon = { kind: "postgres", timeout: "60s" };
const elsewhere = { kind: "external", url: "postgresql://hub@db.example.org/hub" };
/** Homes that go although their users stay. */
const passing = { storage: { kind: "dynamic", onDestroy: "delete" } };

const releases: Edits = {
  team: { kind: "daskhub", ...office, auth: { kind: "native", admins: ["ada"] }, database: soon },
  programs: { kind: "dask-gateway" },
  course: { kind: "jupyterhub", ...office, database: elsewhere, user: passing },
  batch: { kind: "dask", workers: { replicas: 1 } },
  kube: { kind: "dask-operator" },
};

/** Names and namespaces of the releases of a stack with every kind. */
export const EVERY_KIND = Object.keys(releases);

/** The password that the user gives to the stack. */
export const DATABASE_PASSWORD = "a password that somebody chose";

/** Opens a stack with a release of every kind, of which one has a database elsewhere and one a simulated Postgres. */
export async function openEveryKind(bench: Bench, stackName: string, edits: Edits = {}): Promise<Stack> {
  const { postgres, ...others } = edits;
  const config = await withCharts({
    "dask:cluster": { provider: "existing", expose: "LoadBalancer" },
    "dask:postgres": { ...withoutWebhooks, ...postgres },
    "dask:releases": Object.fromEntries(
      Object.entries(releases).map(([name, release]) => [name, mergeValues(release, others[name] ?? {})]),
    ),
  });
  const stack = await bench.open(stackName, config);
  const value = { value: DATABASE_PASSWORD, secret: true };
  await stack.setConfig("dask:secrets.course.databasePassword", value, true);
  return stack;
}
