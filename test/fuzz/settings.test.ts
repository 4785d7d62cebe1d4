import assert from "node:assert/strict";
import { test } from "node:test";
import { seedOf, tryFiles } from "./files.ts";
import { judge } from "./judge.ts";

/** Stack files of one run; FUZZ asks for more, FUZZ_SEED for those of an earlier run. */
const COUNT = Number(process.env.FUZZ ?? 10_000);

test(`${COUNT} stack files are accepted, or refused with keys that exist and remedies`, async (context) => {
  const seed = seedOf(process.env.FUZZ_SEED);
  let accepted = 0;
  await tryFiles(
    (file) => {
      if ("settings" in judge(file)) accepted++;
    },
    { count: COUNT, seed },
  );
  context.diagnostic(`seed ${seed}: ${accepted} accepted, ${COUNT - accepted} refused`);
  // Both must be frequent, or one half of the property is not tested.
  assert.ok(accepted > COUNT / 10 && accepted < COUNT * 0.9, `${accepted} accepted`);
});
