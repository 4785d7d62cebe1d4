import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { OWNER_LABEL } from "./components/namespace.ts";
import type { Answer, ApiClient } from "./providers/api-client.ts";
import { namespaceOf } from "./settings/namespace-rules.ts";
import { keyOf, type Problem, SettingsError } from "./settings/problems.ts";
import { show } from "./settings/quantities.ts";
import type { Settings } from "./settings/schema.ts";

/**
 * Compares the settings with the world before anything is registered: chart files exist, namespaces are free.
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
  const problems = missingCharts(settings);
  if (api !== undefined && settings.liveChecks)
    problems.push(...(await takenNamespaces(settings, api, owner)));
  if (problems.length > 0) throw new SettingsError(problems);
}

function missingCharts(settings: Settings): Problem[] {
  return Object.entries(settings.releases).flatMap(([name, { chart }]) => {
    if (chart.path === undefined || existsSync(resolve(chart.path))) return [];
    const message = `is not there (looked at ${resolve(chart.path)}); give the directory or archive of the chart`;
    return [{ key: keyOf(["releases", name, "chart", "path"]), value: show(chart.path), message }];
  });
}

async function takenNamespaces(settings: Settings, api: ApiClient, owner: string): Promise<Problem[]> {
  const found = await Promise.all(
    Object.entries(settings.releases).map(async ([release, value]) => {
      const { name, create } = namespaceOf(release, value);
      const answer = await api.get(`/api/v1/namespaces/${name}`);
      const message = namespaceProblem(name, create, answer, owner);
      return message === undefined
        ? []
        : [{ key: keyOf(["releases", release, "namespace"]), value: show(name), message }];
    }),
  );
  return found.flat();
}

const namespace = z.object({ metadata: z.object({ labels: z.record(z.string(), z.string()).default({}) }) });

/** What stands in the way of using a namespace; a user who may not look is left to what the cluster says later. */
function namespaceProblem(name: string, create: boolean, answer: Answer, owner: string): string | undefined {
  if (answer.kind === "forbidden") return undefined;
  if (!create) {
    return answer.kind === "absent"
      ? `is not there; write { name: ${name}, create: true } to make it`
      : undefined;
  }
  if (answer.kind === "absent") return undefined;
  const who = namespace.parse(answer.object).metadata.labels[OWNER_LABEL];
  if (who === owner) return undefined;
  const whose = who === undefined ? "exists and is not this stack's" : `belongs to the stack ${who}`;
  return `${whose}; choose another name, or write { name: ${name}, create: false } to use it as it is`;
}
