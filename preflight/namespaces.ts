import { z } from "zod";
import { OWNER_LABEL } from "../components/namespace.ts";
import type { Answer, ApiClient } from "../providers/existing/api-client.ts";
import { keyOf, type Problem } from "../settings/problems.ts";
import { show } from "../settings/quantities.ts";
import { namespaceOf } from "../settings/releases/namespace-rules.ts";
import type { Settings } from "../settings/schema.ts";

/**
 * Finds namespaces that the stack would make and somebody else has, and those it was handed that are not there.
 *
 * @param owner value of the owner label of namespaces that this stack made
 */
export async function takenNamespaces(settings: Settings, api: ApiClient, owner: string): Promise<Problem[]> {
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
