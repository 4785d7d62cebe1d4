import type { Obstacle } from "../sandbox/obstacle.ts";
import { filesOf } from "./levels.ts";
import { onPlace, type PlacedLevel, withoutPlace } from "./places.ts";
import { type Environment, FAILED, runFiles, sum, type Tally } from "./tally.ts";

/** A level whose tests run on something that is started before them. */
export interface SlowLevel {
  readonly name: PlacedLevel;
  /** Why this machine cannot run it. */
  readonly obstacle?: Obstacle;
  /** Settles when a place can be started. */
  readonly after?: Promise<unknown>;
}

/** What a level came to, and the seconds from its first place's start to its last one's end. */
export interface Account {
  readonly name: PlacedLevel;
  readonly tally: Tally;
  readonly seconds: number;
}

/**
 * Who works on what, in turn. They know nothing of each other and mostly wait, and three keep two cores busy; a level's
 * files go to whoever is free.
 */
const TURNS: readonly (readonly PlacedLevel[])[] = [["e2e", "stack"], ["openstack", "stack"], ["stack"]];

/** Runs levels beside each other, on each place one file after the other; prints what goes wrong beside the tests. */
export async function runSlowLevels(levels: readonly SlowLevel[], signal: AbortSignal): Promise<Account[]> {
  const works = levels.map((level) => new Work(level, signal));
  const turns = TURNS.map(async (names) => {
    for (const name of names) await works.find((work) => work.name === name)?.onOnePlace();
  });
  await Promise.all(turns);
  return works.map((work) => work.account());
}

/** A level on its places: the files that wait for one, and what came of the others. */
class Work {
  readonly name: PlacedLevel;
  readonly #level: SlowLevel;
  readonly #signal: AbortSignal;
  readonly #waiting: string[];
  readonly #tallies: Tally[] = [];
  #places = 0;
  #begun = 0;
  #ended = 0;

  constructor(level: SlowLevel, signal: AbortSignal) {
    this.name = level.name;
    this.#level = level;
    this.#signal = signal;
    this.#waiting = filesOf(level.name);
  }

  /** Runs the files that wait, until there are none, on a place of its own. */
  async onOnePlace(): Promise<void> {
    const { obstacle, after } = this.#level;
    await after;
    if (this.#waiting.length === 0 || this.#signal.aborted) return;
    this.#places++;
    if (this.#places === 1) this.#begun = Date.now();
    try {
      if (obstacle !== undefined) await this.#runAll(withoutPlace(this.name, obstacle));
      else await onPlace(this.name, this.#places, (env) => this.#runAll(env));
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
      this.#tallies.push(FAILED);
    }
    this.#ended = Date.now();
  }

  account(): Account {
    const seconds = Math.round((this.#ended - this.#begun) / 1000);
    return { name: this.name, tally: sum(this.#tallies), seconds };
  }

  async #runAll(env: Environment): Promise<boolean> {
    let passed = true;
    for (let file = this.#waiting.shift(); file !== undefined; file = this.#waiting.shift()) {
      const tally = await runFiles([file], { env, signal: this.#signal });
      this.#tallies.push(tally);
      passed = passed && tally.failed === 0;
    }
    return passed;
  }
}
