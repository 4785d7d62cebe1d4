import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { isOfNetwork } from "../../sandbox/build.ts";
import { withLock } from "../../sandbox/lock.ts";
import { missingCommands } from "../../sandbox/node/prerequisites.ts";
import { inWords } from "../../sandbox/obstacle.ts";
import { attempt } from "../attempt.ts";
import { eventually } from "../eventually.ts";
import { LEVELS, levelsNamed } from "../levels.ts";
import { limited } from "../limit.ts";
import { counted, sum } from "../tally.ts";

const run = promisify(execFile);

test("levels run in the order of what they cost, and a misspelt one is refused", () => {
  assert.deepEqual(levelsNamed([]), LEVELS);
  assert.deepEqual(levelsNamed(["e2e", "unit"]), ["unit", "e2e"]);
  assert.throws(() => levelsNamed(["untit"]), /There is no level untit; there are code, unit, graph/);
});

test("what was skipped is never counted as passed", () => {
  const total = sum([
    { passed: 2, failed: 0, skipped: 0 },
    { passed: 1, failed: 1, skipped: 3 },
  ]);
  assert.equal(counted(total), "3 passed, 1 failed, 3 skipped");
  assert.equal(counted({ passed: 2, failed: 0, skipped: 0 }), "2 passed, 0 failed");
});

test("commands that a machine lacks are named with the packages that have them", () => {
  assert.equal(missingCommands([]), undefined);
  const obstacle = missingCommands(["ip", "setpriv", "unshare"]);
  assert.match(
    inWords(obstacle ?? { why: "" }),
    /no ip, setpriv, unshare .*; apt-get install iproute2 util-linux$/,
  );
  assert.equal(missingCommands(["apt-get", "ip"])?.remedy, undefined, "another distribution");
});

test("of two failures the first is told too", async () => {
  const failing = attempt(async () => {
    throw new Error("the reason");
  });
  await assert.rejects(
    failing.finally(async () => {
      throw new Error("the consequence");
    }),
    (error: AggregateError) => {
      assert.equal(error.message, "the reason\nand in the end: the consequence");
      return error.errors.length === 2;
    },
  );
  let ended = false;
  await attempt(async () => {}).finally(async () => {
    ended = true;
  });
  assert.equal(ended, true);
});

test("a command that hangs is interrupted, and the test that waits for it fails and cleans up", async () => {
  let cleaned = false;
  const hanging = async () => {
    try {
      await run("sleep", ["600"]);
    } finally {
      cleaned = true;
    }
  };
  await assert.rejects(limited(hanging, 300), (error: Error) => {
    assert.match(error.message, /still at work after/);
    return error.cause instanceof Error;
  });
  assert.equal(cleaned, true);
  await limited(async () => {}, 60_000);
});

test("a question that fails is asked again, and the last failure is told", async () => {
  const answers = [() => Promise.reject(new Error("reset")), async () => 1, async () => 2];
  const ask = () => (answers.shift() ?? (async () => 3))();
  assert.equal(await eventually(ask, (answer) => answer === 2), 2);
  const refused = () => Promise.reject(new Error("refused"));
  await assert.rejects(
    eventually(refused, () => true, 0.1),
    /Still fails after 0\.1 s: Error: refused/,
  );
});

test("a build that lacks a module is tried again, and one that does not compile is not", () => {
  const ended = (words: string) => new Error(`kube could not be built (go build ended with 1):\n${words}`);
  assert.ok(isOfNetwork(ended("reading https://mirror.example/x.zip: 502 Bad Gateway")));
  assert.ok(isOfNetwork(ended("dial tcp: lookup mirror.example: i/o timeout")));
  assert.ok(!isOfNetwork(ended("./main.go:502:3: undefined: x")));
});

test("a lock is held by one at a time, and one that names no holder is taken over", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lock-"));
  const path = join(folder, "lock");
  try {
    writeFileSync(path, "");
    const long = new Date(Date.now() - 60_000);
    utimesSync(path, long, long);
    let holders = 0;
    const work = async () => {
      assert.equal(holders++, 0);
      await sleep(20);
      holders--;
    };
    await Promise.all([withLock(path, work), withLock(path, work), withLock(path, work)]);
    assert.equal(existsSync(path), false);
    writeFileSync(path, JSON.stringify({ pid: process.pid, started: "never" }));
    await withLock(path, work);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
