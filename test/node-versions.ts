import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, repository } from "../sandbox/layout.ts";

// npm run test:nodes: the unit and graph tests on every version of Node.js that the project supports.

const VERSIONS = ["20.19", "22", "24"];

/** Brings a version of Node.js from its npm package into the user's cache; answers the program's path. */
function node(version: string): string {
  const folder = join(cacheFolder(), "node", version);
  const program = join(folder, "node_modules", "node", "bin", "node");
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  const pack = `node@npm:node-${process.platform}-${process.arch}@${version}`;
  const { status } = spawnSync(
    "npm",
    ["install", "--no-save", "--no-audit", "--no-fund", "--prefix", folder, pack],
    {
      stdio: "inherit",
      cwd: folder,
    },
  );
  if (status !== 0)
    throw new Error(`npm has no Node.js ${version} for ${process.platform} on ${process.arch}`);
  return program;
}

for (const version of VERSIONS) {
  const program = node(version);
  console.log(`Node.js ${version}: ${program}`);
  const args = ["--import", "tsx/esm", join(repository, "test", "run.ts"), "unit", "graph"];
  const { status } = spawnSync(program, args, { cwd: repository, stdio: "inherit" });
  if (status !== 0) {
    process.exitCode = 1;
    break;
  }
}
