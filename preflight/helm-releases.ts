import { z } from "zod";
import { helmReleases as namesOf } from "../components/helm-releases.ts";
import { gatewayRelease } from "../components/hub/chart.ts";
import { OPERATOR_RELEASE } from "../components/postgres/chart.ts";
import type { Finding } from "../doctor/findings.ts";
import { helmFindings, REVISION_LABELS, type Revision, revisionSecret } from "../doctor/helm.ts";
import { type ApiClient, METADATA_ONLY } from "../providers/existing/api-client.ts";
import { keyOf, type Problem } from "../settings/problems.ts";
import { needsPostgresOperator } from "../settings/releases/database-rules.ts";
import { namespaceOf } from "../settings/releases/namespace-rules.ts";
import type { ReleaseSettings, Settings } from "../settings/schema.ts";
import type { OwnState } from "./own-state.ts";

const list = z.object({ items: z.array(z.unknown()) });

/** What Helm knows in the namespaces of all releases, by namespace. */
export type Revisions = ReadonlyMap<string, readonly Revision[]>;

/** Lists the revisions of Helm releases; what the user may not look at is left to what Helm says later. */
export async function revisionsOf(settings: Settings, api: ApiClient): Promise<Revisions> {
  const namespaces = new Set(placesOf(settings).map(({ namespace }) => namespace));
  const found = [...namespaces].map(async (each) => [each, await revisionsIn(each, api)] as const);
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
  return placesOf(settings).flatMap(({ key, names, wanted, namespace, create }) => {
    const here = helmReleases.filter((place) => place.startsWith(`${namespace}/`));
    const known = Object.fromEntries(here.map((place) => [place, place]));
    const state = { helmReleases: known, pending: [], ownNamespaces: create ? [namespace] : [] };
    return names.flatMap((helmRelease) => {
      const present = (revisions.get(namespace) ?? []).filter(
        ({ metadata }) => metadata.labels.name === helmRelease,
      );
      return helmFindings(present, state, [names[0]])
        .filter(({ fix }) => isInTheWay(fix, wanted.includes(helmRelease)))
        .map((finding) => problemOf(key, finding, doctor));
    });
  });
}

/** Where Helm releases of a part of the settings are. */
interface Place {
  /** The part, as errors name it. */
  readonly key: readonly string[];
  /** The Helm releases that may be there, the part's own first. */
  readonly names: readonly [string, ...string[]];
  /** Those of them that an up keeps: one that is half taken away and goes anyway stands in nobody's way. */
  readonly wanted: readonly string[];
  readonly namespace: string;
  readonly create: boolean;
}

/** The places of all releases, and of the operator of databases. */
function placesOf(settings: Settings): Place[] {
  return [...Object.entries(settings.releases).map(placeOf), ...operatorPlace(settings)];
}

function placeOf([name, release]: readonly [string, ReleaseSettings]): Place {
  const { name: namespace, create } = namespaceOf(name, release);
  const gateway = release.kind === "daskhub" ? [gatewayRelease(name, release.distribution)] : [];
  const names = namesOf(name).filter((each) => each !== name);
  return {
    key: ["releases", name],
    names: [name, ...names],
    wanted: [name, ...gateway],
    namespace,
    create,
  };
}

/** Where the operator of databases is, if the stack makes one. */
function operatorPlace(settings: Settings): Place[] {
  if (!needsPostgresOperator(settings)) return [];
  const { namespace } = settings.postgres;
  const names = [OPERATOR_RELEASE] as const;
  return [{ key: ["postgres"], names, wanted: names, namespace, create: true }];
}

/** Whether an up must not begin before a finding is mended: releases that are missing are looked for elsewhere. */
function isInTheWay(fix: Finding["fix"], wanted: boolean): boolean {
  if (fix === undefined || fix.kind === "refresh") return false;
  return wanted || fix.kind !== "finish-deletion";
}

function problemOf(key: readonly string[], { problem }: Finding, doctor: string): Problem {
  const message = `cannot be worked on: ${problem}; ${doctor} says more and mends it`;
  return { key: keyOf(key), message };
}

async function revisionsIn(namespace: string, api: ApiClient): Promise<Revision[]> {
  const labels = encodeURIComponent(REVISION_LABELS);
  const path = `/api/v1/namespaces/${namespace}/secrets?labelSelector=${labels}`;
  const answer = await api.get(path, METADATA_ONLY);
  if (answer.kind !== "found") return [];
  const { data } = list.safeParse(answer.object);
  return (data?.items ?? []).flatMap((each) => revisionSecret.safeParse(each).data ?? []);
}
