import { relative } from "node:path";
import { automation } from "@pulumi/pulumi";
import { defaultRoot, layoutOf } from "./layout.ts";
import type { Nodes, Sandbox } from "./sandbox.ts";
import { DEV_STACK } from "./stack.ts";

/** What the summary after an `up` is made of. */
export interface SummaryFacts {
  readonly sandbox: Sandbox;
  readonly stackName: string;
  /** Whether the charts are the genuine ones, or the tests' stand-ins. */
  readonly genuine: boolean;
  /** What `CHARTS` says; undefined where it is not set. */
  readonly chosen: string | undefined;
  /** The stack's `endpoints` output: addresses by release and name. */
  readonly endpoints: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Objects of the stack, by what the engine did with them. */
  readonly changes: Readonly<Record<string, number>>;
  /** Releases whose smoke test has passed, as the stack's output names them. */
  readonly smokeTests: readonly string[];
  /** From the start of the command, in seconds. */
  readonly seconds: number;
  /** Folder in which the user types; paths are shown relative to it. Default: the current one. */
  readonly from?: string;
}

const SIMULATED =
  "Nodes:    simulated. Pods are accepted and reported Ready, but no container runs: nothing was computed,\n" +
  "          and no smoke test counts as passed.";

/** The summary after an `up`: what runs, whether it computed, how to look at it and how to end it; pure. */
export function summary(facts: SummaryFacts): string {
  const { sandbox, stackName, changes, endpoints, seconds, from = process.cwd() } = facts;
  const env = relative(from, layoutOf(sandbox.root).env);
  const counts = Object.entries(changes).map(([what, count]) => `${count} ${what}`);
  return [
    "",
    `Running:  Kubernetes on this machine (127.0.0.1), state and logs in ${relative(from, sandbox.root)}/`,
    nodesLine(sandbox.nodes, facts.smokeTests),
    chartsLine(facts),
    `Stack:    ${stackName}, ${counts.join(", ")}; ${Math.round(seconds)} s in all`,
    ...Object.entries(endpoints).flatMap(([release, addresses]) => addressLines(release, addresses)),
    `Look:     source ${env}`,
    "          kubectl get pods,services --all-namespaces",
    `          pulumi stack output --stack ${stackName}          (add --show-secrets for tokens and passwords)`,
    "Again:    npm run sandbox            (after an edit of Pulumi.dev.yaml, or to see that nothing changes)",
    "Down:     npm run sandbox:down       (destroys the stack, stops everything)",
  ].join("\n");
}

function nodesLine(nodes: Nodes, smokeTests: readonly string[]): string {
  if (nodes === "simulated") return SIMULATED;
  const proof =
    smokeTests.length === 0
      ? "but no smoke test has run: the stack file has none"
      : `and the smoke test of ${smokeTests.join(" and ")} passed`;
  return `Nodes:    real. Containers run, ${proof}.`;
}

function chartsLine({ genuine, chosen }: SummaryFacts): string {
  if (genuine) return "Charts:   the genuine ones, from their repositories.";
  if (chosen === undefined)
    return "Charts:   stand-ins of test/charts, because a chart repository does not answer from here.";
  return `Charts:   ${chosen === "stand-in" ? "stand-ins of test/charts" : `those in ${chosen}`}, because CHARTS says so.`;
}

function addressLines(release: string, addresses: Readonly<Record<string, string>>): string[] {
  return Object.entries(addresses).map(([name, address], index) => {
    const label = index === 0 ? `Release:  ${release}` : " ".repeat(10 + release.length);
    return `${label}  ${name}: ${address}`;
  });
}

/**
 * What to print when a command of the sandbox fails, or of the OpenStack, at `root`; `from` is as in `SummaryFacts`. Pure.
 * The engine's own words have been streamed by then, and its error repeats all of them: only what ended is said.
 */
export function failure(error: unknown, root: string = defaultRoot, from: string = process.cwd()): string {
  if (error instanceof automation.ConcurrentUpdateError) {
    return (
      "The stack is locked: another update runs, or one was killed. In the second case:\n" +
      `  source ${relative(from, layoutOf(root).env)} && pulumi cancel --yes --stack ${DEV_STACK}`
    );
  }
  if (error instanceof automation.CommandError) return "Pulumi failed; its own words are above.";
  return error instanceof Error ? error.message : String(error);
}

/** The error of a stack at `root` that was not destroyed: what `failure` says of it, and how all stops even so. */
export function undestroyed(error: unknown, root?: string): Error {
  const remedy =
    "Everything still runs. Stop it without destroying the stack: npm run sandbox:down -- --force";
  return new Error(`${failure(error, root)}\n${remedy}`);
}
