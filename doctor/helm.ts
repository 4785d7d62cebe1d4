import { z } from "zod";
import { helmReleases, sharedReleases } from "../components/helm-releases.ts";
import type { Finding } from "./findings.ts";
import type { StackState } from "./state.ts";

/** Labels that select the Secrets in which Helm keeps the revisions of its releases. */
export const REVISION_LABELS = "owner=helm";

/** A Secret in which Helm keeps a revision of a release: its labels say all that is needed. */
export const revisionSecret = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    labels: z.object({ name: z.string(), status: z.string(), version: z.coerce.number() }),
  }),
});

/** A revision of a Helm release. */
export type Revision = z.output<typeof revisionSecret>;

type Known = Pick<StackState, "helmReleases" | "pending" | "ownNamespaces">;

/**
 * Helm releases on which Helm itself will refuse to work, or that a destroy has half taken away; pure.
 *
 * Helm locks a release by the status of its newest revision, and a process that is killed leaves `pending-install`,
 * `pending-upgrade` or `pending-rollback` there. Without that revision Helm goes on from the one before, and a first
 * installation starts anew and takes over the objects that carry its name.
 *
 * @param names names that the stack's settings give to releases
 */
export function helmFindings(
  revisions: readonly Revision[],
  state: Known,
  names: readonly string[],
): Finding[] {
  const releases = releasesOf(revisions);
  const present = releases.map(([newest]) => newest && placeOf(newest));
  const missing = Object.entries(state.helmReleases).filter(([place]) => !present.includes(place));
  return [...releases.flatMap((release) => ofRelease(release, state, names)), ...missing.map(notThere)];
}

function ofRelease(release: readonly Revision[], state: Known, names: readonly string[]): Finding[] {
  const [newest] = release;
  if (newest === undefined || !isOurs(newest, state, names)) return [];
  const place = placeOf(newest);
  const { status } = newest.metadata.labels;
  if (!(place in state.helmReleases)) {
    // What a run began is left to what is said of the run's objects.
    const begun = state.pending.some(({ type, helmRelease }) => type === "creating" && helmRelease === place);
    return begun ? [] : [unknownRelease(place, release, newest)];
  }
  if (status.startsWith("pending-")) return [interrupted(place, newest)];
  if (status !== "uninstalling") return [];
  return [halfGone(place, state.helmReleases[place])];
}

function placeOf({ metadata }: Revision): string {
  return `${metadata.namespace}/${metadata.labels.name}`;
}

function interrupted(place: string, { metadata: { namespace, name, labels } }: Revision): Finding {
  return {
    problem: `the Helm release ${place} was interrupted: its revision ${labels.version} is ${labels.status}`,
    evidence: [`Helm answers "another operation (install/upgrade/rollback) is in progress" until it is gone`],
    remedy: `--fix deletes Helm's note of that revision (Secret ${namespace}/${name}) and no object of the release; the next up goes on from there`,
    fix: { kind: "delete-secrets", namespace, names: [name] },
  };
}

function unknownRelease(place: string, release: readonly Revision[], { metadata }: Revision): Finding {
  const { namespace, labels } = metadata;
  const names = release.map((each) => each.metadata.name).sort();
  return {
    problem: `the Helm release ${place} is in the cluster and not in the stack's state`,
    evidence: [
      `its revision ${labels.version} is ${labels.status}; Helm answers "cannot re-use a name that is still in use"`,
    ],
    remedy: `--fix deletes Helm's notes of it (Secrets ${names.join(", ")} in ${namespace}) and no object of the release; the next up installs it over its objects`,
    fix: { kind: "delete-secrets", namespace, names },
  };
}

function halfGone(place: string, urn: string | undefined): Finding {
  return {
    problem: `the Helm release ${place} is half taken away: a destroy was interrupted`,
    evidence: ["its status is uninstalling, while the state takes it for whole: an up would change nothing"],
    remedy:
      "pulumi destroy goes on with it; --fix ends the deletion of this release alone, and the next up makes it anew. Where it fails again, its Job's log says why",
    ...(urn === undefined ? {} : { fix: { kind: "finish-deletion", urn } }),
  };
}

function notThere([place, urn]: readonly [string, string]): Finding {
  return {
    problem: `the Helm release ${place} is in the stack's state and not in the cluster`,
    evidence: [`a destroy would end at "release: not found", and an up would not make it again`],
    remedy: "--fix asks the cluster and takes it out of the state, as pulumi refresh does",
    fix: { kind: "refresh", urns: [urn] },
  };
}

/** The revisions of each release, the newest first. */
function releasesOf(revisions: readonly Revision[]): Revision[][] {
  const byRelease = new Map<string, Revision[]>();
  for (const revision of revisions) {
    const key = placeOf(revision);
    byRelease.set(key, [...(byRelease.get(key) ?? []), revision]);
  }
  const version = ({ metadata }: Revision) => metadata.labels.version;
  return [...byRelease.values()].map((release) => release.sort((a, b) => version(b) - version(a)));
}

/** Whether a release is the stack's: the state knows it, or a run of this stack began it. */
function isOurs({ metadata }: Revision, state: Known, names: readonly string[]): boolean {
  const { namespace, labels } = metadata;
  if (`${namespace}/${labels.name}` in state.helmReleases) return true;
  const ours = [...names.flatMap(helmReleases), ...sharedReleases];
  return ours.includes(labels.name) && state.ownNamespaces.includes(namespace);
}
