import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "../build.ts";
import { type PackageSet, unpackedPackages } from "../node/debian.ts";
import { command } from "./layers.ts";

// pip as Debian ships it; it runs in the images' own Python and is no part of them.
const PIP: PackageSet = { name: "pip", packages: ["python3-pip-whl"] };

/** Which Python packages, as pip takes them. */
export interface PythonPackages {
  readonly requirements: readonly string[];
  /** File that pins these and all they need. */
  readonly constraints: string;
}

/**
 * Installs Python packages and all they need into an empty folder that lies over `tree`, a tree of Debian packages.
 * pip asks the index that the user has configured.
 */
export async function installPython(
  tree: string,
  { requirements, constraints }: PythonPackages,
  folder: string,
  log: Log,
): Promise<void> {
  const wheels = join(await unpackedPackages(PIP, log), "usr/share/python-wheels");
  const wheel = readdirSync(wheels).find((file) => file.startsWith("pip-")) ?? "";
  const target = join(folder, "target");
  const options = ["--quiet", "--no-input", "--no-compile", "--disable-pip-version-check"];
  const quiet = ["--no-warn-script-location", "--root-user-action=ignore"];
  const install = ["install", ...options, ...quiet, `--target=${target}`];
  const wanted = [`--constraint=${constraints}`, ...requirements];
  await runPython(tree, [join(wheels, wheel, "pip"), ...install, ...wanted]);
  spread(target, folder, pythonOf(tree));
  removeUnused(join(folder, "usr/local/lib"));
  await compile(tree, join(folder, "usr/local/lib"));
}

/** Compiles to files that are not compared with the dates of their sources: a layer has no dates. */
export async function compile(tree: string, folder: string): Promise<void> {
  const options = ["-q", "-j", "2", "--invalidation-mode", "unchecked-hash", "-s", folder];
  // Some packages carry templates that look like Python and do not compile.
  await runPython(tree, ["-m", "compileall", ...options, folder]).catch(() => {});
}

/** The folder of the Python release in a tree of Debian packages, like `python3.11`. */
export function pythonOf(tree: string): string {
  const name = readdirSync(join(tree, "usr/lib")).find((entry) => /^python3\.\d+$/.test(entry));
  if (name === undefined) throw new Error(`There is no Python in ${tree}.`);
  return name;
}

/** Runs the Python of a tree of Debian packages as it lies there. */
function runPython(tree: string, args: readonly string[]): Promise<void> {
  const libraries = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
  const env = {
    PYTHONHOME: join(tree, "usr"),
    PYTHONNOUSERSITE: "1",
    LD_LIBRARY_PATH: join(tree, "usr/lib", libraries),
  };
  return command(join(tree, "usr/bin", pythonOf(tree)), args, env);
}

/** Moves what pip has put into one folder to where Debian's Python and its programs look. */
function spread(target: string, folder: string, python: string): void {
  const move = (from: string, to: string) => {
    cpSync(join(target, from), join(folder, to), { recursive: true, verbatimSymlinks: true });
    rmSync(join(target, from), { recursive: true });
  };
  const names = readdirSync(target);
  if (names.includes("bin")) move("bin", "usr/local/bin");
  for (const name of ["share", "etc"]) if (names.includes(name)) move(name, `usr/${name}`);
  move(".", `usr/local/lib/${python}/dist-packages`);
  for (const file of readdirSync(join(folder, "usr/local/bin")))
    ownPython(join(folder, "usr/local/bin", file));
}

/** A script names the Python that installed it; in the image that one has another place. */
function ownPython(path: string): void {
  const text = readFileSync(path, "latin1");
  if (text.startsWith("#!"))
    writeFileSync(path, text.replace(/^#!.*python.*/, "#!/usr/bin/python3"), "latin1");
  chmodSync(path, 0o755);
}

// Sources of what is compiled, stubs for editors, and maps for debuggers of browsers.
const UNUSED = /\.(c|cpp|h|hpp|pxd|pyx|pyi|map)$/;
// Dates and numbers of seven hundred languages.
const LANGUAGES = /\/babel\/locale-data\/(?!root|en)/;

/** Removes what no test image uses; with the packages' own tests it is a quarter of what is installed. */
function removeUnused(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const unused = entry.isDirectory()
      ? entry.name === "tests"
      : UNUSED.test(entry.name) || LANGUAGES.test(path);
    if (unused) rmSync(path, { recursive: true, force: true });
  }
}
