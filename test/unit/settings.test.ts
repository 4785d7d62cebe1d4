import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSettings } from "../../settings/parse.ts";
import { SettingsError } from "../../settings/problems.ts";
import { printable, show } from "../../settings/quantities.ts";

/** The problems of a stack file, a line each. */
export function problems(input: unknown): string[] {
  try {
    parseSettings(input);
  } catch (error) {
    assert.ok(error instanceof SettingsError, String(error));
    return error.message
      .split("\n")
      .slice(1)
      .map((line) => line.trim());
  }
  return [];
}

const existing = { provider: "existing", expose: "LoadBalancer" };
const withDask = (dask: object, more: object = {}) => ({
  cluster: existing,
  releases: { batch: { kind: "dask", ...dask } },
  ...more,
});

test("the smallest stack file gets every default", () => {
  const settings = parseSettings({
    cluster: { provider: "existing" },
    releases: { batch: { kind: "dask" } },
  });
  assert.deepEqual(settings, {
    cluster: { provider: "existing", expose: "ClusterIP", placement: {} },
    releases: {
      batch: {
        kind: "dask",
        chart: {},
        values: {},
        timeout: "15m",
        restricted: true,
        image: {
          repository: "ghcr.io/dask/dask",
          notebook: "ghcr.io/dask/dask-notebook",
          tag: "2025.11.0",
          pullSecrets: [],
        },
        scheduler: { cores: 1, memory: "2G" },
        workers: { replicas: 3, cores: 1, memory: "4G", deathTimeout: "60s", arguments: [] },
        workerGroups: {},
        packages: { apt: [], conda: [], pip: [] },
        environment: {},
        jupyter: { cores: 1, memory: "2G", rbac: false },
      },
    },
    smokeTest: true,
    liveChecks: true,
    secrets: {},
    ...extras(settings),
  });
});

/** Top-level settings that other kinds bring along have defaults of their own; their tests look at them. */
function extras(settings: object): object {
  const known = ["cluster", "releases", "smokeTest", "liveChecks", "secrets"];
  return Object.fromEntries(Object.entries(settings).filter(([key]) => !known.includes(key)));
}

test("jupyter: false and true, and a namespace by name, are short for the long forms", () => {
  const { releases } = parseSettings(withDask({ jupyter: false, namespace: "team" }));
  assert.equal(releases.batch?.kind === "dask" && releases.batch.jupyter, undefined);
  assert.deepEqual(releases.batch?.namespace, { name: "team", create: true });
});

/** Every rejection: what is wrong in a file, and the one line that says so. */
const rejections: readonly [title: string, input: unknown, line: RegExp][] = [
  [
    "no cluster",
    {},
    /^dask:cluster is missing; set it to a map of keys, with provider one of existing, gke, eks, magnum/,
  ],
  [
    "a misspelt provider",
    { cluster: { provider: "existng" } },
    /^dask:cluster\.provider is "existng": must be one of existing, .*did you mean existing\?/,
  ],
  [
    "a misspelt kind",
    withDask({ kind: "dsk" }),
    /^dask:releases\.batch\.kind is "dsk": must be one of dask, .*; did you mean dask\?/,
  ],
  [
    "no kind",
    { cluster: existing, releases: { batch: {} } },
    /^dask:releases\.batch\.kind is missing; set it to one of dask, /,
  ],
  [
    "an unknown key",
    withDask({ worker: {} }),
    /^dask:releases\.batch\.worker is \{\}: unknown key; did you mean workers\? Known here: chart, /,
  ],
  [
    "an unknown key at the top",
    { cluster: existing, relases: {} },
    /^dask:relases is \{\}: unknown key; did you mean releases\?/,
  ],
  [
    "an unknown key of nothing near",
    withDask({ workers: { gpus: 1 } }),
    /^dask:releases\.batch\.workers\.gpus is 1: unknown key; remove it\. Known here: arguments, cores/,
  ],
  [
    "memory in Gi",
    withDask({ workers: { memory: "4Gi" } }),
    /^dask:releases\.batch\.workers\.memory is "4Gi": must be a number with K, M, G or T, like 512M or 4G; write 4G$/,
  ],
  [
    "memory without a unit",
    withDask({ workers: { memory: "4" } }),
    /memory is "4": must be a number with K, M, G or T.*; write 4G$/,
  ],
  [
    "memory as a number",
    withDask({ workers: { memory: 4 } }),
    /memory is 4: must be text with a unit, K, M, G or T; write 4G$/,
  ],
  [
    "no memory at all",
    withDask({ workers: { memory: "0G" } }),
    /memory is "0G": must be a number with K, M, G or T/,
  ],
  [
    "cores as text",
    withDask({ workers: { cores: "500m" } }),
    /cores is "500m": must be a number of CPU cores, like 2 or 0\.5; leave out the quotes and the m$/,
  ],
  ["zero cores", withDask({ workers: { cores: 0 } }), /cores is 0: must be more than 0; write the cores/],
  [
    "a negative number of workers",
    withDask({ workers: { replicas: -1 } }),
    /replicas is -1: must be at least 0; raise it$/,
  ],
  [
    "half a worker",
    withDask({ workers: { replicas: 1.5 } }),
    /replicas is 1\.5: must be a whole number; change it$/,
  ],
  [
    "a duration without a unit",
    withDask({ timeout: 900 }),
    /timeout is 900: must be text with a unit, s, m, h or d; write 30m$/,
  ],
  [
    "a duration in words",
    withDask({ timeout: "ten minutes" }),
    /timeout is "ten minutes": must be a whole number with s, m, h or d; write 30m$/,
  ],
  [
    "zero workers with a smoke test on",
    withDask({ workers: { replicas: 0 } }),
    /workers\.replicas is 0: leaves the smoke test without workers; use at least 1, or set smokeTest: false$/,
  ],
  [
    "a release name that is no DNS label",
    { cluster: existing, releases: { My_Dask: { kind: "dask" } } },
    /^dask:releases\.My_Dask is .*not a name that can be used: must be lower-case letters, digits and dashes/,
  ],
  [
    "a release name too long for the chart's Services",
    { cluster: existing, releases: { ["x".repeat(45)]: { kind: "dask" } } },
    /has 45 characters and names that follow from it would be too long; use at most 39$/,
  ],
  [
    "a scheduler on a load balancer without allowFrom",
    withDask({ scheduler: { expose: "LoadBalancer" } }),
    /scheduler\.expose is "LoadBalancer": exposes a service that runs anybody's code; add allowFrom/,
  ],
  [
    "a notebook on a load balancer without allowFrom",
    withDask({ jupyter: { expose: "LoadBalancer" } }),
    /jupyter\.expose is "LoadBalancer": exposes a service that runs anybody's code; add allowFrom/,
  ],
  [
    "source ranges on a NodePort",
    withDask({ scheduler: { expose: { type: "NodePort", allowFrom: ["10.0.0.0/8"] } } }),
    /scheduler\.expose .*cannot keep others out: a NodePort has no source ranges/,
  ],
  [
    "an address on a NodePort",
    withDask({ scheduler: { expose: { type: "NodePort", allowFrom: ["0.0.0.0/0"], address: "1.2.3.4" } } }),
    /takes no address on a NodePort; remove address$/,
  ],
  [
    "allowFrom without a network",
    withDask({ scheduler: { expose: { allowFrom: ["10.0.0.7"] } } }),
    /allowFrom\[0\] is "10\.0\.0\.7": must be a network in CIDR notation; write 203\.0\.113\.7\/32 for one address$/,
  ],
  [
    "exposing on a cluster that exposes nothing",
    {
      ...withDask({ scheduler: { expose: { allowFrom: ["10.0.0.0/8"] } } }),
      cluster: { provider: "existing" },
    },
    /exposes nothing, because dask:cluster\.expose is ClusterIP; set that to LoadBalancer or NodePort$/,
  ],
  [
    "a load balancer on a cluster of NodePorts",
    {
      ...withDask({ scheduler: { expose: { type: "LoadBalancer", allowFrom: ["10.0.0.0/8"] } } }),
      cluster: { provider: "existing", expose: "NodePort" },
    },
    /asks for LoadBalancer, and dask:cluster\.expose says NodePort; change one of them$/,
  ],
  [
    "the tag latest",
    withDask({ image: { tag: "latest" } }),
    /image\.tag is "latest": must be a fixed tag, not latest; name a release$/,
  ],
  [
    "packages by environment",
    withDask({ environment: { EXTRA_PIP_PACKAGES: "s3fs" } }),
    /environment\.EXTRA_PIP_PACKAGES is set by packages; name the packages there$/,
  ],
  [
    "a token in plain settings",
    withDask({ environment: { JUPYTER_TOKEN: "hunter2" } }),
    /environment\.JUPYTER_TOKEN is generated by the stack and must not stand in plain settings; remove it$/,
  ],
  [
    "the scheduler's address by environment",
    withDask({ environment: { DASK_SCHEDULER_ADDRESS: "tcp://other:8786" } }),
    /environment\.DASK_SCHEDULER_ADDRESS is set by the chart to the release's own scheduler; remove it$/,
  ],
  [
    "other names in values",
    withDask({ values: { nameOverride: "x" } }),
    /batch\.values\.nameOverride is "x": changes the names that the stack relies on; remove it$/,
  ],
  [
    "a release name from which no Service can be named",
    { cluster: existing, releases: { "1st": { kind: "dask" } } },
    /^dask:releases\.1st .*must start with a letter, because Services are named after it; rename it, like r1st$/,
  ],
  [
    "a group's selector that the chart would add to",
    {
      ...withDask({ workerGroups: { big: { placement: { nodeSelector: { disk: "fast" } } } } }),
      cluster: { ...existing, placement: { worker: { nodeSelector: { pool: "w", disk: "any" } } } },
    },
    /workerGroups\.big\.placement\.nodeSelector .*leaves out pool, which the chart adds from dask:cluster\.placement\.worker; name the value/,
  ],
  [
    "a group without tolerations that would get the workers'",
    {
      ...withDask({ workerGroups: { big: { placement: {} } } }),
      cluster: { ...existing, placement: { worker: { tolerations: [{ operator: "Exists" }] } } },
    },
    /workerGroups\.big\.placement\.tolerations .*is empty, so the chart takes those of .*; name at least one/,
  ],
  [
    "a system namespace as one's own",
    withDask({ namespace: "default" }),
    /namespace is "default": is the cluster's own; write \{ name: default, create: false \} to use it$/,
  ],
  [
    "a name that secrets need",
    { cluster: existing, releases: { cluster: { kind: "dask" } } },
    /^dask:releases\.cluster .*is a name that dask:secrets needs itself; choose another$/,
  ],
  [
    "two kubeconfigs",
    { cluster: { ...existing, kubeconfig: "k" }, secrets: { cluster: { kubeconfig: "k" } } },
    /^dask:cluster\.kubeconfig is "k": must not be set beside the inline kubeconfig/,
  ],
  [
    "a chart repository that is no URL",
    withDask({ chart: { repo: "helm" } }),
    /chart\.repo is "helm": must be a URL; write https:\/\/host\/path or oci:\/\/host\/path$/,
  ],
  [
    "smokeTest in words",
    { cluster: existing, smokeTest: "maybe" },
    /^dask:smokeTest is "maybe": must be a boolean; change it$/,
  ],
];

for (const [title, input, line] of rejections) {
  test(`refused: ${title}`, () => {
    const found = problems(input);
    assert.equal(found.length, 1, found.join("\n"));
    assert.match(found[0] ?? "", line);
  });
}

test("all errors of a file are reported together, rules of sound releases included", () => {
  const found = problems({
    cluster: existing,
    releases: {
      bad: { kind: "dask", workers: { memory: "4Gi", thread: 1 } },
      open: { kind: "dask", scheduler: { expose: "LoadBalancer" } },
    },
    smoketest: true,
  });
  assert.deepEqual(
    found.map((line) => line.split(" ")[0]),
    [
      "dask:releases.bad.workers.memory",
      "dask:releases.bad.workers.thread",
      "dask:smoketest",
      "dask:releases.open.scheduler.expose",
    ],
  );
});

test("two releases of one namespace must not make the same objects", () => {
  const same = { kind: "dask", namespace: "team" };
  assert.match(
    problems({ cluster: existing, releases: { a: same, "a-dask": same } })[0] ?? "",
    /^dask:releases\.a-dask and a would both make the objects named a-dask-\* in namespace team; rename one/,
  );
  const withRbac = { ...same, jupyter: { rbac: true } };
  assert.match(
    problems({ cluster: existing, releases: { a: withRbac, b: withRbac } })[0] ?? "",
    /the one ServiceAccount of jupyter\.rbac/,
  );
  assert.deepEqual(problems({ cluster: existing, releases: { a: same, b: same } }), []);
});

test("a namespace is either made or used, not both", () => {
  const found = problems({
    cluster: existing,
    releases: {
      a: { kind: "dask", namespace: "team" },
      b: { kind: "dask", namespace: { name: "team", create: false } },
    },
  });
  assert.match(
    found[0] ?? "",
    /^dask:releases\.b\.namespace is "team": has create: true in one release and false in another/,
  );
});

test("secrets that belong to no release are refused, with the release that was meant", () => {
  const found = problems(withDask({}, { secrets: { bach: { token: "hunter2" }, cluster: {} } }));
  assert.deepEqual(found, [
    "dask:secrets.bach names no release; did you mean batch? Known here: cluster, batch.",
  ]);
});

test("an error moves no cursor and turns no text: what a terminal would obey stands escaped", () => {
  const odd = "\u001b[31m\u009b\u202e\u2028";
  const shown = '"\\u001b[31m\\u009b\\u202e\\u2028"';
  const file = { cluster: { provider: "existing", [odd]: odd }, releases: { batch: { kind: odd } } };
  const [unknown = "", kind = "", ...others] = problems(file);
  assert.deepEqual(others, []);
  assert.ok(unknown.startsWith(`dask:cluster[${shown}] is ${shown}: unknown key`), unknown);
  assert.ok(kind.startsWith(`dask:releases.batch.kind is ${shown}: must be one of`), kind);
});

test("a value is cut between characters", () => {
  assert.equal(show(`${"a".repeat(55)}🐘${"b".repeat(9)}`), `"${"a".repeat(55)}...`);
  assert.equal(show("\ud800"), '"\\ud800"');
  assert.equal(printable("\ud800 \u{e0041}"), "\\ud800 \\udb40\\udc41");
});

test("an error never shows a secret", () => {
  const found = problems(withDask({}, { secrets: { batch: { password: 12345 } } }));
  assert.equal(found.length, 1);
  assert.doesNotMatch(found.join(), /12345/);
});
