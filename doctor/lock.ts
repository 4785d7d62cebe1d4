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

/** What a backend shows of a stack's locks at one moment. */
export interface Look {
  readonly held: readonly Lock[];
  /** Lock files that are not as the engine writes them. */
  readonly unreadable: readonly string[];
}

/** The locks of a stack around the moment at which its state was read. */
export interface Locks extends Look {
  /** Whether a run began or ended meanwhile: the state may be that of its middle. */
  readonly moved: boolean;
}

/** The locks that were seen before the state was read, after it, or both; pure. */
export function locksAround(before: Look, after: Look): Locks {
  const all = [...before.held, ...after.held].map((lock) => [JSON.stringify(lock), lock] as const);
  return {
    held: [...new Map(all).values()],
    unreadable: [...new Set([...before.unreadable, ...after.unreadable])],
    moved: JSON.stringify(before) !== JSON.stringify(after),
  };
}

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

/** What the locks of a stack say of other runs; pure. */
export function lockFindings({ held, unreadable, moved }: Locks, here: Here): Finding[] {
  return [...unreadable.map(unreadableLock), ...(moved ? [movingLocks(held)] : staleLocks(held, here))];
}

function unreadableLock(file: string): Finding {
  return {
    problem: `the stack is locked by a file that is not as pulumi writes it: ${file}`,
    evidence: ["a run may be writing it at this moment, or was killed while it did"],
    remedy:
      "look again in a minute; where it is still so, ask who runs this stack, and where nobody does, pulumi cancel takes the file away",
    waits: true,
  };
}

function movingLocks(held: readonly Lock[]): Finding {
  return {
    problem: "a run began or ended while the doctor looked at the stack",
    evidence: held.map(taken),
    remedy: "run the doctor again when it has ended; what else is said here may be its work",
    waits: true,
  };
}

function taken({ username, hostname, pid, timestamp }: Lock): string {
  return `taken by ${username}@${hostname}, process ${pid}, at ${timestamp}`;
}

/** The locks of a stack: those of a dead process can go, all others belong to somebody; pure. */
function staleLocks(locks: readonly Lock[], here: Here): Finding[] {
  if (locks.length === 0) return [];
  const evidence = locks.map(taken);
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
