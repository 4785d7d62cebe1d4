import { z } from "zod";
import { helmFindings, REVISION_LABELS, type Revision, revisionSecret } from "../doctor/helm.ts";
import type { ApiClient } from "../providers/existing/api-client.ts";
import { keyOf, type Problem } from "../settings/problems.ts";
import { namespaceOf } from "../settings/releases/namespace-rules.ts";
import type { Settings } from "../settings/schema.ts";
import type { OwnState } from "./own-state.ts";

const revisions = z.object({ items: z.array(z.unknown()) });

/**
 * Finds releases that Helm would refuse to work on, because an interrupted run left them half-way or somebody else's.
 *
 * What the user may not look at is left to what Helm says later.
 *
 * @param doctor the command that mends what an interrupted run left
 */
export async function interruptedReleases(
  settings: Settings,
  api: ApiClient,
  { helmReleases }: OwnState,
  doctor: string,
): Promise<Problem[]> {
  const found = await Promise.all(
    Object.entries(settings.releases).map(async ([name, release]) => {
      const { name: namespace, create } = namespaceOf(name, release);
      const here = helmReleases.filter((place) => place.startsWith(`${namespace}/`));
      const known = Object.fromEntries(here.map((place) => [place, place]));
      const state = { helmReleases: known, pending: [], ownNamespaces: create ? [namespace] : [] };
      const present = (await revisionsIn(namespace, api)).filter((each) => belongs(each, name));
      const findings = helmFindings(present, state, [name]).filter(({ fix }) => fix?.kind !== "refresh");
      return findings.map(({ problem, fix }) => {
        const remedy =
          fix === undefined ? "run pulumi destroy again, then up" : `${doctor} says more and mends it`;
        return { key: keyOf(["releases", name]), message: `cannot be worked on: ${problem}; ${remedy}` };
      });
    }),
  );
  return found.flat();
}

/** Whether a Helm release is that of a release of the settings, or one beside it. */
function belongs({ metadata: { labels } }: Revision, release: string): boolean {
  return labels.name === release || labels.name.startsWith(`${release}-`);
}

async function revisionsIn(namespace: string, api: ApiClient): Promise<Revision[]> {
  const labels = encodeURIComponent(REVISION_LABELS);
  const answer = await api.get(`/api/v1/namespaces/${namespace}/secrets?labelSelector=${labels}`);
  if (answer.kind !== "found") return [];
  const { data } = revisions.safeParse(answer.object);
  return (data?.items ?? []).flatMap((each) => revisionSecret.safeParse(each).data ?? []);
}
