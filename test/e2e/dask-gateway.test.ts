import assert from "node:assert/strict";
import type { OutputMap, Stack } from "@pulumi/pulumi/automation/index.js";
import { attempt } from "../attempt.ts";
import { eventually } from "../eventually.ts";
import { isOfDefinition, removeDefinitions } from "../stack/definitions.ts";
import { type Bench, chartSetting, outputOf } from "../stack/sandbox.ts";
import { watch } from "../stack/updates.ts";
import { type GatewayUser, gatewayUser, IMAGE, type Ordered, userPod } from "./gateway-user.ts";
import { everything, leftSince } from "./hub-stack.ts";
import { apply, inNamespace, nobodyAnswers, ready, realTest, smokeTestResult } from "./node.ts";
import { assertNoSecretShown } from "./pod-secrets.ts";

const LIMITS = { workers: 3, cores: 3, memory: "2G" } as const;

realTest(
  "a gateway lets in who knows the password, gives what is asked within its limits, and leaves nothing",
  ["dask-gateway"],
  async (bench, context) => {
    const before = await everything(bench);
    const chart = await chartSetting("dask-gateway");
    const config = (edits: object = {}) => ({
      "dask:cluster": { provider: "existing", expose: "LoadBalancer" },
      "dask:releases": { gate: { ...smallGateway, ...chart, ...edits } },
    });
    const start = Date.now();
    let address = "";
    await inNamespace(bench, "clients", async () => {
      await apply(bench, userPod);
      const stack = await bench.open("gate", config());
      await attempt(async () => {
        const { outputs } = await stack.up();
        const result = await smokeTestResult<SmokeTestResult>(bench, "gate");
        assert.ok(Math.abs(result.mean - 10) < 0.01, `${result.mean}`);
        assert.deepEqual([result.workers, result.image], [2, IMAGE]);
        context.diagnostic(
          `first Dask result ${Math.round((Date.now() - start) / 1000)} s after the start of up, ` +
            `${result.secondsToFirstResult} s after the test asked for a cluster`,
        );
        assert.deepEqual(await changedBy(stack), []);
        await stack.refresh();
        assert.deepEqual(await changedBy(stack), [], "after a refresh");

        const { gateway, password } = accessOf(outputs);
        address = gateway;
        await ready(bench, "clients", "ada");
        const ada = gatewayUser(bench, gateway, password);
        await passwordNeeded(bench, gateway, password);
        await optionsApplied(bench, ada);
        await limitsKept(bench, ada);
        await assertNoSecretShown(bench, "gate", ["gate"]);

        const kept = await ada<Ordered>("order", {}, 1);
        await bench.open("gate", config({ limits: { ...LIMITS, idle: "5s" }, smokeTest: false }));
        assert.deepEqual(await changedBy(stack), ["delete gate-smoke-test", "update gate"]);
        const states = await ada<string[]>("idle");
        assert.equal(states.at(-1), "STOPPED", states.join());
        assert.deepEqual(await ada("running"), [kept.name], "a cluster keeps the limits that it began with");
      }).finally(async () => {
        const end = Date.now();
        await stack.destroy({ remove: true });
        context.diagnostic(`destroy took ${Math.round((Date.now() - end) / 1000)} s`);
      });
    });
    const left = await leftSince(bench, before);
    assert.deepEqual(
      left.filter((each) => !isOfDefinition(each)),
      [],
    );
    await nobodyAnswers(address);
    await removeDefinitions(bench);
    assert.deepEqual(await leftSince(bench, before), []);
  },
);

realTest(
  "a gateway in a namespace that stays ends its clusters before it goes",
  ["dask-gateway"],
  async (bench) => {
    const chart = await chartSetting("dask-gateway");
    const lent = { namespace: { name: "lent", create: false }, smokeTest: false };
    const config = {
      "dask:cluster": { provider: "existing", expose: "LoadBalancer" },
      "dask:releases": { gate: { ...smallGateway, ...chart, ...lent } },
    };
    await inNamespace(bench, "clients", async () => {
      await apply(bench, userPod);
      await inNamespace(bench, "lent", async () => {
        const before = await everything(bench);
        const stack = await bench.open("gate", config);
        await attempt(async () => {
          const { gateway, password } = accessOf((await stack.up()).outputs);
          await ready(bench, "clients", "ada");
          const { name } = await gatewayUser(bench, gateway, password)<Ordered>("order", {}, 1);
          assert.equal((await workerPods(bench, name)).length, 1);
        }).finally(async () => {
          await stack.destroy({ remove: true });
        });
        const left = async () => (await leftSince(bench, before)).filter((each) => !isOfDefinition(each));
        // What a pod of the cluster owned goes a moment after it.
        await eventually(left, (objects) => objects.length === 0);
      });
    });
    await removeDefinitions(bench);
  },
);

/** A gateway whose clusters fit on two cores: what a pod may use is more than what is set aside for it. */
const smallGateway = {
  kind: "dask-gateway",
  expose: { allowFrom: ["10.0.0.0/8"] },
  scheduler: { cores: 0.5, memory: "512M" },
  worker: { cores: 0.5, memory: "400M" },
  options: { workerCores: { max: 2 } },
  limits: LIMITS,
  values: { gateway: { backend: { scheduler: setAside("100m"), worker: setAside("100m") } } },
} as const;

function setAside(cpu: string): object {
  return { extraContainerConfig: { resources: { requests: { cpu } } } };
}

/** What one more up changes. */
async function changedBy(stack: Stack): Promise<string[]> {
  const watched = watch();
  await stack.up(watched);
  return watched.done();
}

interface SmokeTestResult {
  readonly mean: number;
  readonly workers: number;
  readonly image: string;
  readonly secondsToFirstResult: number;
}

function accessOf(outputs: OutputMap): { gateway: string; password: string } {
  const of = (output: string) => (outputOf(outputs, output) as Record<string, Record<string, string>>).gate;
  const { gateway = "" } = of("endpoints") ?? {};
  const { password = "" } = of("credentials") ?? {};
  return { gateway, password };
}

async function passwordNeeded(bench: Bench, gateway: string, password: string): Promise<void> {
  const status = async (word: string) => {
    const authorization = `Basic ${Buffer.from(`ada:${word}`).toString("base64")}`;
    return (await fetch(`${gateway}/api/v1/options`, { headers: { authorization } })).status;
  };
  for (const wrong of ["dask", "", password.slice(1)]) {
    assert.equal(await status(wrong), 401);
    assert.equal(await gatewayUser(bench, gateway, wrong)("enter"), 401);
  }
  assert.equal(await status(password), 200);
  const options = ["environment", "image", "worker_cores", "worker_memory"];
  assert.deepEqual(await gatewayUser(bench, gateway, password)("enter"), options);
}

/** Two cores asked, two cores got: of the pod, of the kernel and of Dask. */
async function optionsApplied(bench: Bench, ada: GatewayUser): Promise<void> {
  const variable = { ASKED: "yes" };
  const options = { worker_cores: 2, worker_memory: 0.6, environment: variable };
  const { name, said, workers, sum } = await ada<Ordered>("order", options, 2);
  assert.equal(sum, 6);
  assert.match(said.join(), /request of 2 workers would exceed resource limit of 1 workers/);
  const [worker] = workers;
  assert.deepEqual([workers.length, worker?.threads, worker?.cores], [1, 2, 2]);
  assertMemory(worker?.memory, 600e6);
  assert.deepEqual(await workerPods(bench, name), [{ cpu: "2", memory: "600M" }]);
  await ada("end", name);
}

/** One worker more than the number, the cores (above) or the memory of a cluster is refused, and the others come. */
async function limitsKept(bench: Bench, ada: GatewayUser): Promise<void> {
  const large = await ada<Ordered>("order", { worker_memory: 0.7 }, 3);
  assert.match(large.said.join(), /request of 3 workers would exceed resource limit of 2 workers/);
  for (const { memory } of large.workers) assertMemory(memory, 700e6);
  assert.deepEqual(await workerPods(bench, large.name), Array(2).fill({ cpu: "500m", memory: "700M" }));
  await ada("end", large.name);

  const many = await ada<Ordered>("order", {}, 4);
  assert.match(many.said.join(), /request of 4 workers would exceed resource limit of 3 workers/);
  assert.deepEqual(await workerPods(bench, many.name), Array(3).fill({ cpu: "500m", memory: "400M" }));
  await ada("end", many.name);

  for (const options of [{ worker_cores: 2.5 }, { worker_cores: 0.1 }, { worker_memory: 2 }]) {
    const { refused = "" } = await ada<Ordered>("order", options, 1);
    assert.match(refused, /worker_(cores|memory)/);
  }
  assert.deepEqual(await ada("running"), []);
}

/** Bytes of a page of memory: the kernel cuts a limit to whole ones. */
const PAGE = 4096;

function assertMemory(got: number | undefined, asked: number): void {
  assert.ok(got !== undefined && got <= asked && asked - got < PAGE, `${got} bytes of ${asked}`);
}

/** What the workers of a cluster may use; `name` is `<namespace>.<cluster>`. */
async function workerPods({ kubectl }: Bench, name: string): Promise<unknown[]> {
  const [namespace = "", cluster = ""] = name.split(".");
  const labels = `gateway.dask.org/cluster=${cluster},app.kubernetes.io/component=dask-worker`;
  const { items } = JSON.parse(await kubectl("get", "pods", "-n", namespace, "-l", labels, "-o", "json")) as {
    items: { spec: { containers: { resources: { limits: unknown } }[] } }[];
  };
  return items.map(({ spec }) => spec.containers[0]?.resources.limits);
}
