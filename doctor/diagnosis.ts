import { isUid } from "../preflight/other-cluster.ts";
import type { Finding } from "./findings.ts";
import { helmFindings } from "./helm.ts";
import type { Found } from "./labelled.ts";
import { adoptable, inDoubt, leftBehind } from "./left.ts";
import { type Here, type Locks, lockFindings, unseenLocks } from "./lock.ts";
import type { Seen } from "./look.ts";
import { missingObjects } from "./missing.ts";
import type { Noted } from "./noted.ts";
import { beforeClearing, pendingOperations } from "./pending.ts";
import { notReady } from "./pods.ts";
import type { StackState } from "./state.ts";
import { terminating } from "./terminating.ts";
import { unnotedObjects } from "./unnoted.ts";

/** All that is known of a stack. */
export interface Facts {
  readonly state: StackState;
  /** Absent where the backend does not show them. */
  readonly locks?: Locks;
  readonly here: Here;
  /** Names that the stack's settings give to releases. */
  readonly releases: readonly string[];
  /** Absent where the stack has no cluster yet. */
  readonly seen?: Seen;
  /** Absent where no cluster is known or none answers. */
  readonly noted?: Noted;
  /** Labelled objects of releases, and what Helm notes of these; absent where no cluster is known or none answers. */
  readonly labelled?: readonly Found[];
  /** Whether people say that nobody else runs the stack or makes anything of its names. */
  readonly alone?: boolean;
  /** UID of the `kube-system` namespace of the cluster that the settings name now, where they name one. */
  readonly named?: string;
}

/** What is wrong with a stack, the most fundamental first; pure. */
export function diagnose(facts: Facts): Finding[] {
  const { state, locks, here, releases, seen, noted, labelled, alone, named } = facts;
  const first = beforeClearing(state, noted && { unseen: noted.unseen, doubtful: inDoubt(state, noted) });
  const found = [
    ...(locks === undefined ? [] : lockFindings(locks, here)),
    ...otherCluster(state, named),
    ...(noted === undefined ? [] : leftBehind(state, noted)),
    ...unnotedObjects(state, labelled ?? [], alone),
    ...pendingOperations(state, adoptable(state, noted?.made ?? []), first),
    ...(seen?.revisions === undefined ? [] : helmFindings(seen.revisions, state, releases)),
    ...missingObjects(state, noted?.absent ?? []),
    ...(seen?.namespaces ?? []).flatMap((each) =>
      terminating(each, seen?.remaining[each.metadata.name] ?? []),
    ),
    ...(seen === undefined ? [] : notReady(seen.running)),
  ];
  const unseen = locks === undefined && found.some(({ fix }) => fix !== undefined);
  return unseen ? [unseenLocks(), ...found] : found;
}

/** A kubeconfig context that points at another cluster than the one that holds the stack. */
function otherCluster({ clusterIdentifier }: StackState, named: string | undefined): Finding[] {
  if (!isUid(clusterIdentifier) || named === undefined || named === clusterIdentifier) return [];
  return [
    {
      problem: "the settings name another cluster than the one that holds the stack",
      evidence: [`kube-system is ${named} there and ${clusterIdentifier} in the stack's state`],
      remedy:
        "point dask:cluster back at the stack's own cluster; an up would try to move everything to the other one",
    },
  ];
}
