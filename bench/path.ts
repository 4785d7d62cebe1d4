import { cloudCalls, cloudStates } from "../test/graph/clouds.ts";
import { run } from "../test/graph/mock-engine.ts";
import { programOf, STACK_FILES } from "../test/unit/stack-files.ts";
import { criticalPath, doneOf, type Link } from "./critical-path.ts";
import { typicalMinutes } from "./durations.ts";

/** Prints for each stack file of a cloud what its first `up` waits for, with typical durations. */
export async function printPaths(): Promise<void> {
  for (const file of STACK_FILES.filter((each) => /(gke|eks|magnum)/.test(each))) {
    const { resources } = await run(programOf(file), { states: cloudStates, calls: cloudCalls });
    const path = criticalPath(resources, typicalMinutes);
    const inTurn = resources.reduce((sum, each) => sum + typicalMinutes(each), 0);
    console.log(
      `${file}: ${doneOf(path).toFixed(1)} min; one after the other it would be ${inTurn.toFixed(1)}`,
    );
    for (const link of path) console.log(`  ${line(link)}`);
  }
}

function line({ type, name, minutes, done }: Link): string {
  return `${minutes.toFixed(1).padStart(5)} min, done at ${done.toFixed(1).padStart(5)}  ${type} ${name}`;
}
