import { spawn } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { findOnPath, retried, run } from "./command.ts";
import { cacheFolder } from "./layout.ts";
import { withLock } from "./lock.ts";
import type { Obstacle } from "./obstacle.ts";
import { buildArguments, buildKey, moduleFiles, moduleFolder, type Tool } from "./tools.ts";

/** Takes one line of progress, without its line feed. */
export type Log = (line: string) => void;

const REPORT_EVERY_MS = 15_000;

// The user's own settings must not change what is built; GOTOOLCHAIN and GOPROXY stay theirs.
const GO_ENV = { CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false", GOWORK: "off", GO111MODULE: "on" };

/** Where the built program of `tool` lies in the user's cache, built or not; absolute. */
export function builtPath(tool: Tool): string {
  const key = buildKey(tool, moduleFiles(tool), `${process.platform}/${process.arch}`);
  return join(cacheFolder(), "toolchain", key, tool.name);
}

/** Whether `tool` has been built before, by this clone or another. */
export function isBuilt(tool: Tool): boolean {
  return existsSync(builtPath(tool));
}

/** Why this machine can have not all of these programs: one has not been built, and there is no Go. */
export function buildObstacle(wanted: readonly Tool[]): Obstacle | undefined {
  if (findOnPath("go") !== undefined) return undefined;
  const missing = wanted.filter((tool) => !isBuilt(tool)).map(({ name }) => name);
  if (missing.length === 0) return undefined;
  return { why: `there is no Go to build ${missing.join(", ")} with`, remedy: "install Go 1.26 or later" };
}

/**
 * Builds those of `wanted` that are not in the cache, one after the other: each keeps all cores busy.
 * Two processes that want the same program build it once. Throws with a remedy when Go is missing or too old, and
 * with the compiler's last words when a build fails.
 */
export async function buildAll(wanted: readonly Tool[], log: Log): Promise<void> {
  const missing = wanted.filter((tool) => !isBuilt(tool));
  if (missing.length === 0) return;
  await requireGo(missing);
  log(announcement(missing, availableParallelism(), join(cacheFolder(), "toolchain")));
  for (const [index, tool] of missing.entries()) {
    const title = `${tool.name} (${index + 1} of ${missing.length})`;
    const waiting = (pid: number) => log(`${title}: process ${pid} builds it already, waiting`);
    await withLock(join(cacheFolder(), "toolchain", `${tool.name}.lock`), () => build(tool, title, log), {
      onWait: waiting,
    });
  }
}

/** How long a first build of `tool` takes on `cores` cores, in whole minutes; pure, and only an estimate. */
export function estimateMinutes(tool: Tool, cores: number): number {
  // Linking and a few big packages use one core only, so more than eight hardly help.
  return Math.max(1, Math.round(tool.cpuMinutes / Math.min(cores, 8)));
}

/** The line that is printed before anything is built; pure. */
export function announcement(missing: readonly Tool[], cores: number, cache: string): string {
  const minutes = missing.reduce((sum, tool) => sum + estimateMinutes(tool, cores), 0);
  const names = missing.map((tool) => tool.name).join(", ");
  return (
    `Building ${names}: once, about ${minutes} min on ${cores} cores plus downloads, ` +
    `less where Go has compiled parts of it before. Kept in ${cache}.`
  );
}

async function build(tool: Tool, title: string, log: Log): Promise<void> {
  const target = join(builtPath(tool), "..");
  if (existsSync(target)) return;
  const cache = join(target, "..");
  // Left by an interrupted build; the lock says that none is running.
  for (const entry of readdirSync(cache)) {
    if (entry.startsWith(`${tool.name}-`) && entry.endsWith(".part"))
      rmSync(join(cache, entry), { recursive: true });
  }
  const part = `${target}.part`;
  mkdirSync(part, { recursive: true });
  await compile(tool, join(part, tool.name), title, log);
  renameSync(part, target);
}

async function compile(tool: Tool, output: string, title: string, log: Log): Promise<void> {
  const start = Date.now();
  const seconds = () => Math.round((Date.now() - start) / 1000);
  const estimate = `about ${estimateMinutes(tool, availableParallelism())} min if Go starts from nothing`;
  log(`${title}: building, ${estimate}`);
  const timer = setInterval(() => log(`${title}: ${seconds()} s, ${estimate}`), REPORT_EVERY_MS);
  const work = `${output}.work`;
  mkdirSync(work);
  try {
    const build = async () => {
      const folder = await sourceFolder(tool);
      const [command = "", ...args] = buildArguments(tool, output);
      await go(tool, folder, [command, ...(await patchFlags(tool, folder, work)), ...args]);
    };
    await retried(build, title, log, isOfNetwork);
  } finally {
    clearInterval(timer);
    rmSync(work, { recursive: true });
  }
  log(`${title}: built in ${seconds()} s`);
}

/** Whether a build failed because a module could not be had just then; a compiler's error stays what it is. */
export function isOfNetwork(error: unknown): boolean {
  const words = error instanceof Error ? error.message : "";
  return /dial tcp|connection re(set|fused)|unexpected EOF|TLS handshake|i\/o timeout|: (429|50[0234]) [A-Z]/.test(
    words,
  );
}

/** The folder in which `go build` runs: the tool's own module, or the one that it pins. */
async function sourceFolder(tool: Tool): Promise<string> {
  return tool.source === undefined ? moduleFolder(tool) : moduleAt(tool.source, moduleFolder(tool));
}

/** Where the Go module lies after a download, as the module in `folder` asks for it. */
async function moduleAt(module: string, folder: string): Promise<string> {
  const asked = await run("go", ["mod", "download", "-json", module], { cwd: folder, env: GO_ENV });
  if (asked.code !== 0) throw new Error(`go mod download ${module} failed: ${asked.stderr.trim()}`);
  return JSON.parse(asked.stdout).Dir;
}

/** Copies the modules that are changed, changes them, and answers the flag that makes `go build` take the copies. */
async function patchFlags(tool: Tool, folder: string, work: string): Promise<string[]> {
  if (tool.patches === undefined) return [];
  const replaced: string[] = [];
  for (const { module, path, by } of tool.patches) {
    const copy = join(work, module.replaceAll("/", "-"));
    // Go keeps its modules read-only.
    cpSync(await moduleAt(module, folder), copy, { recursive: true });
    await run("chmod", ["-R", "u+w", copy]);
    copyFileSync(join(moduleFolder(tool), by), join(copy, path));
    replaced.push(`replace ${module} => ${copy}`);
  }
  const file = join(work, "go.mod");
  writeFileSync(file, [readFileSync(join(folder, "go.mod"), "utf8"), ...replaced, ""].join("\n"));
  writeFileSync(join(work, "go.sum"), readFileSync(join(folder, "go.sum")));
  return [`-modfile=${file}`];
}

function go(tool: Tool, cwd: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { cwd, env: { ...process.env, ...GO_ENV } };
    const child = spawn("go", args, { ...options, stdio: ["ignore", "ignore", "pipe"] });
    let words = "";
    child.stderr.on("data", (part: Buffer) => {
      words = (words + part.toString()).slice(-4000);
    });
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve();
      else
        reject(new Error(`${tool.name} could not be built (go build ended with ${code}):\n${words.trim()}`));
    });
  });
}

async function requireGo(missing: readonly Tool[]): Promise<void> {
  const remedy =
    "Install Go 1.26 or later, or (for pulumi and its providers) put a pulumi of your own on PATH.";
  const names = missing.map((tool) => tool.name).join(", ");
  for (const tool of missing) {
    // Asked in the module's folder, where an older Go fetches the one that go.mod names or says why it cannot.
    const asked = await run("go", ["version"], { cwd: moduleFolder(tool), env: GO_ENV });
    if (asked.code === 0) continue;
    const why = asked.code === undefined ? "there is no `go` on PATH" : asked.stderr.trim();
    throw new Error(`The sandbox has to build ${names}, but ${why}. ${remedy}`);
  }
}
