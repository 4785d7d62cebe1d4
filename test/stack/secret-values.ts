import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { layoutOf } from "../../sandbox/layout.ts";
import { runDoctor } from "./runs.ts";
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

/**
 * Every object of every kind but Secrets, those of the whole cluster included, as YAML: what people with little access
 * may read.
 */
export async function readableObjects({ kubectl }: Pick<Bench, "kubectl">): Promise<string> {
  const kinds = (await kubectl("api-resources", "--verbs=list", "-o", "name"))
    .split("\n")
    .filter((kind) => kind !== "secrets");
  return kubectl("get", kinds.join(","), "--all-namespaces", "--ignore-not-found", "-o", "yaml");
}

/** What the backend of files keeps of a stack: its state, its history and the copies that are made before each change. */
function backendFiles({ sandbox }: Bench, stack: string): Record<string, string> {
  const folder = join(layoutOf(sandbox.root).backend, ".pulumi");
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name))
    .filter((path) => path.slice(folder.length).split(/[/.]/).includes(stack));
  for (const part of ["stacks", "history", "backups"])
    assert.ok(
      files.some((path) => path.startsWith(join(folder, part))),
      `the backend has no ${part} of ${stack}`,
    );
  return Object.fromEntries(files.map((path) => [path, readFileSync(path, "utf8")]));
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

/** Helm's own records of its releases in namespaces, readable: `namespace/name` and all that the release was made of. */
export async function helmRecords(
  { kubectl }: Bench,
  namespaces: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for (const namespace of namespaces) {
    const selector = "type=helm.sh/release.v1";
    const list = await kubectl("get", "secrets", "-n", namespace, "--field-selector", selector, "-o", "json");
    for (const { metadata, data } of secretsIn(list)) {
      const packed = Buffer.from(Buffer.from(data?.release ?? "", "base64").toString(), "base64");
      found[`${namespace}/${metadata.name}`] = gunzipSync(packed).toString();
    }
  }
  return found;
}

/** A search for the secrets of one stack, from its first `up` to its end. */
export interface Search {
  /** Takes what a command of the engine prints. */
  readonly say: (text: string) => void;
  /** Learns the secrets that there are now, and reads state, outputs, the doctor's words, and all objects but Secrets. */
  look(when: string): Promise<void>;
  /** The secrets known so far, by where each was found. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Where a secret was found that people without rights may read. */
  found(): readonly Leak[];
}

/** Begins a search; `given` are secrets that the user chose, by what they are. */
export function searchSecrets(
  bench: Bench,
  stack: string,
  namespaces: readonly string[],
  given: ReadonlyMap<string, string>,
): Search {
  const secrets = new Map(given);
  const said: string[] = [];
  const texts: Record<string, string> = {};
  return {
    secrets,
    say: (text) => {
      said.push(text);
    },
    async look(when) {
      for (const [where, value] of await generatedSecrets(bench, stack, namespaces)) {
        // One name may stand for several values in turn: before and after a rotation.
        secrets.set(`${where} ${when}`, value);
      }
      texts[`the state ${when}`] = await bench.pulumi("stack", "export", "--stack", stack);
      texts[`the outputs ${when}`] = await bench.pulumi("stack", "output", "--stack", stack);
      texts[`the outputs as JSON ${when}`] = await bench.pulumi(
        "stack",
        "output",
        "--json",
        "--stack",
        stack,
      );
      texts[`the configuration ${when}`] = await bench.pulumi("config", "--stack", stack);
      texts[`objects ${when}`] = await readableObjects(bench);
      for (const flags of [[], ["--fix"]])
        texts[`the doctor ${flags} ${when}`] = (await runDoctor(bench, stack, ...flags)).text;
      Object.assign(texts, backendFiles(bench, stack));
    },
    found: () => leaks(secrets, { ...texts, "what the engine said": said.join("") }),
  };
}
