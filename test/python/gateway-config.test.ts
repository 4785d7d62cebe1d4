import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { PASSWORD_VARIABLE } from "../../components/dask-gateway/config.ts";
import { gatewayValues } from "../../components/dask-gateway/values.ts";
import { daskGateway, IMAGE_VARIABLE } from "../../settings/releases/dask-gateway.ts";
import { finish } from "./processes.ts";
import { python } from "./venv.ts";

const script = new URL("gateway_config.py", import.meta.url).pathname;
const IMAGE = "ghcr.io/dask/dask-gateway:2026.3.0";

interface Case {
  /** Settings of the release, without its kind. */
  readonly settings?: object;
  /** Options as users send them, one cluster each. */
  readonly requests?: readonly object[];
  /** The environment of the server. Default: a password is in it. */
  readonly environment?: Record<string, string>;
}

interface Cluster {
  readonly error?: string;
  readonly config: Record<string, unknown>;
  readonly pods: { readonly scheduler: Pod; readonly worker: Pod };
}
interface Pod {
  readonly metadata: { readonly annotations: Record<string, string> };
  readonly spec: {
    readonly containers: readonly {
      readonly args: readonly string[];
      readonly env: readonly { readonly name: string; readonly value?: string }[];
      readonly resources: unknown;
      readonly securityContext?: unknown;
    }[];
    readonly nodeSelector: Record<string, string>;
    readonly tolerations: readonly { readonly key?: string; readonly value?: string }[];
    readonly securityContext?: unknown;
  };
}
interface Answer {
  readonly error?: string;
  readonly specification: readonly {
    readonly field: string;
    readonly default: unknown;
    readonly spec: unknown;
  }[];
  readonly settings: Record<string, unknown>;
  readonly password: string | null;
  readonly requests: readonly Cluster[];
}

/** Runs configurations in the real server's classes; the test ends where there is no Python. */
async function answers(t: TestContext, cases: readonly Case[]): Promise<readonly Answer[] | undefined> {
  const command = await python(t);
  if (command === undefined) return undefined;
  const ended = await finish(command, [script], { input: JSON.stringify(cases.map(input)) });
  assert.equal(ended.code, 0, ended.stderr);
  return JSON.parse(ended.stdout);
}

function input({ settings = {}, requests = [], environment = { [PASSWORD_VARIABLE]: "right" } }: Case) {
  const values = gatewayValues({
    settings: daskGateway.parse({ kind: "dask-gateway", ...settings }),
    placement: (role) => ({
      nodeSelector: { pool: role },
      tolerations: [{ key: "spot", operator: "Exists" }],
    }),
    auth: { kind: "password", secret: { secret: "gate-password", key: "password" } },
    prefix: "/",
  });
  const { extraConfig, backend } = values.gateway as { extraConfig: unknown; backend: unknown };
  return { extraConfig, backend, requests, environment };
}

async function answer(t: TestContext, one: Case): Promise<Answer | undefined> {
  return (await answers(t, [one]))?.[0];
}

test("by default a cluster has limits, ends when idle, and its users may choose size, image and environment", async (t) => {
  const found = await answer(t, { requests: [{}] });
  if (found === undefined) return;
  assert.deepEqual(
    found.specification.map(({ field, default: value, spec }) => ({ field, value, spec })),
    [
      { field: "worker_cores", value: 1, spec: { type: "float", min: 1, max: 4 } },
      { field: "worker_memory", value: 4, spec: { type: "float", min: 1, max: 16 } },
      { field: "image", value: IMAGE, spec: { type: "string" } },
      { field: "environment", value: {}, spec: { type: "mapping" } },
    ],
  );
  const { config } = found.requests[0] ?? assert.fail("no cluster");
  assert.equal(config.idle_timeout, 1800);
  assert.equal(config.cluster_max_workers, 100);
  assert.equal(config.cluster_max_cores, 101);
  assert.equal(config.cluster_max_memory, 402e9);
  assert.equal(config.image, IMAGE);
});

test("a cluster of larger workers has fewer of them, so that it stays within cores and memory", async (t) => {
  const found = await answer(t, {
    settings: { limits: { workers: 10, cores: 41, memory: "82G" }, worker: { cores: 2, memory: "8G" } },
    requests: [{}, { worker_cores: 8 }, { worker_memory: 32 }, { worker_cores: 8, worker_memory: 32 }],
  });
  if (found === undefined) return;
  const workers = found.requests.map(({ config }) => config.cluster_max_workers);
  assert.deepEqual(workers, [10, 5, 2, 2]);
});

test("pods of a chosen size ask for it and are limited to it", async (t) => {
  const found = await answer(t, { requests: [{ worker_cores: 2.5, worker_memory: 9.5 }] });
  const { pods } = found?.requests[0] ?? {};
  if (pods === undefined) return;
  const size = { cpu: "2.500", memory: "9500000000" };
  const [container] = pods.worker.spec.containers;
  assert.deepEqual(container?.resources, { requests: size, limits: size });
  const args = container?.args ?? [];
  assert.equal(args[args.indexOf("--nthreads") + 1], "2");
  assert.equal(args[args.indexOf("--memory-limit") + 1], "9500000000");
});

test("what is out of range, of the wrong type or unknown is refused with the reason", async (t) => {
  const found = await answer(t, {
    settings: { options: { image: ["example.org/a:1"] } },
    requests: [
      { worker_cores: 5 },
      { worker_cores: 0.5 },
      { worker_cores: "2" },
      { worker_memory: 17 },
      { image: "example.org/b:1" },
      { environment: { A: 1 } },
      { idle_timeout: 0 },
    ],
  });
  if (found === undefined) return;
  const reasons = found.requests.map(({ error }) => error ?? "");
  const expected = [
    /worker_cores must be <= 4/,
    /worker_cores must be >= 1/,
    /worker_cores must be a float/,
    /worker_memory must be <= 16/,
    /'example.org\/b:1' is not a valid option for image/,
    /A is not text/,
    /Unknown fields \['idle_timeout'\]/,
  ];
  assert.equal(reasons.length, expected.length);
  for (const [number, reason] of reasons.entries()) assert.match(reason, expected[number] ?? /never/);
});

test("without a choice there are no options, and clusters have what the settings say", async (t) => {
  const options = { workerCores: false, workerMemory: false, image: "fixed", environment: false };
  const found = await answer(t, {
    settings: { options, image: "example.org/dask@sha256:".padEnd(88, "0"), worker: { threads: 3 } },
    requests: [{}, { image: "example.org/b:1" }],
  });
  if (found === undefined) return;
  assert.deepEqual(found.specification, []);
  assert.equal(found.requests[0]?.config.image, "example.org/dask@sha256:".padEnd(88, "0"));
  assert.equal(found.requests[0]?.config.worker_threads, 3);
  assert.match(found.requests[1]?.error ?? "", /Unknown fields/);
});

test("an idle timeout of never is zero for the server, and nothing else is", async (t) => {
  const found = await answers(t, [
    { settings: { limits: { idle: "never" } } },
    { settings: { limits: { idle: "1s" } } },
  ]);
  if (found === undefined) return;
  assert.deepEqual(
    found.map(({ settings }) => settings.idle_timeout),
    [0, 1],
  );
});

test("the password comes from the environment, and without one the server does not start", async (t) => {
  const found = await answers(t, [{}, { environment: {} }, { environment: { [PASSWORD_VARIABLE]: "" } }]);
  if (found === undefined) return;
  assert.deepEqual(
    found.map(({ password }) => password),
    ["right", undefined, undefined],
  );
  assert.match(found[1]?.error ?? "", /KeyError/);
  assert.match(found[2]?.error ?? "", /everybody would be let in/);
});

test("snippets of the settings run last, in the order of their names", async (t) => {
  const extraConfig = {
    b: "c.KubeClusterConfig.idle_timeout *= 2",
    a: "c.KubeClusterConfig.idle_timeout = 10.0",
  };
  const found = await answer(t, { settings: { gateway: { extraConfig } } });
  assert.equal(found?.settings.idle_timeout ?? 20, 20);
});

test("schedulers and workers run where their role says, on nodes set aside for them, without privileges", async (t) => {
  const found = await answer(t, { requests: [{}] });
  const { pods } = found?.requests[0] ?? {};
  if (pods === undefined) return;
  for (const role of ["scheduler", "worker"] as const) {
    const { spec }: Pod = pods[role];
    assert.deepEqual(spec.nodeSelector, { pool: role });
    assert.deepEqual(
      spec.tolerations.map(({ key, value }) => `${key}=${value}`),
      ["spot=undefined", `k8s.dask.org/dedicated=${role}`, `k8s.dask.org_dedicated=${role}`],
    );
    assert.deepEqual(spec.securityContext, {
      runAsNonRoot: true,
      runAsUser: 1000,
      seccompProfile: { type: "RuntimeDefault" },
    });
    assert.deepEqual(spec.containers[0]?.securityContext, {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
    });
  }
  const annotations = { "cluster-autoscaler.kubernetes.io/safe-to-evict": "false" };
  assert.deepEqual(pods.scheduler.metadata.annotations, annotations);
  assert.deepEqual(pods.worker.metadata.annotations, {});
});

test("any text of the settings and of users reaches the pods as it is and never runs", async (t) => {
  const text = fc.string({ unit: "binary", maxLength: 40 });
  const nasty = fc.oneof(
    text,
    fc.constantFrom('"""', "'''", "\\", '\\"', "\n", "\r\n", "\u2028", "{{ x }}", "%s"),
  );
  const environment = fc.dictionary(fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,9}$/), nasty, { maxKeys: 4 });
  const samples = fc.sample(fc.record({ ours: environment, theirs: environment }), { numRuns: 150, seed: 4 });
  const found = await answers(
    t,
    samples.map(({ ours, theirs }) => ({
      settings: { environment: ours },
      requests: [{ environment: theirs }],
    })),
  );
  if (found === undefined) return;
  for (const [number, { ours, theirs }] of samples.entries()) {
    const cluster: Cluster | undefined = found[number]?.requests[0];
    const wanted = { ...ours, ...theirs, [IMAGE_VARIABLE]: IMAGE };
    assert.deepEqual(cluster?.config.environment, wanted);
  }
});

test("whatever the limits and sizes, no cluster passes them and every offered size can be had", async (t) => {
  const cores = fc.integer({ min: 1, max: 160 }).map((tenths) => tenths / 10);
  const gigabytes = fc.integer({ min: 1, max: 64 });
  const settings = fc.record({
    scheduler: fc.record({ cores, memory: gigabytes.map((size) => `${size}G`) }),
    worker: fc.record({ cores, memory: gigabytes.map((size) => `${size}G`) }),
    limits: fc.record({ workers: fc.integer({ min: 1, max: 500 }) }),
  });
  const samples = fc.sample(settings, { numRuns: 150, seed: 4 });
  const plain = await answers(
    t,
    samples.map((settings) => ({ settings, requests: [{}] })),
  );
  if (plain === undefined) return;
  const largest = plain.map(({ specification }) =>
    Object.fromEntries(
      specification.flatMap(({ field, spec }) =>
        typeof spec === "object" && spec !== null && "max" in spec ? [[field, spec.max]] : [],
      ),
    ),
  );
  const found = await answers(
    t,
    samples.map((settings, number) => ({ settings, requests: [largest[number] ?? {}] })),
  );
  for (const [number, { limits, scheduler }] of samples.entries()) {
    assert.equal(plain[number]?.requests[0]?.config.cluster_max_workers, limits.workers);
    const { config, error } = found?.[number]?.requests[0] ?? {};
    assert.equal(error, undefined);
    const used = Number(config?.cluster_max_workers) * Number(config?.worker_cores) + scheduler.cores;
    assert.ok(used <= Number(config?.cluster_max_cores) + 1e-6, JSON.stringify(samples[number]));
    const memory = Number(config?.cluster_max_workers) * Number(config?.worker_memory);
    assert.ok(memory + Number(config?.scheduler_memory) <= Number(config?.cluster_max_memory));
  }
});
