import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startedAt } from "../../sandbox/identity.ts";
import { layoutOf } from "../../sandbox/layout.ts";
import { runningPid } from "../../sandbox/processes.ts";
import { startSandbox } from "../../sandbox/sandbox.ts";
import { inventory } from "./inventory.ts";
import type { Random } from "./random.ts";
import { type Run, runDoctor, startDestroy, startUp } from "./runs.ts";
import { type Bench, withCharts } from "./sandbox.ts";

/** What can be killed in the middle of a run. */
export type Victim = "engine" | "provider" | "engine and providers" | "API server";

/** How a stack came to where it should be after a kill: a run that was struck may come to its end all the same. */
export type Outcome = "unharmed" | "rerun" | "doctor" | "lost";

/** One kill and what came of it. */
export interface Kill {
  readonly kind: keyof typeof STACKS;
  readonly phase: Phase;
  readonly victim: Victim;
  /** Milliseconds from the engine's start. */
  readonly after: number;
  readonly outcome: Outcome;
  /** What the runs and the doctor said, where no rerun sufficed. */
  readonly words: string;
}

/** What a run was about to do. */
export type Phase = "create" | "edit" | "destroy";

const PHASES: readonly Phase[] = ["create", "edit", "destroy"];
const VICTIMS = [
  "engine",
  "provider",
  "engine and providers",
  "API server",
] as const satisfies readonly Victim[];

/** How long the phases take on this machine, in milliseconds; learnt from runs that come to their end. */
const durations: Record<Phase, number> = { create: 6000, edit: 5000, destroy: 4000 };

/** The releases of the stacks that are killed, and what an edit changes; the key begins the release's name. */
const STACKS = {
  dask: { one: { created: { kind: "dask" }, edited: { workers: { replicas: 2 } } } },
  gateway: { one: { created: { kind: "dask-gateway" }, edited: { limits: { workers: 7 } } } },
  pair: {
    one: { created: { kind: "dask", jupyter: false }, edited: { jupyter: {} } },
    two: { created: { kind: "dask-gateway" }, edited: { prefix: "/dask" } },
  },
} as const;

type Releases = Readonly<Record<string, { readonly created: object; readonly edited: object }>>;

/**
 * Makes, edits and destroys a stack, and kills each of these once at a random point.
 *
 * Every kill is followed by what a user would do: the same command again and, where that fails, the doctor and the
 * command once more. Rejects where a stack that should be whole is not, or something is left of one that should be gone.
 */
export async function killedRound(
  bench: Bench,
  random: Random,
  index: number,
  tell: (kill: Kill) => void,
): Promise<void> {
  const kind = random.pick(["dask", "gateway", "pair"] as const);
  const stack = `killed-${index}`;
  const releases: Releases = STACKS[kind];
  const config = (which: "created" | "edited") =>
    withCharts({
      "dask:cluster": { provider: "existing", expose: "LoadBalancer" },
      "dask:releases": Object.fromEntries(
        Object.entries(releases).map(([name, { created, edited }]) => [
          `${stack}-${name}`,
          { ...created, ...(which === "edited" ? edited : {}) },
        ]),
      ),
    });
  const before = await inventory(bench);
  const created = await config("created");
  const edited = await config("edited");
  for (const phase of PHASES) {
    const command = () =>
      phase === "destroy"
        ? startDestroy(bench, stack)
        : startUp(bench, stack, phase === "create" ? created : edited);
    const kill = await killed(bench, random, phase, stack, command);
    if (kill !== undefined) tell({ ...kill, kind });
    await (phase === "destroy" ? gone(bench, stack, before) : whole(bench, stack, Object.keys(releases)));
  }
  await bench.pulumi("stack", "rm", stack, "--yes");
}

/** Runs a command, kills something in it and does what a user would do then; `undefined` where it was faster. */
async function killed(
  bench: Bench,
  random: Random,
  phase: Phase,
  stack: string,
  command: () => Run,
): Promise<Omit<Kill, "kind"> | undefined> {
  const victim = random.pick(VICTIMS);
  const after = Math.round(random.next() * durations[phase]);
  const start = Date.now();
  const run = command();
  const hit = await strike(bench, run, victim, after);
  const { code, text } = await run.ended;
  if (hit && code === 0) return { phase, victim, after, outcome: "unharmed", words: "" };
  if (hit) return { phase, victim, after, ...(await recovered(bench, phase, stack, command, text)) };
  if (code !== 0) throw new Error(`${phase} of ${stack} fails without a kill:\n${text}`);
  durations[phase] = Date.now() - start;
  return undefined;
}

/** The same command again; where that fails, the doctor and the command once more. */
async function recovered(
  bench: Bench,
  phase: Phase,
  stack: string,
  command: () => Run,
  interrupted: string,
): Promise<Pick<Kill, "outcome" | "words">> {
  const begin = Date.now();
  const again = await command().ended;
  if (again.code === 0) {
    durations[phase] = Math.max(durations[phase], Date.now() - begin);
    return { outcome: "rerun", words: "" };
  }
  const doctor = await runDoctor(bench, stack, "--fix");
  const last = await command().ended;
  const words = [interrupted, again.text, doctor.text, last.text].join(SEPARATOR);
  return { outcome: last.code === 0 ? "doctor" : "lost", words };
}

const SEPARATOR = `\n${"-".repeat(80)}\n`;

/**
 * Kills something of a run, some milliseconds after its engine began, and answers whether it was there to be killed.
 *
 * Waits until what the engine left behind has ended too, and starts an API server that was killed anew.
 */
async function strike({ sandbox }: Bench, run: Run, victim: Victim, after: number): Promise<boolean> {
  let over = false;
  run.ended.finally(() => {
    over = true;
  });
  const wait = async (isThere: () => boolean) => {
    while (!over && !isThere()) await sleep(20);
  };
  await wait(() => programs(run.pid).some(isEngine));
  await Promise.race([run.ended, sleep(after)]);
  if (victim === "provider") await wait(() => programs(run.pid).some(isProvider));
  if (over) return false;
  const all = programs(run.pid);
  const targets = all.filter((each) => {
    if (victim === "engine and providers") return isEngine(each) || isProvider(each);
    return victim === "engine" ? isEngine(each) : victim === "provider" && isProvider(each);
  });
  const server = runningPid(layoutOf(sandbox.root), "kube-apiserver");
  const pids =
    victim === "API server" ? [server].filter((pid) => pid !== undefined) : targets.map(({ pid }) => pid);
  for (const pid of pids) end(pid);
  await Promise.all(pids.map(untilEnded));
  if (victim === "API server") await startSandbox({ root: sandbox.root });
  await endedOrInterrupted(run);
  await Promise.all(all.map(({ pid }) => untilEnded(pid)));
  return pids.length > 0;
}

/** How long a run may wait for what it will not hear of any more, in milliseconds; then a person interrupts it. */
const HANG_MS = 60_000;

/** The provider waits to the end of its own timeouts, ten minutes, for news of an API server that is another now. */
async function endedOrInterrupted(run: Run): Promise<void> {
  const limit = setTimeout(() => {
    for (const { pid } of programs(run.pid)) end(pid);
  }, HANG_MS);
  await run.ended;
  clearTimeout(limit);
}

interface Program {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
}

const isEngine = ({ name }: Program): boolean => name === "pulumi";
const isProvider = ({ name }: Program): boolean => name.startsWith("pulumi-resource");

/** A process and all that it started. */
function programs(root: number): Program[] {
  const all = execFileSync("ps", ["-eo", "pid=,ppid=,stat=,comm="], { encoding: "utf8" })
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , state]) => state !== undefined && !state.startsWith("Z"))
    .map(([pid, parent, , name = ""]) => ({
      pid: Number(pid),
      parent: Number(parent),
      name: basename(name),
    }));
  const below = (pid: number): Program[] => {
    const children = all.filter(({ parent }) => parent === pid);
    return [...children, ...children.flatMap((child) => below(child.pid))];
  };
  return [...all.filter(({ pid }) => pid === root), ...below(root)];
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    // ESRCH: it ended between the look and the signal.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** How long a provider without an engine may go on with what it does, in milliseconds; it would stay for minutes. */
const ORPHAN_MS = 3000;

async function untilEnded(pid: number): Promise<void> {
  const deadline = Date.now() + ORPHAN_MS;
  const began = startedAt(pid);
  while (began !== undefined && startedAt(pid) === began) {
    if (Date.now() > deadline) end(pid);
    await sleep(50);
  }
}

/** A stack after an up: nothing is wrong with it, and its releases run. */
async function whole(bench: Bench, stack: string, releases: readonly string[]): Promise<void> {
  const { code, text } = await runDoctor(bench, stack);
  assert.equal(code, 0, text);
  for (const release of releases) {
    const deployments = await bench.kubectl("get", "deployments", "-n", `${stack}-${release}`, "-o", "json");
    const { items } = JSON.parse(deployments) as { items: Deployment[] };
    assert.ok(items.length > 0, `no Deployment in ${stack}-${release}`);
    for (const { metadata, spec, status } of items)
      assert.equal(status.readyReplicas, spec.replicas, `${metadata.name} is not ready`);
  }
}

interface Deployment {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly replicas: number };
  readonly status: { readonly readyReplicas?: number };
}

/** Definitions of charts, and what the API server makes of them: they are kept for the whole cluster. */
const DEFINITIONS = /^(CustomResourceDefinition|APIService) /;

/** A stack after a destroy: its state is empty, and the cluster holds what it held before. */
async function gone(bench: Bench, stack: string, before: readonly string[]): Promise<void> {
  const { deployment } = JSON.parse(await bench.pulumi("stack", "export", "--stack", stack));
  assert.deepEqual(deployment.resources ?? [], []);
  const left = (await inventory(bench)).filter((each) => !before.includes(each) && !DEFINITIONS.test(each));
  assert.deepEqual(left, []);
}
