import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { deploy } from "../../deploy.ts";
import type { Outputs } from "../../outputs.ts";
import { repository } from "../../sandbox/layout.ts";
import { parseSettings } from "../../settings/parse.ts";
import type { Settings } from "../../settings/schema.ts";

/** The stack files of the project, by path from its top: those to copy and the one to start with. A user's own are not. */
export const STACK_FILES = [
  ...readdirSync(resolve(repository, "stacks"))
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => `stacks/${file}`),
  "Pulumi.dev.yaml",
];

interface StackFile {
  readonly config: Readonly<Record<string, unknown>>;
}

/** The text of a stack file, from wherever the tests are run. */
function textOf(file: string): string {
  return readFileSync(resolve(repository, file), "utf8");
}

/** What stands under `dask:` in the text of a stack file, and what stands under other names. */
function read(text: string) {
  const { config } = parse(text) as StackFile;
  const entries = Object.entries(config);
  const own = entries.filter(([key]) => key.startsWith("dask:"));
  const others = entries.filter(([key]) => !key.startsWith("dask:"));
  return {
    dask: Object.fromEntries(own.map(([key, value]) => [key.slice("dask:".length), value])),
    others: others.map(([key, value]): [string, string] => [key, String(value)]),
  };
}

/** Secrets that the comments of a stack file tell the user to set. */
function secretsOf(text: string): Record<string, Record<string, string>> {
  const found = text.matchAll(/'dask:secrets\.([^.']+)\.([^.']+)'/g);
  const secrets: Record<string, Record<string, string>> = {};
  for (const [, release = "", key = ""] of found)
    secrets[release] = { ...secrets[release], [key]: "a-secret-of-the-test" };
  return secrets;
}

/** What stands under `dask:` in a stack file, with a value for every secret that it asks for. */
export function inputOf(file: string): Record<string, unknown> {
  return inputIn(textOf(file));
}

function inputIn(text: string): Record<string, unknown> {
  return { ...read(text).dask, secrets: secretsOf(text), liveChecks: false };
}

/** The settings of a stack file. */
export function settingsOf(file: string): Settings {
  return parseSettings(inputOf(file));
}

/** The whole program of a stack file; `kubeconfig` is that of the cluster where it is there already. */
export function programOf(file: string, kubeconfig?: string): () => Promise<Outputs> {
  return programIn(textOf(file), kubeconfig);
}

/** The program of a stack file after the second of its two steps: what step 1 says is removed, what step 2 says taken in. */
export function secondStepOf(file: string): () => Promise<Outputs> {
  const text = textOf(file).replace(FIRST_STEP, "").replace(SECOND_STEP, "$1$2");
  return programIn(text);
}

/** The setting below the words of step 1, and the two that step 2 has in comments. */
const FIRST_STEP = /(?<=# Step 1: .*\n) *expose: .*\n/;
const SECOND_STEP = /^( *)# ((?:host|tls): .*)$/gm;

function programIn(text: string, kubeconfig?: string): () => Promise<Outputs> {
  return () => {
    const settings = parseSettings(inputIn(text));
    for (const [key, value] of read(text).others) pulumi.runtime.setConfig(key, value);
    return deploy(kubeconfig === undefined ? settings : onCluster(settings, kubeconfig));
  };
}

/** The settings with the one context of a kubeconfig in place of the cluster that an existing one's settings name. */
function onCluster(settings: Settings, kubeconfig: string): Settings {
  if (settings.cluster.provider !== "existing") return settings;
  const { context: _, ...cluster } = settings.cluster;
  return { ...settings, cluster, secrets: { ...settings.secrets, cluster: { kubeconfig } } };
}
