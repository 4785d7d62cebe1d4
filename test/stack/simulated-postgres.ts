import { setTimeout as sleep } from "node:timers/promises";
import type { Bench } from "./sandbox.ts";

const CLUSTERS = "clusters.postgresql.cnpg.io";

const PERIOD_MS = 500;

interface PostgresCluster {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly instances: number };
  readonly status?: { readonly phase?: string };
}

/**
 * Settings of `dask:postgres` for simulated nodes: the genuine chart without its webhooks.
 *
 * Nobody would answer them there, and the API server would refuse every Cluster.
 */
export const withoutWebhooks = {
  values: { webhook: { mutating: { create: false }, validating: { create: false } } },
};

/**
 * Plays CloudNativePG's operator: every Cluster is Ready a moment after it was made.
 *
 * @returns what stops it; it rejects where the last look at the Clusters failed
 */
export function simulatePostgres(bench: Bench): () => Promise<void> {
  const stopping = new AbortController();
  const running = play(bench, stopping.signal);
  return async () => {
    stopping.abort();
    const failure = await running;
    if (failure !== undefined) throw failure;
  };
}

async function play(bench: Bench, signal: AbortSignal): Promise<Error | undefined> {
  let failure: Error | undefined;
  while (!signal.aborted) {
    // Definitions come and go with the stacks, and are not served at once: the next look says more.
    failure = await look(bench).catch((error: Error) => error);
    await sleep(PERIOD_MS, undefined, { signal }).catch(() => {});
  }
  return failure;
}

async function look(bench: Bench): Promise<undefined> {
  for (const cluster of await starting(bench)) await makeReady(bench, cluster);
}

/** Clusters that nobody has reported on; none before their definition is there. */
async function starting({ kubectl }: Bench): Promise<readonly PostgresCluster[]> {
  const defined = await kubectl("get", "crd", CLUSTERS, "--ignore-not-found", "-o", "name");
  if (defined === "") return [];
  const list: { items: PostgresCluster[] } = JSON.parse(
    await kubectl("get", CLUSTERS, "--all-namespaces", "-o", "json"),
  );
  return list.items.filter(({ status }) => status?.phase !== HEALTHY);
}

const HEALTHY = "Cluster in healthy state";

async function makeReady({ kubectl }: Bench, { metadata, spec }: PostgresCluster): Promise<void> {
  const condition = {
    type: "Ready",
    status: "True",
    reason: "ClusterIsReady",
    message: "simulated",
    lastTransitionTime: new Date().toISOString(),
  };
  const status = {
    phase: HEALTHY,
    instances: spec.instances,
    readyInstances: spec.instances,
    conditions: [condition],
  };
  await kubectl(
    ...["patch", CLUSTERS, metadata.name, "-n", metadata.namespace],
    ...["--subresource=status", "--type=merge", "-p", JSON.stringify({ status })],
  );
}
