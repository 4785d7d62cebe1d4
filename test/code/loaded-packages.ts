/**
 * Runs a stack file's program under mocks, as a process of its own, and prints which packages of Pulumi it loaded.
 *
 * Usage: `node --import tsx/esm test/code/loaded-packages.ts stacks/Pulumi.gke-small.yaml`
 */
import { createRequire } from "node:module";
import { cloudCalls, cloudStates } from "../graph/clouds.ts";
import { run } from "../graph/mock-engine.ts";
import { programOf } from "../unit/stack-files.ts";

const [file = ""] = process.argv.slice(2);
await run(programOf(file), { states: cloudStates, calls: cloudCalls });

const loaded = Object.keys(createRequire(import.meta.url).cache).flatMap(
  (path) => /node_modules\/(@pulumi\/[^/]+)\//.exec(path)?.[1] ?? [],
);
const { user, system } = process.cpuUsage();
console.log(JSON.stringify({ packages: [...new Set(loaded)].sort(), cpuSeconds: (user + system) / 1e6 }));
