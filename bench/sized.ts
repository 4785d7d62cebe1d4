import { cloudCalls, cloudStates } from "../test/graph/clouds.ts";
import { run } from "../test/graph/mock-engine.ts";
import { CLOUDS, sizedProgram } from "./sizes.ts";

// node --import ./loader.js bench/sized.ts <cloud> <releases> <node pools>: one stack's program under mocks.

const [given = "", releases = "1", pools = "5"] = process.argv.slice(2);
const cloud = CLOUDS.find((each) => each === given);
if (cloud === undefined) throw new Error(`there is no cloud "${given}"; there are ${CLOUDS.join(", ")}`);
const program = sizedProgram(cloud, { releases: Number(releases), pools: Number(pools) });
const { resources } = await run(program, { states: cloudStates, calls: cloudCalls });
console.log(`${resources.length} resources`);
