import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startSandbox, stopSandbox } from "../sandbox/sandbox.ts";
import { type Kill, killedRound } from "./stack/kills.ts";
import { randomOf } from "./stack/random.ts";
import { benchOn } from "./stack/sandbox.ts";

// npm run kills [-- --count 50 --seed 1]: kills engines, providers and API servers in the middle of runs on a sandbox
// of its own, and says how many runs came to their end all the same, how many stacks came back by the same command and
// how many by the doctor. Ends with 1 where one did not.

const { count, seed } = parseArgs({
  options: { count: { type: "string", default: "50" }, seed: { type: "string" } },
}).values;

async function main(): Promise<number> {
  const random = randomOf(seed === undefined ? Date.now() % 2 ** 32 : Number(seed));
  console.log(`seed ${random.seed}`);
  const root = join(tmpdir(), `pulumi-dask-kills-${process.pid}`);
  const kills: Kill[] = [];
  try {
    const bench = benchOn(await startSandbox({ root, nodes: "simulated", log: console.log }));
    for (let index = 0; kills.length < Number(count); index++) {
      await killedRound(bench, random, index, (kill) => {
        kills.push(kill);
        console.log(`${kills.length} ${describe(kill)}`);
        if (kill.outcome === "lost") console.log(kill.words);
      });
    }
  } finally {
    await stopSandbox({ root });
  }
  const came = (outcome: Kill["outcome"]) => kills.filter((kill) => kill.outcome === outcome).length;
  const lost = came("lost");
  console.log(
    `${kills.length} kills: ${came("unharmed")} unharmed, ${came("rerun")} by a rerun, ${came("doctor")} by the doctor, ${lost} lost`,
  );
  return lost === 0 ? 0 : 1;
}

function describe({ kind, phase, victim, after, outcome }: Kill): string {
  return `${phase} of a ${kind} release, ${victim} killed after ${(after / 1000).toFixed(1)} s: ${outcome}`;
}

process.exitCode = await main();
