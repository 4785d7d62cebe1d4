import { z } from "zod";
import { helmReleases as namesOf } from "../components/helm-releases.ts";
import { gatewayRelease } from "../components/hub/chart.ts";
import type { Finding } from "../doctor/findings.ts";
import { helmFindings, REVISION_LABELS, type Revision, revisionSecret } from "../doctor/helm.ts";
import { type ApiClient, METADATA_ONLY } from "../providers/existing/api-client.ts";
import { keyOf, type Problem } from "../settings/problems.ts";
import { namespaceOf } from "../settings/releases/namespace-rules.ts";
import type { ReleaseSettings, Settings } from "../settings/schema.ts";
import type { OwnState } from "./own-state.ts";

const list = z.object({ items: z.array(z.unknown()) });

/** What Helm knows in the namespaces of all releases, by namespace. */
export type Revisions = ReadonlyMap<string, readonly Revision[]>;

/** Lists the revisions of Helm releases; what the user may not look at is left to what Helm says later. */
export async function revisionsOf(settings: Settings, api: ApiClient): Promise<Revisions> {
  const namespaces = Object.entries(settings.releases).map(
    ([name, release]) => namespaceOf(name, release).name,
  );
  const found = [...new Set(namespaces)].map(async (each) => [each, await revisionsIn(each, api)] as const);
  return new Map(await Promise.all(found));
}

/**
 * Finds releases that Helm would refuse to work on, because an interrupted run left them half-way or somebody else's;
 * pure.
 *
 * @param doctor the command that mends what an interrupted run left
 */
export function interruptedReleases(
  settings: Settings,
  revisions: Revisions,
  { helmReleases }: OwnState,
  doctor: string,
): Problem[] {
  return Object.entries(settings.releases).flatMap(([name, release]) => {
    const { name: namespace, create } = namespaceOf(name, release);
    const here = helmReleases.filter((place) => place.startsWith(`${namespace}/`));
    const known = Object.fromEntries(here.map((place) => [place, place]));
    const state = { helmReleases: known, pending: [], ownNamespaces: create ? [namespace] : [] };
    return namesOf(name).flatMap((helmRelease) => {
      const present = (revisions.get(namespace) ?? []).filter(
        ({ metadata }) => metadata.labels.name === helmRelease,
      );
      return helmFindings(present, state, [name])
        .filter(({ fix }) => isInTheWay(fix, isWanted(helmRelease, name, release)))
        .map((finding) => problemOf(name, finding, doctor));
    });
  });
}

/** Whether an up must not begin before a finding is mended: releases that are missing are looked for elsewhere. */
function isInTheWay(fix: Finding["fix"], wanted: boolean): boolean {
  if (fix === undefined || fix.kind === "refresh") return false;
  return wanted || fix.kind !== "finish-deletion";
}

/** Whether an up keeps a Helm release: one that is half taken away and goes anyway stands in nobody's way. */
function isWanted(helmRelease: string, name: string, release: ReleaseSettings): boolean {
  if (helmRelease === name) return true;
  return release.kind === "daskhub" && helmRelease === gatewayRelease(name, release.distribution);
}

function problemOf(name: string, { problem }: Finding, doctor: string): Problem {
  const message = `cannot be worked on: ${problem}; ${doctor} says more and mends it`;
  return { key: keyOf(["releases", name]), message };
}

async function revisionsIn(namespace: string, api: ApiClient): Promise<Revision[]> {
  const labels = encodeURIComponent(REVISION_LABELS);
  const path = `/api/v1/namespaces/${namespace}/secrets?labelSelector=${labels}`;
  const answer = await api.get(path, METADATA_ONLY);
  if (answer.kind !== "found") return [];
  const { data } = list.safeParse(answer.object);
  return (data?.items ?? []).flatMap((each) => revisionSecret.safeParse(each).data ?? []);
}
