import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { promisify } from "node:util";
import { cacheFolder } from "../../sandbox/layout.ts";
import { inWords, type Obstacle } from "../../sandbox/obstacle.ts";

const run = promisify(execFile);

/** Oldest Python that the pinned packages run on. */
const OLDEST = "3.11";

/** Why this machine can have no such Python; undefined where it can. */
export async function pythonObstacle(): Promise<Obstacle | undefined> {
  const found = await findPython();
  return "why" in found ? found : undefined;
}

/**
 * The Python that has the packages of a file of requirements, made on first use and kept in the user's cache.
 *
 * A test that finds no Python is skipped by name and told why: `undefined` then. Packages that cannot be installed are
 * an error.
 */
export async function python(t: TestContext, file = "requirements.txt"): Promise<string | undefined> {
  const found = await findPython();
  if ("why" in found) {
    t.skip(inWords(found));
    return undefined;
  }
  const requirements = new URL(file, import.meta.url).pathname;
  return join(await environment(found.version, requirements), "bin", "python");
}

async function findPython(): Promise<{ version: string } | Obstacle> {
  const ask = "import ensurepip, venv, sys; print('%d.%d' % sys.version_info[:2])";
  const answer = await run("python3", ["-c", ask]).catch(() => undefined);
  const version = answer?.stdout.trim();
  if (version === undefined) return { why: "there is no python3 with venv", remedy: "install python3-venv" };
  const isOld = Number(version.split(".")[1]) < Number(OLDEST.split(".")[1]);
  return isOld ? { why: `python3 is ${version}`, remedy: `install ${OLDEST} or later` } : { version };
}

/** The folder of the environment; two processes may make it at once, and the first to be done wins. */
async function environment(version: string, requirements: string): Promise<string> {
  const hash = createHash("sha256").update(readFileSync(requirements)).update(version).digest("hex");
  const base = join(cacheFolder(), "python");
  const name = join(base, hash.slice(0, 12));
  if (existsSync(name)) return name;
  mkdirSync(base, { recursive: true, mode: 0o700 });
  const made = mkdtempSync(`${name}-`);
  try {
    await run("python3", ["-m", "venv", made]);
    await run(join(made, "bin", "pip"), ["install", "--quiet", "--requirement", requirements]);
  } catch (error) {
    rmSync(made, { recursive: true });
    throw error;
  }
  // A link appears at once or not at all, and unlike a moved environment it keeps its scripts working.
  if (!link(made, name)) rmSync(made, { recursive: true });
  return name;
}

function link(target: string, name: string): boolean {
  try {
    symlinkSync(target, name);
    return true;
  } catch {
    if (existsSync(name)) return false;
    unlinkSync(name);
    return link(target, name);
  }
}
