import { OWNER_LABEL } from "../../components/namespace.ts";
import { isOfDefinition } from "./definitions.ts";
import { inventory } from "./inventory.ts";
import { configOf, KINDS, namespacesOf, type StackKind, wrongWith } from "./killed-stacks.ts";
import type { Random } from "./random.ts";
import { type Run, runDoctor, startDestroy, startUp } from "./runs.ts";
import type { Bench } from "./sandbox.ts";
import { simulatePostgres } from "./simulated-postgres.ts";
import { endedOrInterrupted, strike, VICTIMS, type Victim } from "./strike.ts";

/** How a stack came to where it should be after a kill: a run that was struck may come to its end all the same. */
export type Outcome = "unharmed" | "rerun" | "doctor" | "lost";

/** What a run was about to do. */
export type Phase = "create" | "edit" | "destroy";

/** One kill and what came of it. */
export interface Kill {
  readonly kind: StackKind;
  readonly phase: Phase;
  readonly victim: Victim;
  /** Milliseconds from the engine's start. */
  readonly after: number;
  /** The command that followed; another than before where the user changed his mind. */
  readonly next: "up" | "destroy";
  /** `missed`: the run was over before the kill, which counts for nothing. */
  readonly outcome: Outcome | "missed";
  /** Whether the killed run or one after it hung until it was killed again. */
  readonly hung: boolean;
  /** What the runs, the doctor and the checks said, where the kill harmed. */
  readonly words: string;
}

/** How long the phases take on this machine, in milliseconds; learnt from runs that come to their end. */
const durations: Record<Phase, number> = { create: 6000, edit: 5000, destroy: 4000 };

/** How often a user goes the other way after a run that was killed: one of so many. */
const CHANGED_MIND = 3;

/** How long a run after a kill may take, in milliseconds, before it counts as one that hangs. */
const RERUN_MS = 300_000;

/**
 * Makes, edits and destroys a stack, and kills each of these at a random point.
 *
 * Every kill is followed by what a user would do: the same command again, or at random the opposite one; where the stack
 * is then not as it should be, the doctor and the command once more. A stack that is lost is swept away by hand, so
 * that the next round has a clean start.
 *
 * @param tell hears of every kill when all that followed has been checked
 */
export async function killedRound(
  bench: Bench,
  random: Random,
  index: number,
  tell: (kill: Kill) => void,
): Promise<void> {
  const kind = random.pick(KINDS);
  const stack = `killed-${index}`;
  const lent = namespacesOf(kind, stack).filter((each) => each.lent);
  for (const { name } of lent) await bench.kubectl("create", "namespace", name);
  await settled(bench, lent);
  const stopPostgres = simulatePostgres(bench);
  const round: Round = { bench, kind, stack, before: await inventory(bench) };
  try {
    for (let phase: Phase | undefined = "create"; phase !== undefined; ) {
      const kill: Kill = await killed(round, random, phase);
      tell(kill);
      if (kill.outcome === "lost") break;
      phase = after(phase, kill.next);
    }
  } finally {
    // Its last look may have met an API server that was being killed.
    await stopPostgres().catch(() => undefined);
    await swept(bench, kind, stack);
  }
}

interface Round {
  readonly bench: Bench;
  readonly kind: StackKind;
  readonly stack: string;
  /** What the API server held before. */
  readonly before: readonly string[];
}

/** What a round does after a phase whose stack then was where the command brings it; `undefined` at its end. */
function after(phase: Phase, next: Kill["next"]): Phase | undefined {
  if (next === "destroy") return undefined;
  return phase === "create" ? "edit" : "destroy";
}

/** Runs a command, kills something in it and does what a user would do then. */
async function killed(round: Round, random: Random, phase: Phase): Promise<Kill> {
  const { bench, kind } = round;
  const victim = random.pick(VICTIMS);
  const wait = Math.round(random.next() * durations[phase]);
  const intended = phase === "destroy" ? "destroy" : "up";
  const opposite = intended === "up" ? "destroy" : "up";
  const start = Date.now();
  const struck = await strike(bench, await command(round, phase, intended), victim, wait);
  const kill = { kind, phase, victim, after: wait };
  if (!struck.hit) {
    durations[phase] = Date.now() - start;
    const wrong = await problems(round, phase, intended, struck.code);
    if (wrong.length > 0)
      throw new Error(`${phase} fails without a kill:\n${wrong.join("\n")}\n${struck.text}`);
    return { ...kill, next: intended, outcome: "missed", hung: false, words: "" };
  }
  const changed = struck.code !== 0 && Math.floor(random.next() * CHANGED_MIND) === 0;
  const next = changed ? opposite : intended;
  const rungs: readonly [Outcome, () => Promise<Step>][] = [
    ["unharmed", async () => struck],
    ["rerun", () => rerun(round, phase, next)],
    ["doctor", () => mended(round, phase, next)],
  ];
  const said: string[] = [];
  let hung = false;
  for (const [outcome, step] of rungs) {
    const did = await step();
    hung ||= did.hung;
    const wrong = await problems(round, phase, next, did.code);
    said.push(did.text, ...wrong);
    if (wrong.length === 0) return { ...kill, next, outcome, hung, words: said.join(SEPARATOR) };
  }
  return { ...kill, next, outcome: "lost", hung, words: said.join(SEPARATOR) };
}

const SEPARATOR = `\n${"-".repeat(80)}\n`;

/** What came of one thing that the user did. */
interface Step {
  readonly code: number | null;
  readonly text: string;
  readonly hung: boolean;
}

async function command({ bench, kind, stack }: Round, phase: Phase, which: Kill["next"]): Promise<Run> {
  if (which === "destroy") return startDestroy(bench, stack);
  return startUp(bench, stack, await configOf(kind, stack, phase === "create" ? "created" : "edited"));
}

async function rerun(round: Round, phase: Phase, next: Kill["next"]): Promise<Step> {
  return endedOrInterrupted(await command(round, phase, next), RERUN_MS);
}

async function mended(round: Round, phase: Phase, next: Kill["next"]): Promise<Step> {
  const doctor = await runDoctor(round.bench, round.stack, "--fix");
  // What is named and left may be somebody else's until people say that nobody is.
  const alone =
    doctor.code === 0 ? [] : [await runDoctor(round.bench, round.stack, "--fix", "--no-other-run")];
  const last = await rerun(round, phase, next);
  return { ...last, text: [doctor, ...alone, last].map(({ text }) => text).join(SEPARATOR) };
}

/** What keeps a stack from being where a command brings it; empty: it is there. */
async function problems(
  round: Round,
  phase: Phase,
  next: Kill["next"],
  code: number | null,
): Promise<string[]> {
  if (code !== 0) return [`${next} ended with ${code}`];
  return next === "destroy" ? left(round) : unwhole(round, phase);
}

/** A stack after an up: nothing is wrong with it, its releases run as they were asked to, and one more up is empty. */
async function unwhole(round: Round, phase: Phase): Promise<string[]> {
  const { bench, kind, stack } = round;
  const doctor = await runDoctor(bench, stack);
  if (doctor.code !== 0) return [doctor.text];
  const wrong = await wrongWith(bench, kind, stack, phase === "create" ? "created" : "edited");
  if (wrong.length > 0) return wrong;
  const { code, text } = await rerun(round, phase, "up");
  const changes = text
    .split("\n")
    .filter((line) => /^\s+\S+ \d+ (created|updated|deleted|replaced)/.test(line));
  return code === 0 && changes.length === 0 ? [] : [`one more up ended with ${code}`, ...changes];
}

/** A stack after a destroy: its state is empty, and the cluster holds what it held before. */
async function left({ bench, stack, before }: Round): Promise<string[]> {
  const { deployment } = JSON.parse(await bench.pulumi("stack", "export", "--stack", stack)) as {
    deployment: { resources?: { urn: string }[] };
  };
  const known = (deployment.resources ?? []).map(({ urn }) => `in the state: ${urn}`);
  const now = await inventory(bench);
  const more = now.filter((each) => !before.includes(each) && !isOfDefinition(each));
  const less = before.filter((each) => !now.includes(each));
  return [...known, ...more.map((each) => `left: ${each}`), ...less.map((each) => `vanished: ${each}`)];
}

/** Waits for what the cluster itself puts into a new namespace. */
async function settled({ kubectl }: Bench, namespaces: readonly { name: string }[]): Promise<void> {
  for (const { name } of namespaces) {
    const made = ["serviceaccount/default", "configmap/kube-root-ca.crt"];
    await kubectl("wait", "--for=create", "--timeout=60s", "-n", name, ...made);
  }
}

/** Takes away what is left of a stack, by hand where it must be. */
async function swept(bench: Bench, kind: StackKind, stack: string): Promise<void> {
  await bench.pulumi("cancel", "--yes", "--stack", stack).catch(() => undefined);
  const { code } = await endedOrInterrupted(startDestroy(bench, stack), RERUN_MS);
  if (code !== 0) {
    await runDoctor(bench, stack, "--fix");
    await endedOrInterrupted(startDestroy(bench, stack), RERUN_MS);
  }
  const owned = ["namespace", "-l", `${OWNER_LABEL}=organization.dask.${stack}`];
  const found = await bench.kubectl("get", ...owned, "-o", "jsonpath={.items[*].metadata.name}");
  const used = namespacesOf(kind, stack).map(({ name }) => name);
  const namespaces = [...new Set([...used, ...found.split(" ").filter((name) => name !== "")])];
  await bench.kubectl("delete", "namespace", "--ignore-not-found", ...namespaces);
  const release = "meta.helm.sh/release-namespace";
  const roles = await bench.kubectl("get", "clusterroles,clusterrolebindings", "-o", "json");
  const { items } = JSON.parse(roles) as {
    items: { kind: string; metadata: { name: string; annotations?: Record<string, string> } }[];
  };
  for (const { kind: which, metadata } of items)
    if (namespaces.includes(metadata.annotations?.[release] ?? ""))
      await bench.kubectl("delete", which, metadata.name, "--ignore-not-found");
  await bench.pulumi("stack", "rm", stack, "--yes", "--force");
}
