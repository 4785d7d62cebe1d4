/** What was begun, and must be ended whatever comes of it. */
export interface Attempt {
  /** As the `finally` of a `try`, but where both fail both are told: the end often fails because of the beginning. */
  finally(end: () => Promise<void>): Promise<void>;
}

/** Begins something that `finally` ends. */
export function attempt(body: () => Promise<void>): Attempt {
  return {
    finally: async (end) => {
      const failures = [...(await failureOf(body)), ...(await failureOf(end))];
      if (failures.length > 1)
        throw new AggregateError(failures, failures.map(wordsOf).join("\nand in the end: "));
      if (failures.length === 1) throw failures[0];
    },
  };
}

async function failureOf(act: () => Promise<void>): Promise<unknown[]> {
  try {
    await act();
    return [];
  } catch (error) {
    return [error];
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
