import { closest, distance } from "fastest-levenshtein";
import { z } from "zod";
import { printable, show } from "./quantities.ts";

/** One thing that is wrong in a stack file. */
export interface Problem {
  /** Where it is: `dask:releases.batch.workers.memory`. */
  readonly key: string;
  /** What stands there, as text; absent for secrets and for keys that are missing. */
  readonly value?: string;
  /** What is allowed and what to do about it, a sentence that follows the key and value. */
  readonly message: string;
}

/** The keys that lead to a setting; numbers are places in lists. */
export type KeyPath = readonly (string | number)[];

/** Something wrong below a part of the settings: where, and what to do about it. */
export type Fault = readonly [path: KeyPath, message: string];

/** Makes a problem at a path of the settings, with the value that stands there. */
export type Report = (path: KeyPath, message: string) => Problem;

type Path = readonly PropertyKey[];
type JsonSchema = z.core.JSONSchema.BaseSchema;

/** An error that the user can mend: its message says what is wrong and the remedy, and its stack helps nobody. */
export class UserError extends Error {}

/** Thrown for a stack file that cannot be used: every problem of the file, one a line. */
export class SettingsError extends UserError {
  readonly problems: readonly Problem[];
  constructor(found: readonly Problem[]) {
    // Messages quote what stands in the file, and that may hold anything.
    const problems = found.map((each) => ({ ...each, message: printable(each.message) }));
    super(["The stack's settings cannot be used; nothing was created.", ...problems.map(line)].join("\n"));
    this.name = "SettingsError";
    this.problems = problems;
  }
}

/** Throws a SettingsError where there are problems. */
export function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new SettingsError(problems);
}

function line(problem: Problem): string {
  const value = problem.value === undefined ? "" : ` is ${problem.value}:`;
  return `  ${problem.key}${value} ${problem.message}`;
}

/**
 * The name of a key as `pulumi config set --path` takes it: places in lists and odd names stand in brackets,
 * `profiles[0].labels["example.org/a"]`.
 *
 * @param path numbers are places in lists
 */
export function keyOf(path: Path): string {
  const parts = path.map((key) => {
    if (typeof key === "number") return `[${key}]`;
    return PLAIN_KEY.test(String(key)) ? `.${String(key)}` : `[${printable(JSON.stringify(key))}]`;
  });
  return `dask:${parts.join("").replace(/^\./, "")}`;
}

const PLAIN_KEY = /^[\w-]+$/;

/** A problem at a path of the settings, with the value that stands there (never that of a secret). */
export function problemAt(path: Path, input: unknown, message: string): Problem {
  const key = keyOf(path);
  const value = at(input, path);
  const hidden = value === undefined || isSecrets(path[0]) || isSecret(path.at(-1));
  return hidden ? { key, message } : { key, value: show(value), message };
}

/** Whether a top-level key is that of all secrets, or meant to be. */
function isSecrets(key: PropertyKey | undefined): boolean {
  return (
    distance(
      String(key)
        .toLowerCase()
        .replace(/[^a-z]/g, ""),
      "secrets",
    ) <= 3
  );
}

/** Whether a key is meant for a secret, whose value no message may show. */
function isSecret(key: PropertyKey | undefined): boolean {
  return /(secret|password|token|tlskey|privatekey)$/i.test(String(key));
}

/** Turns what zod found into problems; `schema` is asked which keys are known where one is not. */
export function problemsOf(
  issues: readonly z.core.$ZodIssue[],
  input: unknown,
  schema: z.ZodType,
): Problem[] {
  const json = jsonSchemaOf(schema);
  return issues.flatMap((issue) => flatten(issue)).flatMap((issue) => describe(issue, input, json));
}

const jsonSchemas = new WeakMap<z.ZodType, JsonSchema>();

/** The JSON Schema of a schema, made once: it takes far longer than reading a stack file. */
function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const json = jsonSchemas.get(schema) ?? z.toJSONSchema(schema, { io: "input" });
  jsonSchemas.set(schema, json);
  return json;
}

/** What zod finds at the root of an alternative that is meant for values of another type. */
const OTHER_TYPE = ["invalid_type", "invalid_value"];

/** Replaces a failed union by the findings of the alternative that has the value's own type, where there is one. */
function flatten(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== "invalid_union") return [issue];
  const fitting = issue.errors.filter(
    (found) => !found.some((e) => OTHER_TYPE.includes(e.code) && e.path.length === 0),
  );
  const [only] = fitting;
  if (only === undefined || fitting.length > 1) return [issue];
  return only.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })).flatMap(flatten);
}

function describe(issue: z.core.$ZodIssue, input: unknown, json: JsonSchema): Problem[] {
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(json, issue.path, input);
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return problemAt(path, input, isSecret(key) ? misplacedSecret(path, key) : unknownKey(key, known));
    });
  }
  return [problemAt(issue.path, input, withRemedy(message(issue, input)))];
}

/** A message that only says what is allowed, with the one thing there is to do about it. */
function withRemedy(message: string): string {
  return message.includes(";") ? message : `${message}; change it`;
}

function misplacedSecret(path: Path, key: string): string {
  const target = `dask:secrets.${path[0] === "releases" ? String(path[1]) : "cluster"}.${key}`;
  return `is a secret among the plain settings; remove it and set it with: pulumi config set --secret --path '${target}'`;
}

function unknownKey(key: string, known: readonly string[]): string {
  const near = known.length > 0 ? closest(key, [...known]) : undefined;
  const hint = near !== undefined && distance(key, near) <= 3 ? `; did you mean ${near}?` : "; remove it.";
  return `unknown key${hint} Known here: ${known.join(", ")}.`;
}

function message(issue: z.core.$ZodIssue, input: unknown): string {
  const missing = at(input, issue.path) === undefined;
  if (issue.code === "invalid_union" && "options" in issue) {
    const options = (issue.options ?? []).filter((option) => option !== undefined).map(String);
    const value = at(input, issue.path);
    const near = typeof value === "string" ? closest(value, options) : undefined;
    const hint =
      typeof value === "string" && near !== undefined && distance(value, near) <= 4
        ? `; did you mean ${near}?`
        : "";
    return `${missing ? "is missing; set it to" : "must be"} one of ${options.join(", ")}${hint}`;
  }
  if (missing && issue.code === "invalid_type" && !issue.message.startsWith("is missing"))
    return `is missing; set it to ${expected(issue)}`;
  if (issue.message !== "Invalid input" && !/^(Invalid|Too|Unrec)/.test(issue.message)) return issue.message;
  switch (issue.code) {
    case "invalid_type":
      return `must be ${expected(issue)}; change it`;
    case "invalid_value":
      return `must be one of ${issue.values.map(String).join(", ")}; use one of these`;
    case "too_small":
      return `must be at least ${issue.minimum}; raise it`;
    case "too_big":
      return `must be at most ${issue.maximum}; lower it`;
    case "invalid_key":
      return `is not a name that can be used: ${issue.issues[0]?.message ?? "change it"}`;
    default:
      return `${issue.message}; change it`;
  }
}

function expected(issue: z.core.$ZodIssueInvalidType): string {
  const article = /^[aeiou]/.test(issue.expected) ? "an" : "a";
  const names: Record<string, string> = {
    object: "a map of keys",
    record: "a map of keys",
    array: "a list",
    int: "a whole number",
  };
  return names[issue.expected] ?? `${article} ${issue.expected}`;
}

function at(input: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => (isMap(value) ? value[String(key)] : undefined), input);
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** The keys that the schema knows at a path, following the alternative of a union that the input has chosen. */
function knownKeys(schema: JsonSchema, path: Path, input: unknown): string[] {
  let here = [schema];
  let value = input;
  for (const key of path) {
    here = here
      .flatMap((each) => alternatives(each, value, schema))
      .flatMap((each) => child(each, String(key)));
    value = isMap(value) ? value[String(key)] : undefined;
  }
  const keys = here
    .flatMap((each) => alternatives(each, value, schema))
    .flatMap((each) => Object.keys(each.properties ?? {}));
  return [...new Set(keys)].sort();
}

function child(schema: JsonSchema, key: string): JsonSchema[] {
  const found = schema.properties?.[key] ?? schema.additionalProperties ?? schema.items;
  return typeof found === "object" && !Array.isArray(found) ? [found] : [];
}

function alternatives(schema: JsonSchema, value: unknown, root: JsonSchema): JsonSchema[] {
  if (schema.$ref !== undefined) {
    const target = root.$defs?.[schema.$ref.replace("#/$defs/", "")];
    return typeof target === "object" ? alternatives(target, value, root) : [];
  }
  const choices = [...(schema.oneOf ?? []), ...(schema.anyOf ?? []), ...(schema.allOf ?? [])].filter(
    (each) => typeof each === "object",
  );
  if (choices.length === 0) return [schema];
  return choices.filter((each) => chosen(each, value)).flatMap((each) => alternatives(each, value, root));
}

function chosen(schema: JsonSchema, value: unknown): boolean {
  return Object.entries(schema.properties ?? {}).every(
    ([key, each]) =>
      typeof each !== "object" ||
      each.const === undefined ||
      (isMap(value) && (value[key] ?? each.default) === each.const),
  );
}
