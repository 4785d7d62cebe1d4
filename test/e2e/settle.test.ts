import assert from "node:assert/strict";
import { createNamespace } from "../../components/namespace.ts";
import { settled } from "../../components/settle.ts";
import { planCluster } from "../../providers/index.ts";
import { openStack } from "../../sandbox/stack.ts";
import { readSettings } from "../../settings/read.ts";
import { inventory } from "../stack/inventory.ts";
import { runDoctor, startDestroy } from "../stack/runs.ts";
import type { Bench } from "../stack/sandbox.ts";
import { apply, inNamespace, realTest, service } from "./node.ts";

/** Seconds that the teardown waits here. */
const PATIENCE_S = 10;

realTest(
  "destroy stops before the cluster while a load balancer is held, its Job's log and the doctor name it, and the next destroy ends",
  ["node"],
  async (bench) => {
    const before = await inventory(bench);
    const stack = await openStack(bench.sandbox, {
      stackName: "settling",
      config: { "dask:cluster": { provider: "existing" }, "dask:smokeTest": false },
      program: made,
    });
    try {
      await inNamespace(bench, "holding", async () => {
        await stack.up();
        await apply(bench, held(["example.org/hold"]));
        try {
          await bench.kubectl("delete", "service", "public", "-n", "holding", "--wait=false");
          const stopped = await startDestroy(bench, "settling").ended;
          assert.notEqual(stopped.code, 0, stopped.text);
          assert.match(stopped.text, /dask-settle/);
          const namespaces = await bench.kubectl("get", "namespaces", "-o", "name");
          assert.ok(!namespaces.includes("namespace/releases"), "what stood on the teardown goes before it");
          const named =
            /the cluster still holds .*load balancer of service holding\/public, finalizers \[.*example\.org\/hold/;
          assert.match(await bench.kubectl("logs", "-n", "dask-settle", "job/dask-settle"), named);
          const doctor = await runDoctor(bench, "settling");
          assert.equal(doctor.code, 1);
          assert.match(doctor.text, /pod dask-settle\/dask-settle-\S+ failed/);
          assert.match(doctor.text, named);
        } finally {
          await letGo(bench);
        }
      });
      const ended = await startDestroy(bench, "settling").ended;
      assert.equal(ended.code, 0, ended.text);
    } finally {
      await stack.destroy({ remove: true });
    }
    assert.deepEqual(await inventory(bench), before);
  },
);

/** A namespace of releases on a cluster that counts as the stack's own, as those of the clouds are. */
async function made(): Promise<Record<string, unknown>> {
  const settings = readSettings();
  const plan = await planCluster(settings);
  const cluster = settled(settings, { ...plan.create(), madeByStack: true }, PATIENCE_S);
  return { namespace: createNamespace("releases", cluster).name };
}

function held(finalizers: readonly string[]): object {
  const spec = { type: "LoadBalancer", ports: [{ port: 8080 }] };
  const { metadata, ...rest } = service("holding", "public", spec) as { metadata: object };
  return { ...rest, metadata: { ...metadata, finalizers } };
}

/** Takes the finalizers off the Service, where it is there. */
async function letGo({ kubectl }: Bench): Promise<void> {
  const there = await kubectl(
    "get",
    "service",
    "public",
    "-n",
    "holding",
    "--ignore-not-found",
    "-o",
    "name",
  );
  const none = JSON.stringify({ metadata: { finalizers: null } });
  if (there !== "") await kubectl("patch", there, "-n", "holding", "--type=merge", "-p", none);
}
