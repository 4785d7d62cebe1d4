import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { repository } from "../../sandbox/layout.ts";

/** Runs one of the project's own tools; fails with what it printed. */
function tool(name: string, ...args: string[]): void {
  try {
    execFileSync(join(repository, "node_modules", ".bin", name), args, { cwd: repository, encoding: "utf8" });
  } catch (error) {
    assert.fail(String((error as { stdout?: string }).stdout));
  }
}

test("the project type-checks", () => tool("tsc", "--noEmit"));

test("the project is formatted and passes the linter", () => tool("biome", "ci", "."));
