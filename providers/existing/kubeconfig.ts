import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { UserError } from "../../settings/problems.ts";

const exec = z.looseObject({
  apiVersion: z.string(),
  command: z.string(),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
});
const user = z.looseObject({
  "client-certificate": z.string().optional(),
  "client-certificate-data": z.string().optional(),
  "client-key": z.string().optional(),
  "client-key-data": z.string().optional(),
  token: z.string().optional(),
  tokenFile: z.string().optional(),
  exec: exec.optional(),
});
const cluster = z.looseObject({
  server: z.url(),
  "certificate-authority": z.string().optional(),
  "certificate-authority-data": z.string().optional(),
  "insecure-skip-tls-verify": z.boolean().optional(),
  "tls-server-name": z.string().optional(),
});
const context = z.looseObject({ cluster: z.string(), user: z.string() });
const document = z.looseObject({
  "current-context": z.string().optional(),
  clusters: z.array(z.object({ name: z.string(), cluster })).default([]),
  users: z.array(z.object({ name: z.string(), user })).default([]),
  contexts: z.array(z.object({ name: z.string(), context })).default([]),
});

/** One context of a kubeconfig, with the cluster and user it names. */
export interface KubeContext {
  readonly name: string;
  readonly context: z.output<typeof context>;
  readonly cluster: z.output<typeof cluster>;
  readonly user: z.output<typeof user>;
}

/** A kubeconfig that cannot be used; the message names the file, what is wrong and the remedy. */
export class KubeconfigError extends UserError {}

/** The kubeconfig that a user's `kubectl` would read: the first file of `KUBECONFIG`, else `~/.kube/config`. */
export function defaultKubeconfigPath(env: NodeJS.ProcessEnv = process.env): string {
  const first = env.KUBECONFIG?.split(delimiter).find((path) => path !== "");
  return first ?? join(homedir(), ".kube", "config");
}

/**
 * Reads a kubeconfig file.
 *
 * @param path absolute, relative to the working directory, or starting with `~/`
 * @throws KubeconfigError where there is no such file
 */
export function readKubeconfig(path: string): { text: string; directory: string; source: string } {
  const file = resolve(path.replace(/^~(?=\/)/, homedir()));
  if (!existsSync(file)) {
    throw new KubeconfigError(
      `there is no kubeconfig at ${file}; set dask:cluster.kubeconfig to the path of yours`,
    );
  }
  return { text: readText(file), directory: dirname(file), source: file };
}

/** Reads a file that a kubeconfig is or names; one that cannot be read is the user's to mend. */
export function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KubeconfigError(
      `${file} cannot be read (${reason}); check dask:cluster.kubeconfig and its files`,
    );
  }
}

/**
 * Picks one context of a kubeconfig, with the certificates and keys that it names as files read into it.
 *
 * @param wanted name of the context; default: the current one
 * @throws KubeconfigError where the text is no kubeconfig or has no such context, cluster or user
 */
export function selectContext(text: string, source: string, directory: string, wanted?: string): KubeContext {
  const config = parseKubeconfig(text, source);
  const names = config.contexts.map((each) => each.name).join(", ");
  const name = wanted ?? config["current-context"];
  if (name === undefined || name === "") {
    throw new KubeconfigError(
      `${source} has no current context; set dask:cluster.context to one of: ${names}`,
    );
  }
  const chosen = config.contexts.find((each) => each.name === name)?.context;
  if (chosen === undefined) {
    throw new KubeconfigError(
      `${source} has no context ${name}; set dask:cluster.context to one of: ${names}`,
    );
  }
  const found = config.clusters.find((each) => each.name === chosen.cluster)?.cluster;
  if (found === undefined)
    throw new KubeconfigError(
      `${source} has no cluster ${chosen.cluster}, which context ${name} names; set dask:cluster.context to another of: ${names}`,
    );
  const account = config.users.find((each) => each.name === chosen.user)?.user ?? {};
  return { name, context: chosen, cluster: embedded(found, directory), user: embedded(account, directory) };
}

/** Where a kubeconfig stands that the settings hold themselves. */
const INLINE = "dask:secrets.cluster.kubeconfig";

/**
 * The context that the settings choose: of the kubeconfig in `dask:secrets`, of the file that they name, else of the one
 * that a user's `kubectl` would read.
 *
 * @param inline kubeconfig from `dask:secrets`, in place of a file
 * @throws KubeconfigError for a kubeconfig or context that cannot be used
 */
export function chosenContext(
  settings: { readonly kubeconfig?: string | undefined; readonly context?: string | undefined },
  inline?: string,
): KubeContext {
  const { text, source, directory } =
    inline === undefined
      ? readKubeconfig(settings.kubeconfig ?? defaultKubeconfigPath())
      : { text: inline, source: INLINE, directory: process.cwd() };
  return selectContext(text, source, directory, settings.context);
}

/** A kubeconfig with one context only: what the Kubernetes provider gets, and what the stack's state keeps. */
export function writeKubeconfig({ name, context, cluster, user }: KubeContext): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: context.cluster, cluster }],
    users: [{ name: context.user, user }],
    contexts: [{ name, context }],
    "current-context": name,
  });
}

function parseKubeconfig(text: string, source: string): z.output<typeof document> {
  const remedy =
    source === INLINE
      ? "; set it to the text of yours"
      : "; set dask:cluster.kubeconfig to the path of yours";
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new KubeconfigError(`${source} is not YAML (${reason})${remedy}`);
  }
  const result = document.safeParse(value);
  if (result.success) return result.data;
  const path = result.error.issues[0]?.path.join(".") ?? "";
  const fault = path === "" ? "it is no map" : `${path} is missing or wrong`;
  throw new KubeconfigError(`${source} is not a kubeconfig (${fault})${remedy}`);
}

const FILES = ["certificate-authority", "client-certificate", "client-key"];

/** The entry with its files read into it: the stack's `kubeconfig` output must work on every machine. */
function embedded<Entry extends object>(entry: Entry, directory: string): Entry {
  const path = (file: string) => (isAbsolute(file) ? file : join(directory, file));
  const embed = ([key, value]: [string, unknown]): [string, unknown] => {
    if (typeof value !== "string") return [key, value];
    if (FILES.includes(key)) return [`${key}-data`, Buffer.from(readText(path(value))).toString("base64")];
    // A token in a file is renewed there, so it stays a file.
    return [key, key === "tokenFile" ? path(value) : value];
  };
  return { ...(Object.fromEntries(Object.entries(entry).map(embed)) as Entry) };
}
