import fc from "fast-check";
import { type JsonSchema, knownKeys, type Path, schemaAt } from "./schema.ts";
import { NAMES, valuesOf } from "./values.ts";

/** A map of a stack file. */
export type StackFile = Record<string, unknown>;

/** A change of one place of a stack file; `at` counts its places, and begins anew at their end. */
export type Mutation = { readonly at: number; readonly seed: number } & (
  | { readonly change: "set" | "add"; readonly value: unknown }
  | { readonly change: "redraw" | "grow" | "remove" | "misspell" | "wrap" | "stretch" }
);

const nasty = fc.constantFrom<unknown>(
  null,
  "",
  " ",
  0,
  -1,
  1.5,
  1e308,
  -1e308,
  2 ** 53,
  5e-324,
  true,
  [],
  {},
  [[]],
  [null],
  "4Gi",
  "latest",
  "name:latest",
  "0",
  "true",
  "null",
  "ClusterIP",
  "LoadBalancer",
  "\u0000",
  "a\nb",
  "\u001b[31m",
  "\u202eabc",
  "\ud800",
  "🐘",
  "ÄÖÜß",
  "../../etc/passwd",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: somebody's shell or Jinja did not fill it in
  "${x}",
  "{{ .Values }}",
  "x".repeat(10_000),
  { kind: "dask" },
  { constructor: 1, toString: null },
  JSON.parse('{"__proto__": {"x": 1}}'),
  Array.from({ length: 200 }, (_, index) => index),
);
const garbage = fc.oneof(nasty, fc.jsonValue({ maxDepth: 4 }), fc.string({ unit: "binary", maxLength: 20 }));

const place = { at: fc.nat(500), seed: fc.nat() };

/** Changes as people make them, and as nobody does. */
export const mutations: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ ...place, change: fc.constantFrom("set", "add"), value: garbage }),
  fc.record({ ...place, change: fc.constantFrom("redraw", "grow") }),
  fc.record({ ...place, change: fc.constantFrom("redraw", "grow", "remove", "misspell", "wrap", "stretch") }),
);

/** A copy of a stack file with one place changed. */
export function mutate(file: StackFile, mutation: Mutation): StackFile {
  const copy = structuredClone(file);
  const all = places(copy);
  const path = all[mutation.at % all.length] ?? [];
  const last = path.at(-1);
  const holder = path
    .slice(0, -1)
    .reduce<unknown>((value, key) => (value as StackFile)[key], copy) as StackFile;
  const value = last === undefined ? copy : holder[last];
  if (mutation.change === "add" || mutation.change === "grow") {
    if (isMap(value)) addTo(value, path, mutation);
  } else if (last !== undefined) {
    changeIn(holder, last, path, mutation);
  }
  return copy;
}

function addTo(map: StackFile, path: Path, mutation: Mutation): void {
  const { seed } = mutation;
  if (mutation.change === "add") {
    set(
      map,
      pick(["unknown", "kind", "values", "a.b", "a\nb", "__proto__", "", "🐘", ...NAMES], seed),
      mutation.value,
    );
    return;
  }
  const known = knownKeys(path);
  const key = pick(known.length > 0 ? known : NAMES, seed);
  set(map, key, draw([...path, key], seed));
}

function changeIn(holder: StackFile, key: string, path: Path, mutation: Mutation): void {
  const value = holder[key];
  switch (mutation.change) {
    case "set":
      set(holder, key, mutation.value);
      break;
    case "redraw":
      set(holder, key, draw(path, mutation.seed));
      break;
    case "remove":
      if (!Array.isArray(holder)) delete holder[key];
      break;
    case "misspell":
      if (Array.isArray(holder)) break;
      delete holder[key];
      set(holder, misspelt(key, mutation.seed), value);
      break;
    case "wrap":
      set(holder, key, mutation.seed % 2 === 0 ? [value] : { value });
      break;
    default:
      set(holder, key, stretched(value));
  }
}

/** A value that the schema allows at a path, the same for the same seed. */
function draw(path: Path, seed: number): unknown {
  const nodes = schemaAt(path);
  const node = nodes[seed % Math.max(1, nodes.length)];
  return node === undefined ? null : fc.sample(drawn(node, path.at(-1) ?? ""), { seed, numRuns: 1 })[0];
}

const arbitraries = new WeakMap<JsonSchema, fc.Arbitrary<unknown>>();

function drawn(node: JsonSchema, key: string): fc.Arbitrary<unknown> {
  const found = arbitraries.get(node) ?? valuesOf(node, key);
  arbitraries.set(node, found);
  return found;
}

function stretched(value: unknown): unknown {
  if (typeof value === "number") return value * 1e6;
  if (typeof value === "string") return value.repeat(300);
  if (typeof value === "boolean") return !value;
  return Array.isArray(value) ? [...value, ...value] : value;
}

function misspelt(key: string, seed: number): string {
  const at = seed % Math.max(1, key.length);
  const typos = [
    key.slice(0, at) + key.slice(at + 1),
    `${key}s`,
    key.toUpperCase(),
    key.replace(/[A-Z]/g, "_$&"),
  ];
  return pick(typos, seed);
}

/** Also sets the key `__proto__`, which an assignment would not. */
function set(map: StackFile, key: string, value: unknown): void {
  Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
}

function pick<Value>(list: readonly Value[], seed: number): Value {
  const found = list[seed % list.length];
  if (found === undefined) throw new Error("nothing to pick from");
  return found;
}

/** The paths of all values of a stack file, its own first. */
function places(value: unknown, path: Path = []): Path[] {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  // A long list of garbage would be most of the places.
  return [path, ...entries.slice(0, 30).flatMap(([key, each]) => places(each, [...path, key]))];
}

function isMap(value: unknown): value is StackFile {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
