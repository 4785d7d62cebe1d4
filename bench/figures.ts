import { join } from "node:path";
import type { Sandbox } from "../sandbox/sandbox.ts";
import {
  bareProject,
  type Contender,
  cloneProject,
  helmContender,
  learnReleases,
  must,
  mustAll,
  type Project,
  pulumiContender,
  type Releases,
  STEPS,
  type Step,
  tofuContender,
} from "./contenders.ts";
import type { HelmRelease } from "./learned.ts";
import { type Cost, measureAll } from "./measure.ts";
import type { Rivals } from "./rivals.ts";
import { median, medianRatio } from "./statistics.ts";
import { configOf, type Workload } from "./workloads.ts";

/** What each contender's steps cost, run by run. */
export type Samples = Readonly<Record<string, Readonly<Record<Step, readonly Cost[]>>>>;

/** What the benchmark needs to run. */
export interface Ring {
  readonly sandbox: Sandbox;
  readonly rivals: Rivals;
  readonly genuine: boolean;
  readonly rounds: number;
  /** Takes progress, a line at a time. */
  readonly log: (line: string) => void;
}

/** Measures all contenders on a workload, in turn: a round has each of them make, change and destroy it once. */
export async function compare(ring: Ring, workload: Workload): Promise<Samples> {
  const folder = join(ring.sandbox.root, "bench", workload.name);
  const ours = await cloneProject(ring.sandbox, join(folder, "ours"));
  const bare = await bareProject(ring.sandbox, join(folder, "bare"));
  try {
    await setSecrets(ours, workload);
    const charts = { genuine: ring.genuine, smokeTest: false };
    const config = { before: configOf(workload.releases, charts), after: configOf(workload.changed, charts) };
    const releases = await learnReleases(ours, config);
    const contenders = [
      pulumiContender("ours", ours, config),
      ...bareContender(bare, releases),
      ...(await rivalContenders(ring, folder, releases)),
    ];
    return await rounds(ring, workload.name, contenders);
  } finally {
    await ours.close();
    await bare.close();
  }
}

/** The bare program makes one release: it takes part where there is one. */
function bareContender(project: Project, { before, after }: Releases): Contender[] {
  const [one, ...others] = before;
  const [changed] = after;
  if (one === undefined || changed === undefined || others.length > 0) return [];
  const config = (release: HelmRelease) => ({ "bare:release": bareRelease(release) });
  return [pulumiContender("bare Pulumi", project, { before: config(one), after: config(changed) })];
}

/** A release as bench/bare takes it: chart, where that comes from, and values; pure. */
export function bareRelease({ chart, repo, version, values }: HelmRelease): object {
  return {
    ...{ chart, values },
    ...(version === undefined ? {} : { version }),
    ...(repo === undefined ? {} : { repositoryOpts: { repo } }),
  };
}

async function rivalContenders(
  { sandbox, rivals: { helm, tofu }, log }: Ring,
  folder: string,
  releases: Releases,
): Promise<Contender[]> {
  return [
    ...(helm === undefined ? [] : [helmContender(sandbox, helm, join(folder, "helm"), releases)]),
    ...(tofu === undefined
      ? []
      : await tried(tofuContender(sandbox, tofu, join(folder, "tofu"), releases), log)),
  ];
}

/** A contender that makes the workload and takes it away once, or nobody: a provider of years ago may know neither. */
async function tried(contender: Contender, log: Ring["log"]): Promise<Contender[]> {
  try {
    await mustAll(contender.prepare);
    for (const step of ["first up", "destroy"] as const) await measureAll(contender.commands(step));
    return [contender];
  } catch (error) {
    log(`${contender.name} is left out: ${error instanceof Error ? error.message : error}`);
    return [];
  } finally {
    await mustAll(contender.clean);
  }
}

async function setSecrets({ command }: Project, { releases }: Workload): Promise<void> {
  if (!("hub" in releases)) return;
  const key = "dask:secrets.hub.databasePassword";
  await must(command("config", "set", "--secret", "--path", key, "of-the-benchmark"));
}

async function rounds(ring: Ring, workload: string, contenders: readonly Contender[]): Promise<Samples> {
  const costs = contenders.map(({ name }) => ({ name, steps: emptySteps() }));
  for (let round = 1; round <= ring.rounds; round++) {
    for (const contender of inOrder(contenders, round)) {
      await mustAll(contender.prepare);
      for (const step of STEPS) {
        const cost = await measureAll(contender.commands(step));
        costs.find(({ name }) => name === contender.name)?.steps[step].push(cost);
        ring.log(
          `${workload}, round ${round} of ${ring.rounds}, ${contender.name}, ${step}: ${inWords(cost)}`,
        );
      }
      await mustAll(contender.clean);
    }
  }
  return Object.fromEntries(costs.map(({ name, steps }) => [name, steps]));
}

/** The order of a round: every second one goes backwards, so that nobody always follows the same one. */
function inOrder(contenders: readonly Contender[], round: number): readonly Contender[] {
  return round % 2 === 1 ? contenders : contenders.toReversed();
}

function inWords({ seconds, cpuSeconds, peakMiB }: Cost): string {
  const memory = peakMiB === undefined ? "" : `, ${Math.round(peakMiB)} MiB`;
  return `${seconds.toFixed(2)} s, ${cpuSeconds.toFixed(2)} s of CPU${memory}`;
}

const emptySteps = (): Record<Step, Cost[]> => ({
  "first up": [],
  "second up": [],
  preview: [],
  change: [],
  destroy: [],
});

/** A row of the table: what a step costs a contender, as medians, and ours by theirs, as medians of pairs. */
export interface Row {
  readonly workload: string;
  readonly step: Step;
  readonly contender: string;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMiB: number;
  /** Ours by theirs: below 1 we are faster. */
  readonly ratio: number;
  readonly cpuRatio: number;
}

/** The table of a workload's samples; pure. */
export function rowsOf(workload: string, samples: Samples): Row[] {
  const { ours } = samples;
  if (ours === undefined) return [];
  return STEPS.flatMap((step) =>
    Object.entries(samples).map(([contender, steps]) => {
      const theirs = steps[step];
      const of = (figure: "seconds" | "cpuSeconds", costs: readonly Cost[]) =>
        costs.map((cost) => cost[figure]);
      return {
        ...{ workload, step, contender },
        seconds: median(of("seconds", theirs)),
        cpuSeconds: median(of("cpuSeconds", theirs)),
        peakMiB: median(theirs.map(({ peakMiB }) => peakMiB ?? Number.NaN)),
        ratio: medianRatio(of("seconds", ours[step]), of("seconds", theirs)),
        cpuRatio: medianRatio(of("cpuSeconds", ours[step]), of("cpuSeconds", theirs)),
      };
    }),
  );
}
