import assert from "node:assert/strict";
import { eventually } from "../e2e/node.ts";
import { runDoctor, startDestroy } from "./runs.ts";
import { type Bench, chartSetting, sandboxTest } from "./sandbox.ts";

sandboxTest(
  "a namespace that does not go is explained with the object and the finalizer that hold it, while destroy still waits",
  async (bench) => {
    const stack = await bench.open("stuck", {
      "dask:cluster": { provider: "existing" },
      "dask:smokeTest": false,
      "dask:releases": {
        stuck: { kind: "dask", workers: { replicas: 1 }, jupyter: false, ...(await chartSetting("dask")) },
      },
    });
    await stack.up();
    const note = ["configmap", "note", "-n", "stuck"];
    await bench.kubectl("create", ...note);
    await bench.kubectl("patch", ...note, "--type=merge", "-p", finalizers(["example.org/hold"]));
    const destroying = startDestroy(bench, "stuck");
    try {
      await eventually(
        () => conditions(bench),
        (types) => types.includes("NamespaceContentRemaining"),
      );
      const { code, text } = await runDoctor(bench, "stuck");
      assert.equal(code, 1);
      assert.match(
        text,
        /namespace stuck is being deleted since \S+ and does not go: configmaps note holds it by the finalizer example\.org\/hold\n.*configmaps/,
      );
      assert.match(text, /kubectl patch configmaps note -n stuck --type=merge/);
      assert.match(text, /the stack is locked, and the run that holds the lock is alive/);
    } finally {
      await bench.kubectl("patch", ...note, "--type=merge", "-p", finalizers(null));
    }
    const { code, text } = await destroying.ended;
    assert.equal(code, 0, text);
    await bench.pulumi("stack", "rm", "stuck", "--yes");
  },
);

function finalizers(names: readonly string[] | null): string {
  return JSON.stringify({ metadata: { finalizers: names } });
}

/** The conditions of the namespace: its controller says there what is left in it. */
function conditions({ kubectl }: Bench): Promise<string> {
  return kubectl("get", "namespace", "stuck", "-o", "jsonpath={.status.conditions[*].type}");
}
