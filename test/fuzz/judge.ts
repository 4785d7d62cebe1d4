import { parseSettings } from "../../settings/parse.ts";
import { type Problem, SettingsError } from "../../settings/problems.ts";
import type { Settings } from "../../settings/schema.ts";
import type { StackFile } from "./mutations.ts";
import { below, type JsonSchema, root } from "./schema.ts";

/** What stands in for every secret of a fuzzed stack file, so that messages can be searched for it. */
export const SECRET = "hunter2-of-the-fuzz";

/** What became of a stack file in the pure part: its settings, or the problems that were found. */
export type Verdict = { readonly settings: Settings } | { readonly problems: readonly Problem[] };

/** Milliseconds of CPU that the pure part may take for one file: on a busy machine it may take longer. */
const PATIENCE_MS = 2000;

/**
 * Reads a stack file as the program does.
 *
 * @throws Error where the file is neither accepted nor refused as it should be
 */
export function judge(file: StackFile): Verdict {
  const started = process.cpuUsage();
  const verdict = read(file);
  const took = process.cpuUsage(started).user / 1000;
  if (took > PATIENCE_MS) throw new Error(`it took ${Math.round(took)} ms`);
  return verdict;
}

function read(file: StackFile): Verdict {
  try {
    return { settings: parseSettings(file) };
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const faults = faultsOf(error, file);
    if (faults.length > 0) throw new Error(`${faults.join("\n")}\nof\n${error.message}`);
    return { problems: error.problems };
  }
}

/** What a remedy begins with: a verb that tells what to do, after what is wrong; the same words stand as nouns elsewhere. */
const REMEDY =
  /(?:[;,]| or) (?:add|change|choose|deploy|did you mean|give|keep|leave|look|lower|make|mend|name|put|quote|raise|remove|rename|say|set|shorten|start|use|widen|write)\b/;
/** What a message says that nobody wrote. */
const NOISE = /undefined|\[object|NaN|\bInvalid |Error:/;
/** What a terminal would obey instead of showing it. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** What is wrong with a refusal: every problem must name a key that is there, or that the schema knows, and a remedy. */
export function faultsOf({ message, problems }: SettingsError, file: StackFile): string[] {
  const lines = message.split("\n").slice(1);
  return [
    ...(problems.length === 0 ? ["nothing is named"] : []),
    ...(lines.length === problems.length ? [] : ["not one line for each problem"]),
    ...shown(message),
    ...problems.flatMap((problem) => faultsOfOne(problem, file)),
  ];
}

/** A line of a refusal: the key, and all that is said of it, its value included. */
const LINE = /^ {2}(dask:(?:\.?[\w-]+|\[\d+\]|\["(?:[^"\\]|\\.)*"\])*) (.+)$/;

/** A key within a sentence. */
const KEY = /dask:[\w-]+(?:\.[\w-]+|\[\d+\]|\["(?:[^"\\]|\\.)*"\])*/g;

/** What is wrong with the words of a refusal, by the same measure; of them alone, because the engine gets no more. */
export function faultsOfWords(words: string, file: StackFile): string[] {
  const [first = "", ...lines] = words.split("\n");
  // Of what this machine or a cluster lacks there is one sentence, with the keys in it.
  const problems =
    lines.length === 0
      ? (first.match(KEY) ?? []).map((key) => ({ key, message: first }))
      : lines.flatMap(problemOf);
  const oneEach =
    lines.length === 0 || lines.length === problems.length ? [] : ["not one line for each problem"];
  return [
    ...(problems.length === 0 ? ["nothing is named"] : []),
    ...oneEach,
    ...shown(words),
    ...problems.flatMap((each) => faultsOfOne(each, file)),
  ];
}

function problemOf(line: string): Problem[] {
  const [, key, message] = LINE.exec(line) ?? [];
  return key === undefined || message === undefined ? [] : [{ key, message }];
}

function shown(message: string): string[] {
  return [
    ...(message.includes(SECRET) ? ["a secret is shown"] : []),
    ...message
      .split("\n")
      .filter((line) => UNPRINTABLE.test(line))
      .map((line) => `not fit for a terminal: ${JSON.stringify(line)}`),
  ];
}

function faultsOfOne({ key, message }: Problem, file: StackFile): string[] {
  const path = partsOf(key);
  const noise = NOISE.exec(message);
  return [
    ...(path !== undefined && exists(path, file) ? [] : [`no such key: ${key}`]),
    ...(REMEDY.test(message) ? [] : [`no remedy: ${key} ${message}`]),
    ...(noise === null ? [] : [`${JSON.stringify(noise[0])}: ${key} ${message}`]),
  ];
}

/** The parts of a key as messages write it: `dask:releases.a.profiles[0].values["b.c"]`. */
function partsOf(key: string): string[] | undefined {
  if (!key.startsWith("dask:")) return undefined;
  const parts: string[] = [];
  let rest = `.${key.slice("dask:".length)}`.replace(/^\.\[/, "[");
  while (rest !== "") {
    const [whole = "", plain, place, quoted] =
      /^(?:\.([\w-]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\])/.exec(rest) ?? [];
    const part = quoted === undefined ? (plain ?? place) : JSON.parse(quoted);
    if (typeof part !== "string") return undefined;
    parts.push(part);
    rest = rest.slice(whole.length);
  }
  return parts;
}

/** Whether a path leads to a value of the file, or from one to a key that the schema knows. */
function exists(path: readonly string[], file: StackFile): boolean {
  let nodes: readonly JsonSchema[] = [root];
  let value: unknown = file;
  for (const [index, key] of path.entries()) {
    nodes = below(nodes, key);
    const there = typeof value === "object" && value !== null && Object.hasOwn(value, key);
    value = there ? (value as StackFile)[key] : undefined;
    // A secret is named where it should be put.
    if (!there && nodes.length === 0) return false;
    if (!there && index === 1 && path[0] === "releases") return false;
  }
  return true;
}
