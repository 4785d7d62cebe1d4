import assert from "node:assert/strict";
import { test } from "node:test";
import { criticalPath, doneOf } from "../../bench/critical-path.ts";
import { bareRelease, rowsOf, type Samples } from "../../bench/figures.ts";
import { foundOf, releasesOf } from "../../bench/learned.ts";
import { type Cost, cpuSeconds, measure, total } from "../../bench/measure.ts";
import { readOptions } from "../../bench/options.ts";
import { helmUpgrade, tofuConfiguration } from "../../bench/rivals.ts";
import { fit, marginalCosts, median, medianRatio, verdictOf } from "../../bench/statistics.ts";
import { comparison, markdown } from "../../bench/tables.ts";
import { onRealNodes, workloads } from "../../bench/workloads.ts";
import { parseSettings } from "../../settings/parse.ts";
import type { Registered } from "../graph/mock-engine.ts";

test("the median is the middle, or between the two middle ones", () => {
  assert.equal(median([5, 1, 3]), 3);
  assert.equal(median([4, 1, 3, 2]), 2.5);
});

test("a ratio is the median of pairs, so that a slow minute slows both sides", () => {
  assert.equal(medianRatio([1, 10, 2], [2, 20, 1]), 0.5);
});

const SIZES = [1, 10, 50, 200];

test("a fit finds the line", () => {
  const line = fit(SIZES.map((x) => [x, 3 + 0.5 * x] as const));
  assert.ok(Math.abs(line.slope - 0.5) < 1e-9 && Math.abs(line.intercept - 3) < 1e-9);
  assert.equal(Math.round(line.rSquared * 1e6) / 1e6, 1);
});

test("what one more costs tells linear from quadratic, however dear the start is, and neither from noise", () => {
  const points = (cost: (size: number) => number) => SIZES.map((size) => [size, cost(size)] as const);
  const linear = points((x) => 2 + 0.02 * x);
  const quadratic = points((x) => 2 + 1e-4 * x * x);
  const rounded = (values: readonly number[]) => values.map((value) => Math.round(value * 1e4) / 1e4);
  assert.deepEqual(rounded(marginalCosts(linear)), [0.02, 0.02, 0.02]);
  assert.deepEqual(rounded(marginalCosts(quadratic)), [0.0011, 0.006, 0.025]);
  assert.equal(verdictOf(linear, 0.1), "linear at most");
  assert.equal(verdictOf(quadratic, 0.1), "faster than linear");
  assert.equal(
    verdictOf(
      points((x) => (x === 50 ? 2.3 : 2.2)),
      0.2,
    ),
    "no growth beyond noise",
  );
});

test("options that cannot be are refused in words", () => {
  assert.deepEqual(readOptions(["scale", "--rounds", "7", "--sizes", "1,3"]).sizes, [1, 3]);
  const refusals: readonly [args: readonly string[], words: RegExp][] = [
    [["--rounds", "abc"], /--rounds is "abc"; it must be a whole number from 1 on/],
    [["--rounds", "0"], /--rounds is "0"/],
    [["--sizes", "10,1"], /--sizes is "10,1"; it must be two or more sizes/],
    [["--workloads", "dusk"], /--workloads names "dusk"; there are dask, dask-gateway/],
    [["--nodes", "some"], /--nodes is "some"/],
    [["speed"], /there is no benchmark "speed"; there are figures, scale, path/],
  ];
  for (const [args, words] of refusals) assert.throws(() => readOptions(args), words);
});

test("every workload is a sound stack file, on real nodes with a database that is there", () => {
  for (const workload of workloads)
    for (const releases of [workload.releases, workload.changed, onRealNodes(workload)]) {
      const secrets = JSON.stringify(releases).includes("external") ? { hub: { databasePassword: "p" } } : {};
      parseSettings({ cluster: { provider: "existing" }, releases, secrets });
    }
  const real = JSON.stringify(workloads.map(onRealNodes));
  assert.ok(!real.includes("external") && real.includes("sqlite"), real);
});

test("the shell's account of its children is read, whichever shell prints it", () => {
  assert.equal(cpuSeconds("0m0.00s 0m0.00s\n0m1.23s 0m0.10s\n"), 1.33);
  assert.equal(cpuSeconds("0m0.001s 0m0.002s\n2m1.500s 0m0.250s\n"), 121.75);
});

test("a command's cost counts what its children did, and a command that fails says why", async () => {
  const busy = "const end = Date.now() + 300; while (Date.now() < end);";
  const inChild = `require("node:child_process").execFileSync(process.execPath, ["-e", ${JSON.stringify(busy)}])`;
  const run = (script: string) =>
    measure({ command: [process.execPath, "-e", script], cwd: process.cwd(), env: {} });
  let cost = await run(inChild);
  // A machine that is busy with other tests may look only before the command holds anything, or after.
  for (let tries = 1; held(cost) <= 10 && tries < 10; tries++) cost = await run(inChild);
  assert.ok(cost.seconds >= 0.3, `${cost.seconds} s`);
  assert.ok(cost.cpuSeconds >= 0.02 && cost.cpuSeconds <= cost.seconds * 4, `${cost.cpuSeconds} s of CPU`);
  assert.ok(held(cost) > 10, `${cost.peakMiB} MiB`);
  await assert.rejects(
    run("console.error('no such chart'); process.exit(3)"),
    /ended with 3:\nno such chart/,
  );
});

/** MiB that a command held; only Linux tells. */
function held({ peakMiB }: Cost): number {
  return process.platform === "linux" ? (peakMiB ?? 0) : Number.POSITIVE_INFINITY;
}

test("commands one after the other cost their sum of time and the most memory of any", () => {
  const costs = [
    { seconds: 1, cpuSeconds: 0.5, peakMiB: 100 },
    { seconds: 2, cpuSeconds: 1, peakMiB: 80 },
  ];
  assert.deepEqual(total(costs), { seconds: 3, cpuSeconds: 1.5, peakMiB: 100 });
});

test("the table has medians, and ratios of ours to each other's", () => {
  const steps = (seconds: number) => {
    const cost = [{ seconds, cpuSeconds: seconds / 2, peakMiB: 10 }];
    return { "first up": cost, "second up": cost, preview: cost, change: cost, destroy: cost };
  };
  const samples: Samples = { ours: steps(2), helm: steps(4) };
  const row = rowsOf("dask", samples).find(
    ({ step, contender }) => step === "preview" && contender === "helm",
  );
  assert.deepEqual(
    [row?.seconds, row?.cpuSeconds, row?.peakMiB, row?.ratio, row?.cpuRatio],
    [4, 2, 10, 0.5, 0.5],
  );
  const table = markdown(comparison(rowsOf("dask", samples), "seconds"));
  assert.deepEqual(table.split("\n").slice(0, 3), [
    "| workload | step | ours | helm |",
    "| --- | --- | --- | --- |",
    "| dask | first up | 2 | 4 (0.50) |",
  ]);
});

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const secret = { [SIGNATURE]: "1b47061264138c4ac30d75fd1eb44270", plaintext: '{"token":"abc"}' };
const state = {
  deployment: {
    resources: [
      { type: "pulumi:pulumi:Stack" },
      {
        type: "kubernetes:helm.sh/v3:Release",
        inputs: {
          ...{ name: "hub", namespace: "team", chart: "jupyterhub", version: "4.4.0" },
          repositoryOpts: { repo: "https://example.org/charts" },
          values: { hub: secret },
        },
      },
      {
        type: "kubernetes:core/v1:Secret",
        inputs: {
          apiVersion: "v1",
          metadata: { name: "hub-1", namespace: "team", labels: { "dask-stack": "bench" } },
          data: secret,
        },
      },
    ],
  },
};

test("rivals install what the state has, secrets in plain", () => {
  const [release, ...others] = releasesOf(state);
  assert.ok(release);
  assert.deepEqual(others, []);
  assert.deepEqual(release.values, { hub: { token: "abc" } });
  const args = helmUpgrade(release, "values.json").join(" ");
  assert.match(args, /^upgrade --install hub jupyterhub --namespace team --create-namespace --wait/);
  assert.match(args, /--repo https:\/\/example.org\/charts --version 4.4.0$/);
  const configuration = JSON.stringify(tofuConfiguration([release], "/kubeconfig"));
  assert.match(configuration, /"hub":\{"name":"hub","namespace":"team","chart":"jupyterhub"/);
});

test("rivals find the Secrets that a stack of ours makes for its pods", () => {
  assert.deepEqual(foundOf(state), [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "team" } },
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "hub-1", namespace: "team" },
      data: { token: "abc" },
    },
  ]);
});

test("the bare program installs a genuine chart from its repository, in the same version", () => {
  const [release] = releasesOf(state);
  assert.ok(release);
  assert.deepEqual(bareRelease(release), {
    ...{ chart: "jupyterhub", version: "4.4.0", values: { hub: { token: "abc" } } },
    repositoryOpts: { repo: "https://example.org/charts" },
  });
});

test("the critical path is the longest chain, by value or by option, and waits for a component's children", () => {
  const resource = (name: string, more: Partial<Registered> = {}): Registered => ({
    ...{ type: "kubernetes:core/v1:Service", name, urn: `urn:${name}`, inputs: {}, parent: "" },
    ...{ dependencies: [], provider: "", ignoreChanges: [], protect: false, retainOnDelete: false },
    ...more,
  });
  const minutes: Record<string, number> = { cluster: 10, pool: 3, other: 4, release: 2 };
  const graph = [
    resource("cluster"),
    resource("nodes", { type: "dask:index:Nodes" }),
    resource("pool", { parent: "urn:nodes", dependencies: ["urn:cluster"] }),
    resource("other", { parent: "urn:nodes", dependencies: ["urn:cluster"] }),
    resource("release", { dependencies: ["urn:nodes"], provider: "urn:cluster::id" }),
  ];
  const path = criticalPath(graph, ({ name }) => minutes[name] ?? 0);
  assert.deepEqual(
    path.map(({ name, done }) => [name, done]),
    [
      ["cluster", 10],
      ["other", 14],
      ["release", 16],
    ],
  );
  assert.equal(doneOf(path), 16);
});
