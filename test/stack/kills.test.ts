import assert from "node:assert/strict";
import { type Kill, killedRound } from "./kills.ts";
import { randomOf } from "./random.ts";
import { sandboxTest } from "./sandbox.ts";

/** Each makes, edits and destroys a stack, and kills something in each of these. */
const ROUNDS = 2;

sandboxTest(
  "a run that is killed somewhere is taken up by the same command or its opposite, or after the doctor",
  async (bench, context) => {
    const random = randomOf(Number(process.env.DASK_TEST_SEED ?? Date.now() % 2 ** 32));
    context.diagnostic(`DASK_TEST_SEED=${random.seed} repeats this`);
    const kills: Kill[] = [];
    for (let index = 0; index < ROUNDS; index++) {
      await killedRound(bench, random, index, (kill) => {
        kills.push(kill);
        const { kind, phase, victim, after, next, outcome } = kill;
        context.diagnostic(
          `${phase} of ${kind}, ${victim} killed after ${after} ms, then ${next}: ${outcome}`,
        );
      });
    }
    const lost = kills.filter(({ outcome }) => outcome === "lost");
    assert.deepEqual(lost, []);
    assert.ok(
      kills.some(({ outcome }) => outcome !== "missed"),
      "every run was faster than its kill",
    );
  },
);
