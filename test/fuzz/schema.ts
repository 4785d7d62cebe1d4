import { z } from "zod";
import { schema } from "../../settings/schema.ts";

/** A part of the JSON Schema of a stack file. */
export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The JSON Schema of what stands under `dask:` in a stack file. */
export const root: JsonSchema = z.toJSONSchema(schema, { io: "input" });

/** A way into a stack file: names of keys, and numbers of entries of a list. */
export type Path = readonly string[];

/** What may stand at one place of a stack file, each alternative of a union for itself. */
export function alternatives(node: JsonSchema): JsonSchema[] {
  if (node.$ref !== undefined) return alternatives(schemaOf(root.$defs?.[node.$ref.replace("#/$defs/", "")]));
  const choices = [...(node.oneOf ?? []), ...(node.anyOf ?? [])].map(schemaOf);
  return choices.length === 0 ? [node] : choices.flatMap(alternatives);
}

/** What the schema allows below a place under a key; several where the place has alternatives. */
export function below(nodes: readonly JsonSchema[], key: string): JsonSchema[] {
  return nodes.flatMap(alternatives).flatMap((node) => {
    if (node.properties !== undefined && Object.hasOwn(node.properties, key))
      return [schemaOf(node.properties[key])];
    if (/^\d+$/.test(key) && node.items !== undefined) return [schemaOf(node.items)];
    return node.additionalProperties === undefined || node.additionalProperties === false
      ? []
      : [schemaOf(node.additionalProperties)];
  });
}

/** What the schema allows at a path. */
export function schemaAt(path: Path): JsonSchema[] {
  return path.reduce<JsonSchema[]>(below, [root]);
}

/** The names of keys that the schema knows at a path, those of all alternatives. */
export function knownKeys(path: Path): string[] {
  const found = schemaAt(path).flatMap(alternatives);
  return [...new Set(found.flatMap((node) => Object.keys(node.properties ?? {})))];
}

/** A schema where JSON Schema allows `true`, `false`, a list or nothing instead. */
export function schemaOf(value: JsonSchema | boolean | readonly unknown[] | undefined): JsonSchema {
  return typeof value === "object" && !("length" in value) ? value : {};
}
