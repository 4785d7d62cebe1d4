import { parseArgs } from "node:util";
import type { Nodes } from "../sandbox/sandbox.ts";
import { type Workload, workloads } from "./workloads.ts";

/** What `npm run bench` can measure. */
const BENCHMARKS = ["figures", "scale", "path"] as const;

/** What the command line asks for. */
export interface Options {
  readonly benchmark: (typeof BENCHMARKS)[number];
  readonly rounds: number;
  readonly workloads: readonly Workload[];
  readonly nodes: Nodes;
  /** Releases of a stack, ascending. */
  readonly sizes: readonly number[];
  /** The file to write; `undefined` for the benchmark's own. */
  readonly json?: string;
}

/**
 * Reads the command line of `npm run bench`; pure.
 *
 * @throws Error that names the option, its value and what it can be
 */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: "string", default: "5" },
      workloads: { type: "string", default: workloads.map(({ name }) => name).join(",") },
      nodes: { type: "string", default: "simulated" },
      sizes: { type: "string", default: "1,10,50,200" },
      json: { type: "string" },
    },
  });
  const [what = "figures", ...more] = positionals;
  const benchmark = BENCHMARKS.find((each) => each === what);
  if (benchmark === undefined || more.length > 0)
    throw new Error(`there is no benchmark "${positionals.join(" ")}"; there are ${BENCHMARKS.join(", ")}`);
  return {
    benchmark,
    rounds: positive("rounds", values.rounds),
    workloads: values.workloads.split(",").map(workloadNamed),
    nodes: nodesNamed(values.nodes),
    sizes: ascending(values.sizes),
    ...(values.json === undefined ? {} : { json: values.json }),
  };
}

function positive(option: string, text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new Error(`--${option} is "${text}"; it must be a whole number from 1 on`);
}

function ascending(text: string): number[] {
  const sizes = text.split(",").map((each) => positive("sizes", each));
  if (sizes.length > 1 && sizes.every((size, index) => index === 0 || size > (sizes[index - 1] ?? 0)))
    return sizes;
  throw new Error(`--sizes is "${text}"; it must be two or more sizes, each larger than the one before`);
}

function workloadNamed(name: string): Workload {
  const found = workloads.find((each) => each.name === name);
  const known = workloads.map((each) => each.name).join(", ");
  if (found === undefined) throw new Error(`--workloads names "${name}"; there are ${known}`);
  return found;
}

function nodesNamed(name: string): Nodes {
  if (name === "simulated" || name === "real") return name;
  throw new Error(`--nodes is "${name}"; it can be simulated or real`);
}
