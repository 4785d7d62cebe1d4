import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { lookHere, ownNumber } from "../../doctor/processes.ts";

const lock = { username: "ada", hostname: "laptop", timestamp: "2026-01-01T00:00:00Z" };

function running(...pids: number[]): readonly number[] {
  return lookHere(pids.map((pid) => ({ ...lock, pid }))).running;
}

test("a run that holds a lock is seen alive without any program on PATH, and dead once it has ended", async () => {
  const folder = mkdtempSync(join(tmpdir(), "doctor-"));
  const path = process.env.PATH;
  const program = join(folder, "pulumi");
  // Not Node.js under that name: from version 24 on it names its process anew once it has started.
  writeFileSync(program, "#!/bin/sh\nread _\n", { mode: 0o755 });
  const child = spawn(program, { stdio: ["pipe", "ignore", "ignore"] });
  try {
    await once(child, "spawn");
    process.env.PATH = folder;
    const { pid = 0 } = child;
    assert.deepEqual(running(pid), [pid]);
    child.kill("SIGKILL");
    await once(child, "exit");
    assert.deepEqual(running(pid), []);
  } finally {
    process.env.PATH = path;
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  }
});

test("a number that another program has by now is no run", {
  skip: process.platform !== "linux",
}, async () => {
  assert.deepEqual(await running(process.pid), []);
});

test("a run in a container is known by the number that it has there", () => {
  const status = (name: string, state: string, numbers: string) =>
    `Name:\t${name}\nUmask:\t0022\nState:\t${state}\nNSpid:\t${numbers}\nThreads:\t1\n`;
  assert.deepEqual(ownNumber(status("pulumi", "S (sleeping)", "4711\t17")), [17]);
  assert.deepEqual(ownNumber(status("pulumi", "Z (zombie)", "4711\t17")), []);
  assert.deepEqual(ownNumber(status("node", "S (sleeping)", "4711\t17")), []);
  assert.deepEqual(ownNumber(status("pulumi", "S (sleeping)", "4711")), [], "not in a container");
});
