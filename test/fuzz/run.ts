import { parseArgs } from "node:util";
import { seedOf, tryFiles } from "./files.ts";
import { plan, withApiServer } from "./graph.ts";
import { judge } from "./judge.ts";

// npm run fuzz -- [--count 100000] [--graph 1000] [--seed 1]

const { values } = parseArgs({
  options: { count: { type: "string" }, graph: { type: "string" }, seed: { type: "string" } },
});
const seed = seedOf(values.seed);
const count = Number(values.count ?? 100_000);
const wholes = Number(values.graph ?? Math.ceil(count / 100));

console.log(`seed ${seed}: ${count} stack files through the settings, ${wholes} through the whole program`);
await tryFiles(
  (file) => {
    judge(file);
  },
  { count, seed },
);
await withApiServer((kubeconfig) =>
  tryFiles(
    async (file) => {
      await plan(file, kubeconfig);
    },
    { count: wholes, seed },
  ),
);
console.log("every file was planned, or refused with keys and remedies before anything was registered");
