import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildAll, builtPath } from "../build.ts";
import { unpackedPackages } from "../node/debian.ts";
import type { Tool } from "../tools.ts";
import { BASE, base, removeUnread } from "./base.ts";
import { command, type Layer } from "./layers.ts";
import { installPython } from "./python.ts";

// The kinds of layers that lie on the base.

/** Python packages from PyPI with all they need, in the versions of `constraints/<name>.txt`; `requirements` as pip takes them. */
export function pythonLayer(name: string, requirements: readonly string[]): Layer {
  const constraints = join(CONSTRAINTS, `${name}.txt`);
  return {
    name,
    recipe: [requirements, readFileSync(constraints, "utf8")],
    needs: [base],
    fill: async (folder, log) =>
      installPython(await unpackedPackages(BASE, log), { requirements, constraints }, folder, log),
  };
}

const CONSTRAINTS = join(dirname(fileURLToPath(import.meta.url)), "constraints");

/** One static program at `path`, built from its Go module, with symbolic links of other names to it. */
export function programLayer(tool: Tool, path: string, links: readonly string[] = []): Layer {
  return {
    name: tool.name,
    // The folder in the cache is named after all that decides what the program is.
    recipe: [builtPath(tool).split("/").at(-2), path, links],
    needs: [],
    async fill(folder, log) {
      await buildAll([tool], log);
      cpSync(builtPath(tool), join(folder, path));
      for (const link of links) {
        mkdirSync(join(folder, link, ".."), { recursive: true });
        symlinkSync(`/${path}`, join(folder, link));
      }
    },
  };
}

/** A program from npm, with the Node.js that runs this project. */
export function nodeProgramLayer(name: string, version: string): Layer {
  return {
    name,
    recipe: [name, version, process.version],
    needs: [base],
    async fill(folder) {
      const prefix = join(folder, "usr/local");
      const quiet = ["--no-audit", "--no-fund", "--omit=dev", "--loglevel=error"];
      await command("npm", ["install", ...quiet, "--global", `--prefix=${prefix}`, `${name}@${version}`]);
      cpSync(process.execPath, join(prefix, "bin/node"));
    },
  };
}

/** Debian packages with all they need that the base has not. */
export function debianLayer(name: string, packages: readonly string[]): Layer {
  const set = { name, packages, without: UNUSED };
  return {
    name,
    recipe: set,
    needs: [base],
    async fill(folder, log) {
      const below = await unpackedPackages(BASE, log);
      await command("cp", ["-a", `${await unpackedPackages(set, log)}/.`, folder]);
      removeUnread(folder);
      removeWhatIsBelow(folder, below);
    },
  };
}

// Needed by installation scripts only, which do not run; and the compiler that Postgres does without.
const UNUSED = [
  "perl",
  "libperl",
  "debconf",
  "dpkg",
  "libllvm",
  "libz3",
  "locales",
  "ssl-cert",
  "postgresql-common",
  "postgresql-client-common",
];

function removeWhatIsBelow(folder: string, below: string): void {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((each) => !each.isDirectory())) {
    const path = join(entry.parentPath, entry.name);
    if (existsSync(join(below, path.slice(folder.length)))) rmSync(path);
  }
}
