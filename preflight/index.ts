import { getStack } from "@pulumi/pulumi";
import type { ApiClient } from "../providers/existing/api-client.ts";
import type { ClusterPlan } from "../providers/plan.ts";
import { refuse } from "../settings/problems.ts";
import type { Settings } from "../settings/schema.ts";
import { missingCharts } from "./charts.ts";
import { takenClusterRoles } from "./cluster-roles.ts";
import { databaseProblems } from "./databases.ts";
import { interruptedReleases, revisionsOf } from "./helm-releases.ts";
import { takenNamespaces } from "./namespaces.ts";
import { otherCluster } from "./other-cluster.ts";
import type { OwnState } from "./own-state.ts";

/**
 * Compares the settings with the world before anything is registered: charts are there, names are free, no users are
 * lost.
 *
 * @param plan the cluster; where it is not there yet, only this machine is looked at
 * @param owner value of the owner label of namespaces that this stack made
 * @param readingState what the last run left; default: nothing that anybody could read
 * @throws SettingsError with everything that stands in the way
 */
export async function preflight(
  settings: Settings,
  { api, identifier }: Pick<ClusterPlan, "api" | "identifier">,
  owner: string,
  readingState: Promise<OwnState | undefined> = Promise.resolve(undefined),
): Promise<void> {
  const asked =
    api !== undefined && settings.liveChecks
      ? await Promise.all([
          askCluster(settings, api, owner),
          askState(settings, api, identifier, readingState),
        ])
      : [];
  const problems = [...missingCharts(settings), ...asked.flat()];
  refuse(problems);
}

async function askCluster(settings: Settings, api: ApiClient, owner: string) {
  const answers = await Promise.all([
    takenNamespaces(settings, api, owner),
    takenClusterRoles(settings, api),
    databaseProblems(settings, api, owner),
  ]);
  return answers.flat();
}

/** What only the stack's own state can tell: a cluster that is another one, and what an interrupted run left. */
async function askState(
  settings: Settings,
  api: ApiClient,
  identifier: string | undefined,
  readingState: Promise<OwnState | undefined>,
) {
  const [state, revisions] = await Promise.all([readingState, revisionsOf(settings, api)]);
  if (state === undefined) return [];
  const elsewhere = await otherCluster(api, identifier, state);
  if (elsewhere.length > 0) return elsewhere;
  return interruptedReleases(settings, revisions, state, `npm run doctor -- --stack ${getStack()}`);
}
