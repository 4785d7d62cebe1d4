import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { UNRESTRICTED_ANNOTATION } from "../../components/pod-security.ts";
import { type Pod, podsOf } from "../../policies/pods.ts";
import { cloudCalls, cloudStates } from "../graph/clouds.ts";
import { onExisting } from "../graph/existing-cluster.ts";
import { type Bench, sandboxTest } from "./sandbox.ts";

const NAMESPACE = "restricted";

sandboxTest(
  "a namespace of the restricted Pod Security profile takes the stack's own pods, but those that say why not",
  async (bench) => {
    const pods = await plannedPods();
    const [excused, others] = [true, false].map((wanted) =>
      [...pods].filter(([, { annotations }]) => UNRESTRICTED_ANNOTATION in annotations === wanted),
    );
    await bench.kubectl("create", "namespace", NAMESPACE);
    try {
      const label = "pod-security.kubernetes.io/enforce=restricted";
      await bench.kubectl("label", "namespace", NAMESPACE, label);
      await bench.kubectl("wait", "--for=create", "serviceaccount/default", "-n", NAMESPACE);
      for (const [, pod] of others ?? []) await admit(bench, pod);
      assert.ok(others !== undefined && others.length >= 5);
      assert.ok(excused !== undefined && excused.length > 0);
      for (const [name, pod] of excused)
        await assert.rejects(admit(bench, pod), /PodSecurity "restricted/, name);
    } finally {
      await bench.kubectl("delete", "namespace", NAMESPACE);
    }
  },
);

/** The pods that a stack with a release of every kind makes beside those of the charts. */
async function plannedPods(): Promise<ReadonlyMap<string, Pod>> {
  const { resources } = await onExisting(
    {
      releases: {
        batch: { kind: "dask" },
        packed: { kind: "dask", packages: { pip: ["s3fs"] } },
        shared: { kind: "dask-gateway" },
        team: { kind: "daskhub", expose: "ClusterIP", placeholders: 1 },
        course: { kind: "jupyterhub", expose: "ClusterIP" },
        kube: { kind: "dask-operator", clientPackages: [] },
      },
    },
    { states: cloudStates, calls: cloudCalls },
  );
  return new Map(resources.flatMap((each) => podsOf(each).map((pod) => [each.name, pod] as const)));
}

/** Asks the API server whether it would take a pod, without what only the pod's own namespace has. */
async function admit({ kubectl }: Bench, { spec }: Pod): Promise<void> {
  const { serviceAccountName: _, priorityClassName: __, ...rest } = spec;
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "asked", namespace: NAMESPACE },
    spec: rest,
  };
  const file = join(mkdtempSync(join(tmpdir(), "pod-")), "pod.json");
  try {
    writeFileSync(file, JSON.stringify(pod));
    await kubectl("create", "--dry-run=server", "-f", file);
  } finally {
    rmSync(dirname(file), { recursive: true });
  }
}
