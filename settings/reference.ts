import { z } from "zod";
import { schema } from "./schema.ts";
import { SECRET_KEYS } from "./secret-keys.ts";

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** One key of a stack file, as the documentation shows it. */
export interface KeyRow {
  readonly key: string;
  readonly type: string;
  readonly default: string;
  readonly description: string;
}

/** JSON Schema of a stack file `Pulumi.<stack>.yaml`, for editors. */
export function stackFileSchema(): JsonSchema {
  const { $schema, $defs, properties = {}, required = [] } = settingsSchema();
  const keys = Object.entries({ ...properties, secrets: { type: "object" as const } });
  return {
    ...($schema === undefined ? {} : { $schema }),
    title: "A stack of the Pulumi project dask",
    type: "object",
    properties: {
      config: {
        type: "object",
        properties: Object.fromEntries(keys.map(([key, value]) => [`dask:${key}`, value])),
        required: required.map((key) => `dask:${key}`),
      },
    },
    ...($defs === undefined ? {} : { $defs }),
  };
}

/** The top-level keys, providers and kinds: the table of the README. */
export function overviewRows(): KeyRow[] {
  const root = settingsSchema();
  return Object.entries(root.properties ?? {}).flatMap(([key, value]) => {
    const choices = variants(child(value), root);
    return [row(`dask:${key}`, child(value), root), ...choices];
  });
}

/** Every key below the top level, by section title: those of each provider and kind apart. */
export function referenceSections(): ReadonlyMap<string, KeyRow[]> {
  const root = settingsSchema();
  const sections = new Map<string, KeyRow[]>();
  for (const [key, value] of Object.entries(root.properties ?? {})) {
    const holder = key === "releases" ? child(child(value).additionalProperties) : child(value);
    if (holder.properties !== undefined) sections.set(`dask:${key}`, keysBelow("", holder, root));
    for (const choice of holder.oneOf ?? []) {
      const chosen = child(choice);
      const [name, constant] = discriminator(chosen);
      if (constant === undefined || Object.keys(chosen.properties ?? {}).length < 2) continue;
      const prefix = key === "releases" ? "dask:releases.<name>" : `dask:${key}`;
      sections.set(`${prefix} with ${name}: ${constant}`, keysBelow("", chosen, root, name));
    }
  }
  return sections.set("dask:secrets", secretRows());
}

/** The keys of `dask:secrets`, of which the schema knows none. */
function secretRows(): KeyRow[] {
  return [...SECRET_KEYS].map(([key, description]) => ({ key, type: "string", default: "", description }));
}

/** A Markdown table of keys. */
export function table(rows: readonly KeyRow[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const body = rows.map((row) => line([`\`${row.key}\``, row.type, row.default, row.description]));
  return [line(["key", "type", "default", "what it does"]), line(["---", "---", "---", "---"]), ...body].join(
    "\n",
  );
}

function settingsSchema(): JsonSchema {
  return z.toJSONSchema(schema, { io: "input" });
}

function variants(value: JsonSchema, root: JsonSchema): KeyRow[] {
  const holder = value.oneOf === undefined ? child(value.additionalProperties) : value;
  return (holder.oneOf ?? []).map(child).flatMap((choice) => {
    const [name, constant] = discriminator(choice);
    if (constant === undefined || choice.description === undefined) return [];
    return [{ key: `  ${name}: ${constant}`, type: "", default: "", description: describe(choice, root) }];
  });
}

/** The keys of a map but for the one that its title names. */
function keysBelow(prefix: string, value: JsonSchema, root: JsonSchema, titled = ""): KeyRow[] {
  return Object.entries(value.properties ?? {}).flatMap(([key, raw]) => {
    if (key === titled) return [];
    const each = follow(child(raw), root);
    const path = prefix === "" ? key : `${prefix}.${key}`;
    return [row(path, { ...each, ...child(raw) }, root), ...nested(path, each, root)];
  });
}

/** Keys inside a map, a list's entries, each kind of a thing or the object among a union's alternatives. */
function nested(path: string, value: JsonSchema, root: JsonSchema): KeyRow[] {
  const kinds = alternatives(value, root).filter((each) => discriminator(each)[1] !== undefined);
  if (kinds.length > 1) return kinds.flatMap((kind) => kindRows(path, kind, root));
  const inside = objectOf(value, root);
  if (inside !== undefined) return keysBelow(path, inside, root);
  const entry = objectOf(child(value.additionalProperties), root);
  if (entry !== undefined) return keysBelow(`${path}.<name>`, entry, root);
  const item = Array.isArray(value.items) ? undefined : objectOf(child(value.items), root);
  return item === undefined ? [] : keysBelow(`${path}[]`, item, root);
}

function kindRows(path: string, kind: JsonSchema, root: JsonSchema): KeyRow[] {
  const [name, constant] = discriminator(kind);
  const title = {
    key: `${path}.${name}: ${constant}`,
    type: "",
    default: "",
    description: describe(kind, root),
  };
  return [title, ...keysBelow(path, kind, root, name)];
}

/** What a union lets choose from, the choices of unions inside it among them. */
function alternatives(value: JsonSchema, root: JsonSchema): JsonSchema[] {
  return (value.oneOf ?? value.anyOf ?? []).flatMap((each) => {
    const followed = follow(child(each), root);
    const inner = alternatives(followed, root);
    return inner.length === 0 ? [followed] : inner;
  });
}

function objectOf(value: JsonSchema, root: JsonSchema): JsonSchema | undefined {
  const followed = follow(value, root);
  if (followed.properties !== undefined) return followed;
  return alternatives(followed, root).find((each) => each.properties !== undefined);
}

function row(key: string, value: JsonSchema, root: JsonSchema): KeyRow {
  const fallback = value.default === undefined ? "" : `\`${JSON.stringify(value.default)}\``;
  return { key, type: typeOf(value, root), default: fallback, description: describe(value, root) };
}

function describe(value: JsonSchema, root: JsonSchema): string {
  return value.description ?? follow(value, root).description ?? "";
}

function typeOf(value: JsonSchema, root: JsonSchema): string {
  if (value.$ref !== undefined) return value.$ref.replace("#/$defs/", "");
  if (value.const !== undefined) return `\`${value.const}\``;
  if (value.enum !== undefined) return value.enum.map((each) => `\`${each}\``).join(", ");
  const choices = value.anyOf ?? value.oneOf;
  if (choices !== undefined)
    return [...new Set(choices.map((each) => typeOf(child(each), root)))].join(" or ");
  if (value.type === "object") return "map";
  return value.type === "array" ? "list" : String(value.type ?? "any");
}

function discriminator(value: JsonSchema): [string, string | undefined] {
  const found = Object.entries(value.properties ?? {}).find(([, each]) => child(each).const !== undefined);
  return found === undefined ? ["", undefined] : [found[0], String(child(found[1]).const)];
}

function follow(value: JsonSchema, root: JsonSchema): JsonSchema {
  return value.$ref === undefined ? value : child(root.$defs?.[value.$ref.replace("#/$defs/", "")]);
}

/** A schema where JSON Schema allows `true`, `false`, a list or nothing instead. */
function child(value: JsonSchema | boolean | readonly unknown[] | undefined): JsonSchema {
  return typeof value === "object" && !("length" in value) ? value : {};
}
