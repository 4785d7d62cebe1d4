import assert from "node:assert/strict";
import { eventually } from "../eventually.ts";
import { type Run, runDoctor, startDestroy } from "./runs.ts";
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
    const note = ["configmap", "note", "-n", "stuck"];
    let destroying: Run | undefined;
    try {
      await stack.up();
      await bench.kubectl("create", ...note);
      await bench.kubectl("patch", ...note, "--type=merge", "-p", finalizers(["example.org/hold"]));
      destroying = startDestroy(bench, "stuck");
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
      await letGo(bench);
      const destroyed = await destroying.ended;
      assert.equal(destroyed.code, 0, destroyed.text);
    } finally {
      await letGo(bench);
      await destroying?.ended;
      await stack.destroy({ remove: true });
    }
  },
);

/** Takes the finalizers off the object that holds the namespace, where it is there. */
async function letGo({ kubectl }: Bench): Promise<void> {
  const held = await kubectl("get", "configmap", "note", "-n", "stuck", "--ignore-not-found", "-o", "name");
  if (held !== "") await kubectl("patch", held, "-n", "stuck", "--type=merge", "-p", finalizers(null));
}

function finalizers(names: readonly string[] | null): string {
  return JSON.stringify({ metadata: { finalizers: names } });
}

/** The conditions of the namespace: its controller says there what is left in it. */
function conditions({ kubectl }: Bench): Promise<string> {
  return kubectl("get", "namespace", "stuck", "-o", "jsonpath={.status.conditions[*].type}");
}
