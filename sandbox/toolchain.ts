import { existsSync, mkdirSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { buildAll, buildObstacle, builtPath, isBuilt, type Log } from "./build.ts";
import { findOnPath, run } from "./command.ts";
import { link } from "./files.ts";
import { cacheFolder, type Layout } from "./layout.ts";
import { withLock } from "./lock.ts";
import type { Obstacle } from "./obstacle.ts";
import { everyStacks, type ProviderName, providerVersions, type Tool, tools } from "./tools.ts";

/** Absolute paths of the programs that run Kubernetes. */
export interface Toolchain {
  readonly kube: string;
  readonly kwok: string;
}

// Structured config, `pulumi config set-all --json` and the Automation API of package.json work from here on.
const OLDEST_PULUMI = "3.200.0";

// A blocked download fails in seconds; this is for a network that swallows packets.
const DOWNLOAD_TIMEOUT_MS = 120_000;

/**
 * Makes sure that Kubernetes, `pulumi` and the providers exist, and links them into the sandbox at `layout`.
 * `pulumi` is the one on PATH when it is at least 3.200.0, else it is built, and so is a language host where none is on
 * PATH. A provider is, in this order: one on PATH (the engine finds it by itself), one the user's own Pulumi has
 * installed, one built or downloaded before, what the engine can download now, and at last a build. Throws as `buildAll`
 * does.
 */
export async function ensureToolchain(
  layout: Layout,
  log: Log,
  providers: readonly ProviderName[] = everyStacks,
): Promise<Toolchain> {
  const own = await ownPulumi();
  const hosts = missingLanguageHost();
  await buildAll([tools.kwok, tools.kube, ...(own === undefined ? [tools.pulumi] : []), ...hosts], log);
  const pulumi = own ?? builtPath(tools.pulumi);
  link(pulumi, join(layout.bin, "pulumi"));
  for (const host of hosts) linkLanguageHost(layout, builtPath(host));
  // The binary looks at the name it is called by.
  link(builtPath(tools.kube), join(layout.bin, "kubectl"));
  await ensureProviders(layout, pulumi, providers, log);
  return { kube: builtPath(tools.kube), kwok: builtPath(tools.kwok) };
}

/** Why this machine can have no Kubernetes with `pulumi` of its own; undefined where it can. */
export function toolchainObstacle(): Obstacle | undefined {
  if (process.platform === "win32") return { why: "it needs Linux or macOS, and this is Windows" };
  // Providers are not asked for here: where they are not built, they may be there for the download.
  const own = findOnPath("pulumi") === undefined ? [tools.pulumi] : [];
  return buildObstacle([tools.kwok, tools.kube, ...own, ...missingLanguageHost()]);
}

/** Whether Pulumi's own language host for Node.js is on PATH. */
export function hasLanguageHost(): boolean {
  return findOnPath(tools.languageHost.name) !== undefined;
}

/** What the engine starts a program and policies with, where none comes with the Pulumi of PATH. */
function missingLanguageHost(): Tool[] {
  return hasLanguageHost() ? [] : [tools.languageHost];
}

/** Whether version `a` is `b` or newer by its three numbers; pre-release and build parts are ignored. Pure. */
export function isAtLeast(a: string, b: string): boolean {
  const numbers = (version: string) =>
    version.trim().replace(/^v/, "").split(/[-+]/)[0]?.split(".").map(Number) ?? [];
  const [left, right] = [numbers(a), numbers(b)];
  const first = [0, 1, 2].find((index) => left[index] !== right[index]);
  return first === undefined || (left[first] ?? 0) > (right[first] ?? 0);
}

async function ownPulumi(): Promise<string | undefined> {
  const path = findOnPath("pulumi");
  if (path === undefined) return undefined;
  const { code, stdout } = await run(path, ["version"], { env: { PULUMI_SKIP_UPDATE_CHECK: "true" } });
  // In a terminal that has sourced a sandbox's env file PATH leads to that sandbox's own link: what it links to is meant.
  return code === 0 && isAtLeast(stdout, OLDEST_PULUMI) ? realpathSync(path) : undefined;
}

async function ensureProviders(
  layout: Layout,
  pulumi: string,
  names: readonly ProviderName[],
  log: Log,
): Promise<void> {
  const wanted = names.filter((name) => findOnPath(`pulumi-resource-${name}`) === undefined);
  const missing = wanted.filter((name) => existingPlugin(name) === undefined && !isBuilt(tools[name]));
  const toBuild: Tool[] = [];
  for (const name of missing) {
    // Both come from the same place: where one cannot be had, the other is not asked for.
    if (toBuild.length > 0 || !(await download(name, pulumi, log))) toBuild.push(tools[name]);
  }
  await buildAll(toBuild, log);
  for (const name of wanted) linkPlugin(layout, name, existingPlugin(name) ?? builtPath(tools[name]));
}

/** The released provider where the user's own Pulumi or an earlier download left it. */
function existingPlugin(name: ProviderName): string | undefined {
  const homes = [process.env.PULUMI_HOME ?? join(homedir(), ".pulumi"), downloads()];
  const found = homes.map((home) => join(home, ...pluginFile(name))).find((file) => existsSync(file));
  return found === undefined ? undefined : realpathSync(found);
}

/** Lets the engine download the released provider into the user's cache; false where it cannot. */
function download(name: ProviderName, pulumi: string, log: Log): Promise<boolean> {
  const version = providerVersions[name];
  return withLock(join(cacheFolder(), "download.lock"), async () => {
    if (existingPlugin(name) !== undefined) return true;
    log(`${name} provider ${version}: asking Pulumi to download it`);
    const env = { PULUMI_HOME: downloads(), PULUMI_SKIP_UPDATE_CHECK: "true" };
    const args = ["plugin", "install", "resource", name, version];
    const { code } = await run(pulumi, args, { env, timeoutMs: DOWNLOAD_TIMEOUT_MS });
    const done = code === 0 && existingPlugin(name) !== undefined;
    log(`${name} provider ${version}: ${done ? "downloaded" : "cannot be downloaded here"}`);
    return done;
  });
}

function downloads(): string {
  return join(cacheFolder(), "pulumi-home");
}

/** Puts a language host where the engine keeps those that did not come with it; of one on PATH it warns at every run. */
function linkLanguageHost(layout: Layout, target: string): void {
  const folder = join(layout.pulumiHome, "plugins", "language-nodejs-v0.0.0");
  mkdirSync(folder, { recursive: true });
  link(target, join(folder, tools.languageHost.name));
}

/**
 * Puts a provider where the engine keeps its installed ones, under the version the SDK asks for.
 * One on PATH would do too, but the engine then warns on every run that it used it.
 */
function linkPlugin(layout: Layout, name: ProviderName, target: string): void {
  const path = join(layout.pulumiHome, ...pluginFile(name));
  mkdirSync(join(path, ".."), { recursive: true });
  link(target, path);
}

function pluginFile(name: ProviderName): string[] {
  return ["plugins", `resource-${name}-v${providerVersions[name]}`, `pulumi-resource-${name}`];
}
