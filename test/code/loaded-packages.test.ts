import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";

const CLOUDS = { gke: "@pulumi/gcp", eks: "@pulumi/aws", magnum: "@pulumi/openstack" };

interface Loaded {
  readonly packages: readonly string[];
  /** CPU time of the whole process, from its start until every resource is registered. */
  readonly cpuSeconds: number;
}

/** What a stack file's program loads, and what that costs, started as Pulumi.yaml says. */
async function load(cloud: string): Promise<Loaded> {
  const script = [
    "--import",
    "./loader.js",
    "test/code/loaded-packages.ts",
    `stacks/Pulumi.${cloud}-small.yaml`,
  ];
  const { stdout } = await promisify(execFile)(process.execPath, script);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}

/** Most CPU time from the start of the program to the last resource. */
const BUDGET_S = 2;
/** Starts of which the cheapest counts: a busy machine makes one dearer than it is, and none cheaper. */
const STARTS = 5;

/** CPU times of starts, until one is within the budget. */
async function startTimes(cloud: string): Promise<number[]> {
  const seconds: number[] = [];
  while (seconds.length < STARTS && !seconds.some((each) => each < BUDGET_S))
    seconds.push((await load(cloud)).cpuSeconds);
  return seconds;
}

for (const [cloud, sdk] of Object.entries(CLOUDS)) {
  test(`a stack on ${cloud} loads no other cloud's SDK, no compiler and no package manager`, async () => {
    const { packages } = await load(cloud);
    assert.deepEqual(
      packages.filter((name) => name.startsWith("@pulumi/")),
      [sdk, "@pulumi/kubernetes", "@pulumi/pulumi", "@pulumi/random"].toSorted(),
    );
    const unused = ["typescript", "@npmcli/arborist", "pacote", "sigstore"];
    assert.deepEqual(
      packages.filter((name) => unused.includes(name)),
      [],
    );
  });

  test(`a stack on ${cloud} is planned in less than 2 s of CPU`, async (context) => {
    const seconds = await startTimes(cloud);
    const said = `${seconds.map((each) => each.toFixed(2)).join(", ")} s of CPU`;
    context.diagnostic(said);
    assert.ok(Math.min(...seconds) < BUDGET_S, said);
  });
}
