import { setTimeout as sleep } from "node:timers/promises";

/**
 * Asks until `check` holds, for at most `seconds`; throws with the last answer when it never does.
 * A question that fails is asked again: what has just been made refuses connections, and what starts anew resets them.
 */
export async function eventually<T>(
  ask: () => Promise<T>,
  check: (answer: T) => boolean,
  seconds = 180,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const [answer] = await Promise.allSettled([ask()]);
    if (answer.status === "fulfilled" && check(answer.value)) return answer.value;
    if (Date.now() > end) {
      if (answer.status === "rejected")
        throw new Error(`Still fails after ${seconds} s: ${answer.reason}`, { cause: answer.reason });
      throw new Error(`Still after ${seconds} s: ${JSON.stringify(answer.value)}`);
    }
    await sleep(200);
  }
}
