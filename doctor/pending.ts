import type { Finding } from "./findings.ts";
import type { PendingOperation, StackState } from "./state.ts";

/**
 * What a run that was interrupted left unfinished in the state; pure.
 *
 * @param adopt URNs of objects that were made, and that the state can take over
 */
export function pendingOperations(
  { pending }: Pick<StackState, "pending">,
  adopt: readonly string[] = [],
): Finding[] {
  if (pending.length === 0) return [];
  const unclear = pending.filter(mayBeTwice);
  if (unclear.length === 0) return [repeatable(pending, adopt)];
  // The engine clears all of them or none, so that those of the cloud come first.
  return unclear.map(({ type, urn }) => ({
    problem: `a run was interrupted while ${type} ${shortUrn(urn)}`,
    evidence: ["the cloud may have made it, and the stack's state does not know it"],
    remedy:
      "pulumi refresh asks about it: where the cloud has made it, give its id; where not, clear it. Another up would make a second one",
  }));
}

function repeatable(pending: readonly PendingOperation[], adopt: readonly string[]): Finding {
  return {
    problem: `the state holds ${pending.length} operation${pending.length > 1 ? "s" : ""} that an interrupted run did not end`,
    evidence: pending.map(({ urn, type }) => `${type} ${shortUrn(urn)}`),
    remedy:
      "--fix takes these notes out of the state, and into it what was made; the next up or destroy goes on from there",
    fix: { kind: "clear-pending", count: pending.length, adopt },
  };
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
