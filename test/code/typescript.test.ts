import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { repository } from "../../sandbox/layout.ts";

interface Usage {
  /** Of user and system. */
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

/** Says at the end of a Node.js program, on standard error, what it used: Node.js tells it of the process itself alone. */
const REPORT = `data:text/javascript,${encodeURIComponent(
  "process.on('exit', () => console.error(JSON.stringify(process.resourceUsage())))",
)}`;

/** Runs one of the project's own tools; fails with what it printed. */
async function tool(path: string, ...args: string[]): Promise<Usage> {
  const program = join(repository, "node_modules", path);
  const options = { cwd: repository, maxBuffer: 64 * 1024 * 1024 };
  try {
    const { stderr } = await promisify(execFile)(
      process.execPath,
      ["--import", REPORT, program, ...args],
      options,
    );
    const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(stderr.trim().split("\n").at(-1) ?? "");
    return { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakBytes: maxRSS * 1024 };
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    return assert.fail(`${stdout}${stderr}`);
  }
}

test("the project type-checks, in less than a minute of CPU and 1.5 GB of memory", async (context) => {
  const { cpuSeconds, peakBytes } = await tool("typescript/bin/tsc", "--noEmit");
  context.diagnostic(`${cpuSeconds.toFixed(1)} s of CPU, ${(peakBytes / 1e9).toFixed(2)} GB`);
  assert.ok(cpuSeconds < 60, `${cpuSeconds} s`);
  assert.ok(peakBytes < 1.5e9, `${peakBytes} bytes`);
});

test("the project is formatted and passes the linter", async () => {
  await tool("@biomejs/biome/bin/biome", "ci", ".");
});
