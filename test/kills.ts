import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startSandbox, stopSandbox } from "../sandbox/sandbox.ts";
import { type Kill, killedRound } from "./stack/kills.ts";
import { randomOf } from "./stack/random.ts";
import { benchOn } from "./stack/sandbox.ts";

// npm run kills [-- --count 50 --seed 1]: kills engines, providers and API servers in the middle of runs on a sandbox
// of its own, and says how many runs came to their end all the same, how many stacks came back by a command, how many
// by the doctor, and how many did not. Ends with 1 where one did not, or where the test itself broke; what was counted
// until then is said in any case, also after Ctrl-C.

const { count, seed } = parseArgs({
  options: { count: { type: "string", default: "50" }, seed: { type: "string" } },
}).values;

async function main(): Promise<number> {
  const random = randomOf(seed === undefined ? Date.now() % 2 ** 32 : Number(seed));
  console.log(`seed ${random.seed}`);
  const root = join(tmpdir(), `pulumi-dask-kills-${process.pid}`);
  const kills: Kill[] = [];
  let broken = 0;
  const summary = () => console.log(summed(kills, broken));
  process.once("SIGINT", () => {
    summary();
    void stopSandbox({ root }).finally(() => process.exit(130));
  });
  try {
    const bench = benchOn(await startSandbox({ root, nodes: "simulated", log: console.log }));
    for (let index = 0; counted(kills).length < Number(count) && broken < MOST_BROKEN; index++) {
      const round = killedRound(bench, random, index, (kill) => {
        kills.push(kill);
        console.log(`${counted(kills).length} ${describe(kill)}`);
        if (kill.outcome === "lost") console.log(kill.words);
      });
      await round.catch((error: unknown) => {
        broken++;
        console.log("the test itself broke; the kill that it was at counts for nothing");
        console.log(error);
      });
    }
  } finally {
    summary();
    await stopSandbox({ root });
  }
  return broken === 0 && kills.every(({ outcome }) => outcome !== "lost") ? 0 : 1;
}

/** After so many rounds that broke the sandbox is no good any more. */
const MOST_BROKEN = 5;

const counted = (kills: readonly Kill[]) => kills.filter(({ outcome }) => outcome !== "missed");

function summed(kills: readonly Kill[], broken: number): string {
  const came = (outcome: Kill["outcome"]) => kills.filter((kill) => kill.outcome === outcome).length;
  const struck = counted(kills);
  const hung = struck.filter((kill) => kill.hung).length;
  const changed = struck.filter(({ phase, next }) => (phase === "destroy") !== (next === "destroy")).length;
  return [
    `${struck.length} kills: ${came("unharmed")} unharmed, ${came("rerun")} by a command, ${came("doctor")} by the doctor, ${came("lost")} lost`,
    `${hung} of them hung until they were killed again; after ${changed} of them the user went the other way`,
    `not counted: ${came("missed")} runs that were over before their kill, ${broken} rounds in which the test itself broke`,
  ].join("\n");
}

function describe({ kind, phase, victim, after, next, outcome, hung }: Kill): string {
  const how = hung ? `${outcome}, after it hung` : outcome;
  return `${phase} of a ${kind} stack, ${victim} killed after ${(after / 1000).toFixed(1)} s, then ${next}: ${how}`;
}

process.exitCode = await main();
