import { cloudCalls, cloudStates } from "../test/graph/clouds.ts";
import { type Registered, run } from "../test/graph/mock-engine.ts";
import { programOf, STACK_FILES } from "../test/unit/stack-files.ts";
import { criticalPath, doneOf, type Link } from "./critical-path.ts";
import { typicalMinutes } from "./durations.ts";
import { markdown } from "./tables.ts";

/** Prints for each stack file of a cloud, and each release in it, what its first `up` waits for, with typical durations. */
export async function printPaths(): Promise<void> {
  for (const file of STACK_FILES.filter((each) => /(gke|eks|magnum)/.test(each))) {
    const { resources } = await run(programOf(file), { states: cloudStates, calls: cloudCalls });
    console.log(`\n${file}\n\n${markdown(pathRows(resources))}`);
  }
}

/** The longest chain of a stack, and that of each of its releases; pure. */
export function pathRows(resources: readonly Registered[]) {
  const inTurn = resources.reduce((sum, each) => sum + typicalMinutes(each), 0);
  const row = (what: string, path: readonly Link[]) => ({
    what,
    minutes: doneOf(path),
    "longest chain": path.map(({ type, name, minutes }) => `${short(type)} ${name} ${minutes}`).join(", "),
  });
  const releases = resources.filter(({ type }) => KINDS.test(type));
  return [
    row(`all (one after the other: ${inTurn.toFixed(1)})`, criticalPath(resources, typicalMinutes)),
    ...releases.map((each) =>
      row(`${short(each.type)} ${each.name}`, criticalPath(resources, typicalMinutes, each)),
    ),
  ];
}

/** The components that are a release of some kind. */
const KINDS = /^dask:index:(Dask|DaskGateway|DaskHub|JupyterHub|DaskOperator)$/;

/** `kubernetes:helm.sh/v3:Release` as `Release`. */
function short(type: string): string {
  return type.split(":").at(-1) ?? type;
}
