import { sendSignal } from "../sandbox/processes.ts";
import { children } from "./programs.ts";

/** How long the body of a test may take once what it runs on is there, in milliseconds. */
const LIMIT_MS = 10 * 60_000;

/** How long an interrupted command may take to end, and then the test to take away what it has made. */
const ENDING_MS = 30_000;
const GRACE_MS = 3 * 60_000;

/**
 * Runs the body of a test for at most ten minutes.
 *
 * What hangs then is interrupted as a person would interrupt it, so that the test cleans up and says where it was; one
 * that does not end even so is given up three minutes later.
 */
export async function limited(body: () => Promise<void>, limitMs = LIMIT_MS): Promise<void> {
  const over = new AbortController();
  const late = new Error(`the test was still at work after ${Math.round(limitMs / 1000)} s`);
  const timers: NodeJS.Timeout[] = [];
  const after = (ms: number, act: () => void) => timers.push(setTimeout(act, ms));
  const givenUp = new Promise<never>((_, reject) => after(limitMs + GRACE_MS, () => reject(late)));
  after(limitMs, () => {
    over.abort();
    const commands = children();
    for (const pid of commands) sendSignal(pid, "SIGINT");
    after(ENDING_MS, () => {
      const still = children();
      for (const pid of commands.filter((each) => still.includes(each))) sendSignal(pid, "SIGKILL");
    });
  });
  try {
    await Promise.race([body(), givenUp]);
  } catch (error) {
    throw over.signal.aborted && error !== late ? new Error(late.message, { cause: error }) : error;
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
  if (over.signal.aborted) throw late;
}
