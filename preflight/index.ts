import type { ApiClient } from "../providers/existing/api-client.ts";
import { SettingsError } from "../settings/problems.ts";
import type { Settings } from "../settings/schema.ts";
import { missingCharts } from "./charts.ts";
import { takenClusterRoles } from "./cluster-roles.ts";
import { databaseProblems } from "./databases.ts";
import { takenNamespaces } from "./namespaces.ts";

/**
 * Compares the settings with the world before anything is registered: charts are there, names are free, no users are
 * lost.
 *
 * @param api the cluster, where it is there already; without it only this machine is looked at
 * @param owner value of the owner label of namespaces that this stack made
 * @throws SettingsError with everything that stands in the way
 */
export async function preflight(
  settings: Settings,
  api: ApiClient | undefined,
  owner: string,
): Promise<void> {
  const asked = api !== undefined && settings.liveChecks ? await askCluster(settings, api, owner) : [];
  const problems = [...missingCharts(settings), ...asked];
  if (problems.length > 0) throw new SettingsError(problems);
}

async function askCluster(settings: Settings, api: ApiClient, owner: string) {
  const answers = await Promise.all([
    takenNamespaces(settings, api, owner),
    takenClusterRoles(settings, api),
    databaseProblems(settings, api, owner),
  ]);
  return answers.flat();
}
