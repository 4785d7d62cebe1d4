import { z } from "zod";
import type { Finding } from "./findings.ts";

const content = z.object({
  pid: z.number(),
  username: z.string(),
  hostname: z.string(),
  timestamp: z.string(),
});

/** A lock of a file backend, as the engine writes it. */
export type Lock = z.output<typeof content>;

/** What tells whether the process that took a lock still lives. */
export interface Here {
  readonly hostname: string;
  /** Numbers of the processes that are a running `pulumi`. */
  readonly running: readonly number[];
}

/** Reads the text of a lock file; `undefined` for what is none. */
export function parseLock(text: string): Lock | undefined {
  try {
    return content.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** What stands in the way of mending where locks cannot be seen; pure. */
export function unseenLocks(): Finding {
  return {
    problem: "another run may be at work: the locks of this backend cannot be seen from here",
    evidence: [],
    remedy:
      "ask who runs this stack; where nobody does, pulumi cancel takes away a lock that is left, and --fix --no-other-run mends the rest",
    waits: true,
  };
}

/** The locks of a stack: those of a dead process can go, all others belong to somebody; pure. */
export function staleLocks(locks: readonly Lock[], here: Here): Finding[] {
  if (locks.length === 0) return [];
  const evidence = locks.map(
    ({ username, hostname, pid, timestamp }) =>
      `taken by ${username}@${hostname}, process ${pid}, at ${timestamp}`,
  );
  const elsewhere = locks.some(({ hostname }) => hostname !== here.hostname);
  if (!elsewhere && !locks.some(({ pid }) => here.running.includes(pid))) {
    return [
      {
        problem: "the stack is locked by a run that is dead",
        evidence,
        remedy: "--fix removes the lock, as pulumi cancel does",
        fix: { kind: "unlock" },
      },
    ];
  }
  const problem = elsewhere
    ? "the stack is locked from another machine"
    : "the stack is locked, and the run that holds the lock is alive";
  const remedy = elsewhere
    ? "ask who runs it; where nobody does, run pulumi cancel yourself: --fix cannot see that machine"
    : "wait until it ends; what else is said here may be its work";
  return [{ problem, evidence, remedy, waits: true }];
}
