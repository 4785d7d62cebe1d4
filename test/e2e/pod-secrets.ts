import assert from "node:assert/strict";
import type { Bench } from "../stack/sandbox.ts";
import { generatedSecrets, leaks, readableObjects } from "../stack/secret-values.ts";

/**
 * Asserts that no generated secret of a stack stands where people without rights can read it: in the log of a container
 * of the cluster, those that have ended included, in an event, or in any object but Secrets.
 *
 * @param namespaces of the stack; in every one a pod must have said something
 * @param said what else was printed, like the error of an `up`
 */
export async function assertNoSecretShown(
  bench: Bench,
  stack: string,
  namespaces: readonly string[],
  said: Readonly<Record<string, string>> = {},
): Promise<void> {
  const secrets = await generatedSecrets(bench, stack, namespaces);
  assert.ok(secrets.size > 0, "there is nothing to search for");
  const logs = await containerLogs(bench);
  for (const namespace of namespaces)
    assert.ok(
      Object.entries(logs).some(([pod, log]) => pod.startsWith(`${namespace}/`) && log !== ""),
      `no pod of ${namespace} has a log`,
    );
  const objects = await readableObjects(bench);
  assert.deepEqual(leaks(secrets, { ...logs, ...said, "objects and events": objects }), []);
}

/** What every container of the cluster has said, by `namespace/pod container`. */
async function containerLogs({ kubectl }: Bench): Promise<Readonly<Record<string, string>>> {
  const { items }: { items: readonly Pod[] } = JSON.parse(
    await kubectl("get", "pods", "--all-namespaces", "-o", "json"),
  );
  const logs: Record<string, string> = {};
  for (const { metadata, spec } of items)
    for (const { name } of [...(spec.initContainers ?? []), ...spec.containers]) {
      const log = ["logs", "-n", metadata.namespace, metadata.name, "-c", name];
      // One that has not started, or whose pod has gone meanwhile, has none.
      logs[`${metadata.namespace}/${metadata.name} ${name}`] = await kubectl(...log).catch(() => "");
    }
  return logs;
}

interface Pod {
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: {
    readonly containers: readonly { readonly name: string }[];
    readonly initContainers?: readonly { readonly name: string }[];
  };
}
