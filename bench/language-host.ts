import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { repository } from "../sandbox/layout.ts";

/**
 * Makes a `pulumi-language-nodejs` for a PATH: the engine starts it as it starts the genuine one, so that it counts among
 * the processes of the command that is measured, and so does the program that it starts.
 *
 * It is the tests' own in one file of JavaScript, compiled once where Node.js can keep that; the genuine one is a Go
 * program.
 *
 * @returns the folder for PATH
 */
export async function makeLanguageHost(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const script = join(folder, "language-host.cjs");
  const esbuild = createRequire(createRequire(import.meta.url).resolve("tsx"))("esbuild");
  await esbuild.build({
    entryPoints: [join(repository, "bench", "language-host-main.ts")],
    outfile: script,
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "node20",
    minify: true,
    logLevel: "silent",
  });
  const start = join(folder, "start.cjs");
  writeFileSync(start, START);
  const program = join(folder, "pulumi-language-nodejs");
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${start}' "$@"\n`);
  chmodSync(program, 0o755);
  return folder;
}

/** The engine kills it, and so what is compiled is written down at once. */
const START = `const nodeModule = require("node:module");
nodeModule.enableCompileCache?.(__dirname + "/compiled");
require("./language-host.cjs");
setTimeout(() => nodeModule.flushCompileCache?.(), 50);
`;
