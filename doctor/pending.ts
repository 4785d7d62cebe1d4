import type { Finding } from "./findings.ts";
import { shortPath } from "./paths.ts";
import type { PendingOperation, StackState } from "./state.ts";

/** Takes what runs were creating out of the state without a look at it. */
export const FORGET = "pulumi refresh --clear-pending-creates";

type State = Pick<StackState, "pending">;

/**
 * What a run that was interrupted left unfinished in the state; pure.
 *
 * @param adopt URNs of objects that were made, and that the state can take over
 * @param first what people have to do before these notes can go
 */
export function pendingOperations(
  { pending }: State,
  adopt: readonly string[] = [],
  first?: string,
): Finding[] {
  if (pending.length === 0) return [];
  const unclear = pending.filter(mayBeTwice);
  if (unclear.length === 0)
    return [first === undefined ? repeatable(pending, adopt) : needed(pending, first)];
  // The engine clears all of them or none, so that those of the cloud come first.
  return unclear.map(({ type, urn }) => ({
    problem: `a run was interrupted while ${type} ${shortUrn(urn)}`,
    evidence: ["the cloud may have made it, and the stack's state does not know it"],
    remedy:
      "pulumi refresh asks about it: where the cloud has made it, give its id; where not, clear it. Another up would make a second one",
  }));
}

/**
 * What people have to do before notes of creations in a cluster can go, which alone tell what was made there; pure.
 *
 * @param looked what may not be seen and what may be somebody else's, by API path; absent where no cluster was looked at
 */
export function beforeClearing(
  { pending }: State,
  looked?: { readonly unseen: readonly string[]; readonly doubtful: readonly string[] },
): string | undefined {
  if (!pending.some(isInCluster)) return undefined;
  if (looked === undefined)
    return `let the doctor reach the cluster first: start it, renew the login, or point dask:cluster back at it. Where it is gone for good, ${FORGET} forgets them`;
  if (looked.unseen.length > 0)
    return `this user may not see ${looked.unseen.map(shortPath).join(", ")}: log in as one who may, and run the doctor again`;
  return looked.doubtful.length > 0
    ? "see what is said of the objects that may be somebody else's"
    : undefined;
}

function needed(pending: readonly PendingOperation[], first: string): Finding {
  const remedy = `--fix leaves these notes, because nothing else tells what was made in the cluster: ${first}`;
  return { ...unended(pending), remedy };
}

function unended(pending: readonly PendingOperation[]): Pick<Finding, "problem" | "evidence"> {
  return {
    problem: `the state holds ${pending.length} operation${pending.length > 1 ? "s" : ""} that an interrupted run did not end`,
    evidence: pending.map(({ urn, type }) => `${type} ${shortUrn(urn)}`),
  };
}

function repeatable(pending: readonly PendingOperation[], adopt: readonly string[]): Finding {
  return {
    ...unended(pending),
    remedy:
      "--fix takes these notes out of the state, and into it what was made; the next up or destroy goes on from there",
    fix: { kind: "clear-pending", count: pending.length, adopt },
  };
}

function isInCluster({ resource, type }: PendingOperation): boolean {
  return type === "creating" && resource.startsWith("kubernetes:");
}

/** Whether an operation, done once more, could make a second one: objects of Kubernetes are taken over by their name. */
function mayBeTwice({ resource, type }: PendingOperation): boolean {
  return type === "creating" && !/^(kubernetes|random|pulumi):/.test(resource);
}

/** Type and name of a resource, without the stack that every URN repeats. */
export function shortUrn(urn: string): string {
  const [, , types = "", name = ""] = urn.split("::");
  return `${types.split("$").at(-1)} ${name}`;
}
