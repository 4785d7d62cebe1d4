import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parse, stringify } from "yaml";
import { inventory } from "./inventory.ts";
import { changes, chartSetting, outputOf, sandboxTest } from "./sandbox.ts";

const cluster = { provider: "existing", expose: "LoadBalancer" };

sandboxTest(
  "up creates, up again changes nothing, an edit changes what it must, destroy leaves nothing",
  async (bench) => {
    const chart = await chartSetting("dask");
    const config = (dask: object) => ({
      "dask:cluster": cluster,
      "dask:releases": { "life-cycle": { kind: "dask", workers: { replicas: 2 }, ...chart, ...dask } },
    });
    const before = await inventory(bench);
    const stack = await bench.open("life-cycle", config({}));
    try {
      assert.deepEqual(changes((await stack.up()).summary.resourceChanges), { create: 9 });
      const pods = await bench.kubectl("get", "pods", "-n", "life-cycle", "-o", "name");
      assert.equal(pods.split("\n").length, 5, pods);
      assert.equal(await jobCondition(bench, "life-cycle"), "Complete");

      assert.deepEqual(changes((await stack.up()).summary.resourceChanges), {});
      await stack.refresh();
      assert.deepEqual(changes((await stack.up()).summary.resourceChanges), {}, "after a refresh");

      await bench.open("life-cycle", config({ workers: { replicas: 3 } }));
      assert.deepEqual(changes((await stack.up()).summary.resourceChanges), { update: 1, replace: 1 });
      const ready = [
        "get",
        "deployment",
        "life-cycle-dask-worker",
        "-n",
        "life-cycle",
        "-o",
        "jsonpath={.status.readyReplicas}",
      ];
      assert.equal(await bench.kubectl(...ready), "3");
    } finally {
      await stack.destroy({ remove: true });
    }
    assert.deepEqual(await inventory(bench), before);
  },
);

sandboxTest("addresses arrive in the outputs, be they IPs, hostnames or node ports", async (bench) => {
  const chart = await chartSetting("dask");
  const open = ["0.0.0.0/0"];
  const releases = {
    "by-ip": {
      scheduler: { expose: { allowFrom: ["192.0.2.0/24"], address: "203.0.113.99" } },
      jupyter: false,
    },
    "by-name": { jupyter: { expose: { allowFrom: open, annotations: { "sandbox/hostname": "true" } } } },
    "by-port": { scheduler: { expose: { type: "NodePort", allowFrom: open } }, jupyter: false },
  };
  const stack = await bench.open("addresses", {
    "dask:cluster": { ...cluster, nodeAddress: "192.0.2.1" },
    "dask:smokeTest": false,
    "dask:releases": Object.fromEntries(
      Object.entries(releases).map(([name, release]) => [
        name,
        { kind: "dask", workers: { replicas: 1 }, ...chart, ...release },
      ]),
    ),
  });
  try {
    const { outputs, summary } = await stack.up();
    const endpoints = outputOf(outputs, "endpoints") as Record<string, Record<string, string>>;
    assert.equal(endpoints["by-ip"]?.scheduler, "tcp://203.0.113.99:8786");
    assert.equal(endpoints["by-ip"]?.dashboard, "http://203.0.113.99");
    assert.equal(endpoints["by-name"]?.jupyter, "http://by-name-dask-jupyter-external.by-name.sandbox.test");
    assert.match(endpoints["by-port"]?.scheduler ?? "", /^tcp:\/\/192\.0\.2\.1:3\d{4}$/);
    assert.equal(summary.result, "succeeded");
    const ranges = [
      "get",
      "service",
      "by-ip-dask-scheduler-external",
      "-n",
      "by-ip",
      "-o",
      "jsonpath={.spec.loadBalancerSourceRanges}",
    ];
    assert.equal(await bench.kubectl(...ranges), '["192.0.2.0/24"]');
    assert.deepEqual(changes((await stack.up()).summary.resourceChanges), {});
  } finally {
    await stack.destroy({ remove: true });
  }
});

sandboxTest(
  "the token and an inline kubeconfig are encrypted in the state and in no pod, ConfigMap or output",
  async (bench) => {
    const said: string[] = [];
    const onOutput = (text: string) => said.push(text);
    const stack = await bench.open("secrets", {
      "dask:cluster": { ...cluster, context: "inline" },
      "dask:releases": {
        secrets: { kind: "dask", workers: { replicas: 1 }, ...(await chartSetting("dask")) },
      },
    });
    const { kubeconfig, adminToken } = renamed(readFileSync(bench.sandbox.kubeconfig, "utf8"));
    await stack.setConfig("dask:secrets.cluster.kubeconfig", { value: kubeconfig, secret: true }, true);
    try {
      const { outputs } = await stack.up({ onOutput });
      assert.equal(outputs.credentials?.secret, true);
      assert.equal(outputs.kubeconfig?.secret, true);
      const { jupyterPassword } = (
        outputOf(outputs, "credentials") as { secrets: { jupyterPassword: string } }
      ).secrets;
      assert.match(jupyterPassword, /^[0-9a-f]{64}$/);
      await stack.preview({ onOutput });
      await stack.up({ onOutput });
      const state = await bench.pulumi("stack", "export", "--stack", "secrets");
      assert.match(state, /ciphertext/);
      const objects = await bench.kubectl(
        "get",
        "pods,deployments,configmaps,jobs",
        "-n",
        "secrets",
        "-o",
        "yaml",
      );
      for (const [where, text] of Object.entries({ state, objects, said: said.join("") })) {
        assert.ok(!text.includes(jupyterPassword), `the notebook's token stands in ${where}`);
        assert.ok(!text.includes(adminToken), `the kubeconfig stands in ${where}`);
      }
      const [secret] = JSON.parse(
        await bench.kubectl(
          "get",
          "secrets",
          "-n",
          "secrets",
          "--field-selector",
          "type=Opaque",
          "-o",
          "json",
        ),
      ).items;
      assert.equal(Buffer.from(secret.data.token, "base64").toString(), jupyterPassword);
    } finally {
      await stack.destroy({ onOutput, remove: true });
    }
  },
);

sandboxTest(
  "a smoke test that fails ends up with the pod's own words, and the next up runs it again",
  async (bench) => {
    const chart = await chartSetting("dask");
    const words = "Dask does not compute: 2 workers are missing";
    const config = (environment: object) => ({
      "dask:cluster": cluster,
      "dask:releases": {
        failing: { kind: "dask", workers: { replicas: 1 }, jupyter: false, environment, ...chart },
      },
    });
    const stack = await bench.open("failing", config({ SANDBOX_FAIL: words }));
    try {
      await assert.rejects(stack.up(), (error: Error) => error.message.includes(words));
      assert.equal(await jobCondition(bench, "failing"), "Failed");
      await bench.open("failing", config({}));
      await stack.up();
      assert.equal(await jobCondition(bench, "failing"), "Complete");
    } finally {
      await stack.destroy({ remove: true });
    }
  },
);

/** The sandbox's kubeconfig with its context named `inline`, which no file has. */
function renamed(text: string): { kubeconfig: string; adminToken: string } {
  const config = parse(text);
  const [context] = config.contexts;
  const adminToken: string = config.users[0].user.token;
  assert.ok(adminToken.length > 20);
  const contexts = [{ ...context, name: "inline" }];
  return { kubeconfig: stringify({ ...config, "current-context": "", contexts }), adminToken };
}

async function jobCondition(
  bench: { kubectl(...args: string[]): Promise<string> },
  release: string,
): Promise<string> {
  const job = JSON.parse(
    await bench.kubectl("get", "job", `${release}-smoke-test`, "-n", release, "-o", "json"),
  );
  const conditions: { type: string; status: string }[] = job.status.conditions;
  return (
    conditions.find(({ type, status }) => status === "True" && ["Complete", "Failed"].includes(type))?.type ??
    "none"
  );
}
