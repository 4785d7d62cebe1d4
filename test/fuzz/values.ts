import fc from "fast-check";
import { type JsonSchema, root, schemaOf } from "./schema.ts";

/** Names of releases, groups and pools: short and long ones, those that others are made of, those that JavaScript knows. */
export const NAMES = [
  "a",
  "a-dask",
  "hub",
  "dask",
  "a-gateway",
  "1st",
  "core",
  "worker",
  "constructor",
  "a-rather-long-release-name-01",
  "x".repeat(64),
] as const;

/** Text where a pattern says too little: an image is one that there might be. */
const TEXTS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    image: [
      "quay.io/org/name:2025.11.13",
      `ghcr.io/org/name:1@sha256:${"a".repeat(64)}`,
      "localhost:5000/n:1",
    ],
    machineType: ["e2-standard-4", "n2-highmem-4", "m6i.xlarge", "m1.large"],
    host: ["hub.example.org", "a.b", "hub.example.org:8443"],
    location: ["europe-west1-b", "us-central1"],
    region: ["eu-central-1"],
    version: ["1.34", "2026.3.0"],
  }),
);

const FORMATS: Readonly<Record<string, readonly string[]>> = {
  cidrv4: ["10.0.0.0/8", "203.0.113.7/32", "0.0.0.0/0"],
  cidrv6: ["2001:db8::/32", "::/0"],
  ipv4: ["203.0.113.9", "10.0.0.1"],
  ipv6: ["2001:db8::1"],
  uri: ["https://example.org/path", "oci://registry.example.org/charts", "http://localhost:1"],
  email: ["ops@example.org"],
};

const ABSENT = Symbol("absent");

/** Values that a part of the schema allows; rules between keys are not known here. */
export function valuesOf(node: JsonSchema, key = ""): fc.Arbitrary<unknown> {
  if (node.$ref !== undefined)
    return valuesOf(schemaOf(root.$defs?.[node.$ref.replace("#/$defs/", "")]), key);
  if (node.const !== undefined) return fc.constant(node.const);
  if (node.enum !== undefined) return fc.constantFrom(...node.enum);
  const choices = [...(node.oneOf ?? []), ...(node.anyOf ?? [])];
  if (choices.length > 0) return fc.oneof(...choices.map((each) => valuesOf(schemaOf(each), key)));
  switch (node.type) {
    case "object":
      return maps(node, key);
    case "array":
      return fc.array(valuesOf(schemaOf(node.items), key), { minLength: node.minItems ?? 0, maxLength: 3 });
    case "boolean":
      return fc.boolean();
    case "integer":
      return fc.oneof(numbers(node), fc.constantFrom(node.minimum ?? 0, Math.min(node.maximum ?? 9, 1e6)));
    case "number":
      return fc.constantFrom(0.1, 0.5, 1, 2, 3.75, 16, 400);
    case "string":
      return texts(node, key);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function numbers({ minimum = 0, maximum = 20 }: JsonSchema): fc.Arbitrary<number> {
  const least = Math.max(minimum, -20);
  return fc.integer({ min: least, max: Math.max(least, Math.min(maximum, 20)) });
}

function maps(node: JsonSchema, key: string): fc.Arbitrary<unknown> {
  const { properties, required = [] } = node;
  if (properties === undefined) {
    const entries = schemaOf(node.additionalProperties);
    return fc.dictionary(fc.constantFrom(...NAMES), valuesOf(entries, key), { maxKeys: 2 });
  }
  const entries = Object.entries(properties).map(([name, each]) => {
    const values = valuesOf(schemaOf(each), name);
    const absent = { weight: 4, arbitrary: fc.constant(ABSENT) };
    return [name, required.includes(name) ? values : fc.oneof(absent, { weight: 1, arbitrary: values })];
  });
  const all: Record<string, fc.Arbitrary<unknown>> = Object.fromEntries(entries);
  return fc
    .record(all)
    .map((map) => Object.fromEntries(Object.entries(map).filter(([, value]) => value !== ABSENT)));
}

function texts({ format, pattern }: JsonSchema, key: string): fc.Arbitrary<string> {
  const known = TEXTS.get(key) ?? FORMATS[format ?? ""];
  if (known !== undefined) return fc.constantFrom(...known);
  const free = fc.oneof(fc.constantFrom(...NAMES), fc.string({ unit: "grapheme", maxLength: 12 }));
  return pattern === undefined ? free : fc.oneof(fc.stringMatching(withoutAssertions(pattern)), free);
}

/** A pattern without what looks ahead, which the generator does not know: some of its texts then do not match. */
function withoutAssertions(pattern: string): RegExp {
  return new RegExp(pattern.replace(/\(\?[=!](?:[^()]|\([^()]*\))*\)/g, ""));
}
