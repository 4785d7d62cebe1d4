import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { repository } from "../../sandbox/layout.ts";
import { attempt } from "../attempt.ts";
import { inventory } from "./inventory.ts";
import { type Bench, chartSetting, sandboxTest } from "./sandbox.ts";

/** What a clone is made of, as far as `pulumi` needs it. */
const PARTS = [
  "components",
  "doctor",
  "providers",
  "settings",
  "deploy.ts",
  "index.ts",
  "bundle.js",
  "loader.js",
  "outputs.ts",
  "preflight",
  "charts",
  "Pulumi.yaml",
  "package.json",
];

sandboxTest(
  "pulumi up runs the entry point of a clone with the node arguments of Pulumi.yaml",
  async (bench) => {
    await inClone(bench, async (pulumi) => {
      const dask = { kind: "dask", workers: { replicas: 1 }, ...(await chartSetting("dask")) };
      const up = await pulumi.up({
        "dask:cluster": { provider: "existing" },
        "dask:releases": { "entry-point": dask },
      });
      assert.equal(up.code, 0, up.text);
      const endpoints = JSON.parse((await pulumi.run("stack", "output", "endpoints", "--json")).text);
      assert.equal(
        endpoints["entry-point"].schedulerInCluster,
        "tcp://entry-point-dask-scheduler.entry-point:8786",
      );
      const again = await pulumi.up();
      assert.match(again.text, /9 unchanged/);
    });
  },
);

const existing = { provider: "existing" };
const one = (release: object) => ({
  "dask:cluster": existing,
  "dask:releases": { bad: { kind: "dask", ...release } },
});

/** One stack file for each way in which they cannot work: what the CLI must say, without a stack trace, before anything is created. */
const rejections: readonly [title: string, config: Record<string, unknown>, words: RegExp][] = [
  [
    "an unknown key",
    one({ worker: {} }),
    /dask:releases\.bad\.worker is \{\}: unknown key; did you mean workers\?/,
  ],
  [
    "a namespace that is not ours",
    one({ namespace: { name: "taken" } }),
    /namespace is "taken": exists and is not this stack's/,
  ],
  [
    "a chart path that is missing",
    one({ chart: { path: "/no/chart" } }),
    /chart\.path is "\/no\/chart": is not there/,
  ],
  [
    "a kubeconfig that is not YAML",
    { "dask:cluster": { ...existing, kubeconfig: "bad.yaml" } },
    /bad\.yaml is not YAML/,
  ],
  [
    "a cluster that does not answer",
    { "dask:cluster": { ...existing, kubeconfig: "dead.yaml" } },
    /the cluster at https:\/\/127\.0\.0\.1:1 does not answer \(.*ECONNREFUSED/,
  ],
  [
    "secrets in plain text",
    { "dask:cluster": existing, "dask:secrets": { bad: { token: "hunter2" } } },
    /dask:secrets stands in plain text; set it with: pulumi config set --secret/,
  ],
];

sandboxTest("what cannot work is refused in words before anything is created", async (bench) => {
  await bench.kubectl("create", "namespace", "taken");
  try {
    await inClone(bench, async (pulumi) => {
      const before = await inventory(bench);
      for (const [title, config, words] of rejections) {
        const { code, text } = await pulumi.up(config);
        assert.notEqual(code, 0, title);
        assert.match(text, words, title);
        assert.doesNotMatch(text, /\n\s+at |unhandled|hunter2/, `${title}: ${text}`);
      }
      assert.deepEqual(await inventory(bench), before);
      const state = JSON.parse((await pulumi.run("stack", "export")).text);
      const registered = (state.deployment.resources ?? []).map((each: { type: string }) => each.type);
      // The engine's own: the stack, and the provider through which the program reads its old state.
      const own = ["pulumi:pulumi:Stack", "pulumi:providers:pulumi"];
      assert.deepEqual(
        registered.filter((type: string) => !own.includes(type)),
        [],
      );
    });
  } finally {
    await bench.kubectl("delete", "namespace", "taken");
  }
});

interface Clone {
  /** `pulumi up` with this `config` in the stack file, or with the config of before. */
  up(config?: Record<string, unknown>): Promise<{ code: number; text: string }>;
  run(...args: string[]): Promise<{ code: number; text: string }>;
}

/** Gives a body a copy of the project with a stack of its own, which is destroyed in the end. */
async function inClone({ sandbox }: Bench, body: (clone: Clone) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "dask-clone-"));
  for (const part of PARTS) cpSync(join(repository, part), join(folder, part), { recursive: true });
  symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "bad.yaml"), "a: [b");
  writeFileSync(join(folder, "dead.yaml"), stringify(deadCluster));
  const run: Clone["run"] = (...args) =>
    new Promise((done) => {
      const options = {
        cwd: folder,
        env: { ...process.env, ...sandbox.env, PULUMI_STACK: "clone" },
        maxBuffer: 64 * 1024 * 1024,
      };
      execFile(
        "pulumi",
        [...args, "--stack", "clone", "--non-interactive"],
        options,
        (error, stdout, stderr) => {
          done({ code: error === null ? 0 : 1, text: error === null ? stdout : stdout + stderr });
        },
      );
    });
  const up: Clone["up"] = (config) => {
    if (config !== undefined) writeFileSync(join(folder, "Pulumi.clone.yaml"), stringify({ config }));
    return run("up", "--yes", "--skip-preview");
  };
  await attempt(async () => {
    await run("stack", "init");
    await body({ up, run });
  }).finally(async () => {
    const { code, text } = await run("destroy", "--yes", "--skip-preview");
    rmSync(folder, { recursive: true, force: true });
    assert.equal(code, 0, text);
  });
}

const deadCluster = {
  "current-context": "dead",
  clusters: [{ name: "dead", cluster: { server: "https://127.0.0.1:1" } }],
  users: [{ name: "dead", user: {} }],
  contexts: [{ name: "dead", context: { cluster: "dead", user: "dead" } }],
};
