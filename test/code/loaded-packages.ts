/**
 * Runs a stack file's program under mocks, as a process of its own, and prints which packages it loaded by `require`.
 *
 * Usage: `node --import ./loader.js test/code/loaded-packages.ts stacks/Pulumi.gke-small.yaml`
 */
import { createRequire } from "node:module";
import { types } from "node:util";
import { cloudCalls, cloudStates } from "../graph/clouds.ts";
import { run } from "../graph/mock-engine.ts";
import { programOf } from "../unit/stack-files.ts";

const [file = ""] = process.argv.slice(2);
await run(programOf(file), { states: cloudStates, calls: cloudCalls });

const modules = Object.entries(createRequire(import.meta.url).cache);
// What loader.js puts in a module's place is a proxy for as long as nothing uses it.
const loaded = modules.filter(([, module]) => !types.isProxy(module?.exports));
const packages = loaded.flatMap(([path]) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);
const { user, system } = process.cpuUsage();
console.log(JSON.stringify({ packages: [...new Set(packages)].sort(), cpuSeconds: (user + system) / 1e6 }));
