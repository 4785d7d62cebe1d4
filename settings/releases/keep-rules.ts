import type { Problem, Report } from "../problems.ts";
import type { ReleaseSettings, Settings } from "../schema.ts";
import type { DatabaseSettings } from "./database.ts";
import type { HubSettings } from "./jupyterhub.ts";
import { namespaceOf } from "./namespace-rules.ts";

/** Whether the stack makes a hub's database and leaves it when it goes. */
export function keepsDatabase(database: DatabaseSettings): boolean {
  return database.kind !== "external" && database.onDestroy === "keep";
}

/**
 * Whether the homes of a hub's users outlive the stack: because the settings say so, or because the users do.
 *
 * @param clusterStays whether the cluster outlives the stack; volumes in one that goes would hold its teardown up
 */
export function keepsHomes(
  { user: { storage }, database }: Pick<HubSettings, "user" | "database">,
  clusterStays: boolean,
): boolean {
  if (storage.kind !== "dynamic") return false;
  if (storage.onDestroy !== undefined) return storage.onDestroy === "keep";
  return keepsDatabase(database) || (database.kind === "external" && clusterStays);
}

function outlivesStack(cluster: Settings["cluster"]): boolean {
  return cluster.provider === "existing" || cluster.existing !== undefined;
}

/** Whether a namespace holds data that outlive the stack, and so must outlive it too. */
export function isKept({ cluster, releases }: Settings, namespace: string): boolean {
  return Object.entries(releases).some(
    ([name, release]) =>
      keepsData(release, outlivesStack(cluster)) && namespaceOf(name, release).name === namespace,
  );
}

function keepsData(release: ReleaseSettings, clusterStays: boolean): boolean {
  const isHub = release.kind === "daskhub" || release.kind === "jupyterhub";
  return isHub && (keepsDatabase(release.database) || keepsHomes(release, clusterStays));
}

/** Data can be kept only where the cluster is. */
export function checkKept(name: string, release: HubSettings, settings: Settings, report: Report): Problem[] {
  if (settings.cluster.provider === "existing") return [];
  const { storage } = release.user;
  const message = "cannot hold: destroy takes the whole cluster";
  const remedy = "deploy to it from a second stack with provider: existing";
  return [
    ...(keepsDatabase(release.database)
      ? [report(["releases", name, "database", "onDestroy"], `${message}; use kind: external, or ${remedy}`)]
      : []),
    ...(storage.kind === "dynamic" && storage.onDestroy === "keep"
      ? [report(["releases", name, "user", "storage", "onDestroy"], `${message}; ${remedy}`)]
      : []),
  ];
}
