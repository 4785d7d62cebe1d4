import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import { z } from "zod";
import { ownerLabelOf } from "../components/namespace.ts";
import { UserError } from "../settings/problems.ts";
import type { Look } from "./lock.ts";
import { locksIn } from "./lock-files.ts";

/** Bytes that a command may print: a state is long. */
const MOST_OUTPUT = 256 * 1024 * 1024;

/** The `pulumi` on PATH, in this folder's project, on one stack. */
export interface Pulumi {
  /** Runs a command on the stack and answers what it prints; `input` is what it reads. Throws with its words. */
  run(args: readonly string[], input?: string): Promise<string>;
  /** The stack's name. */
  readonly stack: string;
  /** The URL of the backend, asked for once. */
  backend(): Promise<string>;
}

/**
 * Finds the stack in this folder's project.
 *
 * @param wanted its name; default: the one that is selected
 * @throws UserError where there is no `pulumi`, no project or no such stack
 */
export async function openStack(wanted?: string): Promise<Pulumi> {
  const stack = wanted ?? (await call(["stack", "--show-name"])).trim();
  const run: Pulumi["run"] = (args, input) => call([...args, "--stack", stack], input);
  let url: Promise<string> | undefined;
  const backend: Pulumi["backend"] = () => {
    url ??= backendUrl();
    return url;
  };
  return { stack, run, backend };
}

async function call(args: readonly string[], input?: string): Promise<string> {
  const options = { maxBuffer: MOST_OUTPUT, env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" } };
  const running = promisify(execFile)("pulumi", [...args, "--non-interactive"], options);
  running.child.stdin?.end(input ?? "");
  try {
    return (await running).stdout;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT")
      throw new UserError("there is no pulumi on PATH; install it, or source .sandbox/env");
    const words = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    throw new UserError(`pulumi ${args.slice(0, 2).join(" ")} fails: ${words}`);
  }
}

const configValue = z.object({ objectValue: z.unknown().optional() });

/** The stack's configuration of this project: its `dask:` keys, secrets included; never to be printed. */
export async function readConfig({ run }: Pulumi): Promise<Record<string, unknown>> {
  const text = await run(["config", "--json", "--show-secrets"]);
  const config = z.record(z.string(), configValue).parse(JSON.parse(text));
  const prefix = `${projectName()}:`;
  const own = Object.entries(config).filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(own.map(([key, { objectValue }]) => [key.slice(prefix.length), objectValue]));
}

function projectName(): string {
  const { name } = z.object({ name: z.string() }).parse(parse(readFileSync("Pulumi.yaml", "utf8")));
  return name;
}

async function backendUrl(): Promise<string> {
  const said = JSON.parse(await call(["whoami", "--verbose", "--json"]));
  return z.object({ url: z.string() }).parse(said).url;
}

/**
 * The value of the owner label of what the stack makes, as `components/namespace.ts` writes it, from its name alone.
 *
 * A service's short name leaves the organization out: it then is the one that `pulumi` takes by itself.
 */
export async function readOwner({ stack, backend }: Pulumi): Promise<string> {
  const parts = stack.split("/");
  const name = parts.at(-1) ?? stack;
  const organization = parts.length > 1 ? parts.at(0) : await defaultOrganization(await backend());
  return ownerLabelOf(organization ?? OF_FILES, projectName(), name);
}

/** The organization of every stack on a backend that has none. */
const OF_FILES = "organization";

async function defaultOrganization(url: string): Promise<string> {
  if (url.startsWith("file://") || BUCKET.test(url)) return OF_FILES;
  return (await call(["org", "get-default"])).trim();
}

const stacks = z.array(
  z.object({
    name: z.string(),
    updateInProgress: z.boolean().default(false),
    lastUpdate: z.string().default(""),
  }),
);

/** Backends that keep their locks beside the state, where no command of `pulumi` shows them. */
const BUCKET = /^(s3|gs|azblob):/;

/**
 * The locks that the stack's backend shows: files of a backend of files, a run under way of a service; `undefined`
 * where it shows none, as buckets do.
 */
export async function readLocks({ stack, backend }: Pulumi): Promise<Look | undefined> {
  const url = await backend();
  const folder = url.startsWith("file://") ? lockFolder(url, stack) : undefined;
  if (folder !== undefined) return locksIn(folder);
  if (BUCKET.test(url)) return undefined;
  const listed = stacks.parse(JSON.parse(await call(["stack", "ls", "--json"])));
  const name = stack.split("/").at(-1);
  const busy = listed.filter((each) => each.name.split("/").at(-1) === name && each.updateInProgress);
  const held = busy.map(({ lastUpdate }) => ({
    pid: 0,
    username: "somebody",
    hostname: url,
    timestamp: lastUpdate,
  }));
  return { held, unreadable: [] };
}

/** Where a backend of files keeps a stack's locks: the engine's own layout; the URL may end with options. */
export function lockFolder(url: string, stack: string): string {
  const [plain = ""] = url.slice("file://".length).split("?");
  const path = decodeURIComponent(plain).replace(/^~(?=\/|$)/, homedir());
  const name = stack.split("/").at(-1) ?? stack;
  return join(resolve(path), ".pulumi", "locks", "organization", projectName(), name);
}
