import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { automation } from "@pulumi/pulumi";
import { parse } from "yaml";
import { chosenCharts, genuineCharts, standIn, withStandIns } from "../../sandbox/charts.ts";
import { environmentFile, sandboxEnvironment } from "../../sandbox/environment.ts";
import { parseStat } from "../../sandbox/identity.ts";
import { cacheFolder, layoutOf, openstackRoot, repository } from "../../sandbox/layout.ts";
import { failure, summary, undestroyed } from "../../sandbox/report.ts";
import type { Nodes } from "../../sandbox/sandbox.ts";
import { stackFile } from "../../sandbox/stack.ts";
import { providerVersions } from "../../sandbox/tools.ts";

test("the providers that are built are of the versions that the SDKs ask for", () => {
  const { dependencies } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));
  for (const [name, version] of Object.entries(providerVersions))
    assert.equal(version, dependencies[`@pulumi/${name}`], name);
});

test("a stack file keeps its encryption salt when its config is written anew", () => {
  const after = parse(stackFile("encryptionsalt: v1:abc\nconfig:\n  dask:a: 1\n", { "dask:b": { c: 2 } }));
  assert.deepEqual(after, { encryptionsalt: "v1:abc", config: { "dask:b": { c: 2 } } });
});

test("every path of a sandbox lies below its folder", () => {
  for (const path of Object.values(layoutOf("/tmp/one"))) assert.match(path, /^\/tmp\/one(\/|$)/);
});

test("the cache is the user's, and a relative XDG_CACHE_HOME is ignored", () => {
  assert.equal(cacheFolder({ XDG_CACHE_HOME: "/cache" }), "/cache/pulumi-dask");
  assert.equal(cacheFolder({ XDG_CACHE_HOME: "cache" }), cacheFolder({}));
});

test("a process is told from another that got its number by its start time", () => {
  const line = (state: string) =>
    `42 (a (b) c) ${state} ${Array.from({ length: 49 }, (_, index) => index).join(" ")}`;
  assert.notEqual(parseStat(line("S")), undefined);
  assert.equal(parseStat(line("Z")), undefined);
});

test("the environment file survives a quote in a path", () => {
  assert.match(environmentFile(layoutOf("/tmp/it's"), "x"), /'\/tmp\/it'\\''s\/kubeconfig'/);
});

test("temporary files of a stack's commands go with the sandbox, and a terminal keeps its own folder for them", () => {
  const layout = layoutOf("/tmp/one");
  assert.equal(sandboxEnvironment(layout, "x", { TMPDIR: "/var/tmp" }).TMPDIR, "/tmp/one/tmp");
  assert.doesNotMatch(environmentFile(layout, "x"), /TMPDIR/);
});

test("a release without a chart of its own gets the stand-in, and one with a chart keeps it", () => {
  const path = (chart: string) => ({ path: join(repository, "test/charts", chart) });
  const config = withStandIns({
    "dask:cluster": { provider: "existing" },
    "dask:releases": {
      a: { kind: "dask" },
      b: { kind: "dask", chart: { version: "1" } },
      gateway: { kind: "dask-gateway" },
      hub: { kind: "jupyterhub" },
      both: { kind: "daskhub", chart: { version: "4" } },
      umbrella: { kind: "daskhub", distribution: "umbrella" },
      operator: { kind: "dask-operator" },
      typo: { kind: "daskhubb" },
    },
  });
  assert.deepEqual(config, {
    "dask:cluster": { provider: "existing" },
    "dask:postgres": { chart: path("cloudnative-pg") },
    "dask:releases": {
      a: { kind: "dask", chart: path("dask") },
      b: { kind: "dask", chart: { version: "1" } },
      gateway: { kind: "dask-gateway", chart: path("dask-gateway") },
      hub: { kind: "jupyterhub", chart: path("jupyterhub") },
      both: { kind: "daskhub", chart: { version: "4" }, gatewayChart: path("dask-gateway") },
      umbrella: { kind: "daskhub", distribution: "umbrella", chart: path("daskhub") },
      operator: { kind: "dask-operator", chart: path("dask-kubernetes-operator") },
      typo: { kind: "daskhubb" },
    },
  });
});

test("a folder of charts holds them unpacked, or packed in the version that the stack is written for", () => {
  const folder = mkdtempSync(join(tmpdir(), "charts-"));
  try {
    const at = (chart: "dask" | "dask-gateway") => standIn(chart, { CHARTS: folder });
    mkdirSync(join(folder, "dask"));
    for (const file of ["dask-2024.1.1.tgz", "dask-gateway-2024.1.0.tgz", "dask-gateway-2026.3.0.tgz"])
      writeFileSync(join(folder, file), "");
    assert.equal(at("dask"), join(folder, "dask"));
    assert.equal(at("dask-gateway"), join(folder, "dask-gateway-2026.3.0.tgz"));
    assert.equal(standIn("dask", { CHARTS: "stand-in" }), join(repository, "test", "charts", "dask"));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a CHARTS that is mistyped is refused with what it can be, and not taken for stand-ins", async () => {
  for (const CHARTS of ["genuine", "stand-in", repository]) assert.equal(chosenCharts({ CHARTS }), CHARTS);
  assert.equal(chosenCharts({}), undefined);
  for (const CHARTS of ["genuin", "", "test/charts"])
    assert.throws(() => standIn("dask", { CHARTS }), /^Error: CHARTS is "(genuin||test\/charts)"; it can be/);
  for (const CHARTS of ["/no/such/folder", join(repository, "package.json")])
    await assert.rejects(
      genuineCharts({ CHARTS }),
      /CHARTS is "\/.*", and there is no such folder; it can be/,
    );
});

test("the operator of Postgres keeps the chart that a stack file names", () => {
  const postgres = { namespace: "databases", chart: { version: "0.29.0" } };
  assert.deepEqual(withStandIns({ "dask:postgres": postgres })["dask:postgres"], postgres);
});

const sandbox = { root: "/tmp/one", kubeconfig: "", pulumiRoot: "", env: {} };

test("the summary never claims that simulated nodes computed, or that a smoke test passed that is none", () => {
  const facts = {
    stackName: "dev",
    genuine: false,
    chosen: undefined,
    changes: { create: 8 },
    endpoints: { dask: { scheduler: "tcp://203.0.113.1:8786" } },
    seconds: 9,
    from: "/tmp",
  };
  const summaryOf = (nodes: Nodes, ...smokeTests: string[]) =>
    summary({ ...facts, smokeTests, sandbox: { ...sandbox, nodes } });
  const simulated = summaryOf("simulated", "dask");
  assert.match(simulated, /nothing was computed/);
  assert.match(simulated, /no smoke test counts as passed/);
  assert.match(simulated, /tcp:\/\/203\.0\.113\.1:8786/);
  assert.doesNotMatch(summaryOf("real", "dask"), /simulated/);
  assert.match(summaryOf("real", "dask", "hub"), /the smoke test of dask and hub passed/);
  assert.match(summaryOf("real"), /no smoke test has run/);
});

test("the summary says why the charts are those they are", () => {
  const none = { changes: {}, endpoints: {}, smokeTests: [], seconds: 9 };
  const charts = (genuine: boolean, chosen?: string) =>
    /^Charts: +(.*)$/m.exec(
      summary({ ...none, genuine, chosen, stackName: "dev", sandbox: { ...sandbox, nodes: "real" } }),
    )?.[1];
  assert.equal(charts(true, "genuine"), "the genuine ones, from their repositories.");
  assert.match(charts(false) ?? "", /^stand-ins of test\/charts, because a chart repository does not answer/);
  assert.equal(charts(false, "stand-in"), "stand-ins of test/charts, because CHARTS says so.");
  assert.equal(charts(false, "/a/folder"), "those in /a/folder, because CHARTS says so.");
});

test("a locked stack is unlocked in the environment of where it is, and one that is not destroyed can be left", () => {
  const locked: unknown = Object.create(automation.ConcurrentUpdateError.prototype);
  assert.match(
    failure(locked, undefined, repository),
    /source \.sandbox\/env && pulumi cancel .* --stack dev$/,
  );
  assert.match(failure(locked, openstackRoot, repository), /source \.sandbox\/openstack\/env && /);
  assert.match(
    undestroyed(new Error("no"), openstackRoot).message,
    /^no\nEverything still runs\..*-- --force$/,
  );
});
