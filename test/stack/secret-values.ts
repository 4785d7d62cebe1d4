import assert from "node:assert/strict";
import type { Bench } from "./sandbox.ts";

/** A secret that was found where everybody can read it. */
export interface Leak {
  readonly secret: string;
  readonly where: string;
}

/** A value of 256 bits in hexadecimal digits, as this project generates its tokens and passwords. */
const TOKEN = /^[0-9a-f]{64}$/;

/**
 * Every generated secret of a stack, by where it was found: the random bytes of its state and the tokens in the
 * Secrets of its namespaces.
 */
export async function generatedSecrets(
  { kubectl, pulumi }: Bench,
  stack: string,
  namespaces: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { deployment } = JSON.parse(await pulumi("stack", "export", "--show-secrets", "--stack", stack)) as {
    deployment: { resources: { type: string; urn: string; outputs?: { hex?: unknown } }[] };
  };
  const found = new Map<string, string>();
  for (const { type, urn, outputs } of deployment.resources) {
    if (type === "random:index/randomBytes:RandomBytes") {
      found.set(`random bytes ${urn.split("::").at(-1)}`, plain(outputs?.hex));
    }
  }
  for (const namespace of namespaces) {
    const list = await kubectl("get", "secrets", "-n", namespace, "-o", "json");
    for (const { metadata, data } of secretsIn(list)) {
      for (const [key, value] of Object.entries(data ?? {})) {
        const text = Buffer.from(value, "base64").toString();
        if (TOKEN.test(text)) found.set(`Secret ${namespace}/${metadata.name} ${key}`, text);
      }
    }
  }
  return found;
}

function plain(value: unknown): string {
  if (typeof value === "string") return value;
  const { plaintext } = value as { plaintext?: string };
  assert.ok(plaintext !== undefined, "random bytes without a value");
  return JSON.parse(plaintext);
}

interface SecretObject {
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
}

function secretsIn(list: string): readonly SecretObject[] {
  return JSON.parse(list).items;
}

/**
 * The data of every Secret of namespaces in base64, by `namespace/name key`.
 *
 * Without Helm's records of its releases, and without the values that the hub's chart puts into a Secret of its own:
 * they name the chart's version.
 */
export async function secretData(
  { kubectl }: Bench,
  namespaces: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for (const namespace of namespaces) {
    const selector = "type!=helm.sh/release.v1";
    const list = await kubectl("get", "secrets", "-n", namespace, "--field-selector", selector, "-o", "json");
    for (const { metadata, data } of secretsIn(list)) {
      for (const [key, value] of Object.entries(data ?? {}))
        if (key !== "values.yaml") found[`${namespace}/${metadata.name} ${key}`] = value;
    }
  }
  return found;
}

/** Every object of namespaces but their Secrets, as YAML: what people with little access may read. */
export async function readableObjects({ kubectl }: Bench, namespaces: readonly string[]): Promise<string> {
  const kinds = (await kubectl("api-resources", "--namespaced", "--verbs=list", "-o", "name"))
    .split("\n")
    .filter((kind) => kind !== "secrets");
  const lists = await Promise.all(
    namespaces.map((namespace) =>
      kubectl("get", kinds.join(","), "-n", namespace, "--ignore-not-found", "-o", "yaml"),
    ),
  );
  return lists.join("\n");
}

/** Finds secrets in texts, as they are and in base64: of their text, and of the bytes that it stands for. */
export function leaks(
  secrets: ReadonlyMap<string, string>,
  texts: Readonly<Record<string, string>>,
): readonly Leak[] {
  return Object.entries(texts).flatMap(([where, text]) =>
    [...secrets]
      .filter(([, value]) => formsOf(value).some((form) => text.includes(form)))
      .map(([secret]) => ({ secret, where })),
  );
}

function formsOf(value: string): readonly string[] {
  const text = [value, Buffer.from(value).toString("base64")];
  return TOKEN.test(value) ? [...text, Buffer.from(value, "hex").toString("base64")] : text;
}
