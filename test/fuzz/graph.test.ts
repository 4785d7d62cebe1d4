import assert from "node:assert/strict";
import { test } from "node:test";
import { seedOf, tryFiles } from "./files.ts";
import { plan, withApiServer } from "./graph.ts";

/** Stack files of one run; FUZZ_GRAPH asks for more, FUZZ_SEED for those of an earlier run. */
const COUNT = Number(process.env.FUZZ_GRAPH ?? 200);

test(`${COUNT} stack files are planned whole, or refused before anything is registered`, async (context) => {
  const seed = seedOf(process.env.FUZZ_SEED);
  let planned = 0;
  await withApiServer((kubeconfig) =>
    tryFiles(
      async (file) => {
        if ((await plan(file, kubeconfig)) === "planned") planned++;
      },
      { count: COUNT, seed },
    ),
  );
  context.diagnostic(`seed ${seed}: ${planned} planned, ${COUNT - planned} refused`);
  assert.ok(planned > COUNT / 10 && planned < COUNT * 0.9, `${planned} planned`);
});
