import assert from "node:assert/strict";
import { attempt } from "../attempt.ts";
import { eventually } from "../eventually.ts";
import { isOfDefinition, removeDefinitions } from "../stack/definitions.ts";
import { type Bench, changes, chartSetting } from "../stack/sandbox.ts";
import { everything, leftSince } from "./hub-stack.ts";
import {
  apply,
  IDLE,
  inNamespace,
  PYTHON_IMAGE,
  python,
  pythonPod,
  ready,
  realTest,
  smokeTestResult,
} from "./node.ts";

/** The account that people's pods in a served namespace have. */
const ACCOUNT = "ops-user";

realTest(
  "people make Dask clusters in the namespaces that an operator serves, and a destroy ends those that run",
  ["dask-operator", "dask"],
  async (bench, context) => {
    const chart = await chartSetting("dask-kubernetes-operator");
    const config = {
      "dask:cluster": { provider: "existing" },
      "dask:releases": {
        ops: {
          kind: "dask-operator",
          namespaces: ["team"],
          clusters: { cores: 0.5, memory: "512M" },
          ...chart,
        },
      },
    };
    // A namespace that the stack did not make, and that stays when it goes.
    await inNamespace(bench, "team", async () => {
      const before = await everything(bench);
      const start = Date.now();
      const stack = await bench.open("ops", config);
      await attempt(async () => {
        await stack.up();
        const { workers, secondsToFirstResult } = await smokeTestResult<SmokeTestResult>(bench, "ops");
        assert.equal(workers, 2);
        context.diagnostic(
          `first Dask result ${Math.round((Date.now() - start) / 1000)} s after the start of up, ` +
            `${secondsToFirstResult} s after KubeCluster()`,
        );
        assert.deepEqual(changes((await stack.up()).summary.resourceChanges), {});

        await apply(bench, pythonPod("team", "ada", IDLE, { spec: ofUsers }));
        await ready(bench, "team", "ada");
        assert.equal(await python(bench, "team", "ada", KUBE_CLUSTER), "6");
        const ada = asUser(bench);
        await apply(ada, daskCluster("team", "written", { worker: true }));
        assert.equal(await python(bench, "team", "ada", WRITTEN_CLUSTER), "6");
        await assert.rejects(apply(ada, daskCluster("default", "elsewhere")), /forbidden/);
        await assert.rejects(ada.kubectl("get", "secrets", "-n", "team"), /forbidden/);
        await allBecomeRunning(bench);

        await bench.kubectl("delete", "-n", "team", "pod/ada");
        const pods = await bench.kubectl(
          "get",
          "pods",
          "-n",
          "team",
          "-l",
          "dask.org/component=worker",
          "-o",
          "name",
        );
        assert.equal(pods.split("\n").length, 2, "clusters run when the stack goes");
      }).finally(async () => {
        const end = Date.now();
        await stack.destroy({ remove: true });
        context.diagnostic(`destroy took ${Math.round((Date.now() - end) / 1000)} s`);
      });
      const left = async () => (await leftSince(bench, before)).filter((each) => !isOfDefinition(each));
      // The pods of a cluster go a moment after it.
      await eventually(left, (objects) => objects.length === 0);
      await removeDefinitions(bench);
      assert.deepEqual(await leftSince(bench, before), []);
    });
  },
);

interface SmokeTestResult {
  readonly workers: number;
  readonly secondsToFirstResult: number;
}

const ofUsers = { serviceAccountName: ACCOUNT, automountServiceAccountToken: true };

/** The same bench, in the name of the account of people's pods. */
function asUser(bench: Bench): Bench {
  const user = `--as=system:serviceaccount:team:${ACCOUNT}`;
  return { ...bench, kubectl: (...args) => bench.kubectl(...args, user) };
}

const SIZE = { requests: { cpu: "0.1", memory: "512M" }, limits: { cpu: "0.5", memory: "512M" } };

/** Makes a cluster, computes on it and lets it run. */
const KUBE_CLUSTER = `
from dask_kubernetes.operator import KubeCluster
from distributed import Client
cluster = KubeCluster(name="made", namespace="team", image="${PYTHON_IMAGE}", n_workers=1,
                      resources=${JSON.stringify(SIZE)}, shutdown_on_close=False, quiet=True)
with Client(cluster) as client:
    client.wait_for_workers(1, timeout=180)
    print(client.submit(sum, [1, 2, 3]).result(timeout=60))
`;

/** Computes on the cluster that was written as an object. */
const WRITTEN_CLUSTER = `
import time
from distributed import Client
deadline = time.monotonic() + 180
while True:
    try:
        client = Client("tcp://written-scheduler.team:8786", timeout=10)
        break
    except OSError:
        assert time.monotonic() < deadline
        time.sleep(1)
with client:
    client.wait_for_workers(1, timeout=180)
    print(client.submit(sum, [1, 2, 3]).result(timeout=60))
`;

/** A DaskCluster as a person writes it, with one worker; without a worker, it asks for no pod that could run. */
function daskCluster(namespace: string, name: string, { worker = false } = {}): object {
  const pod = (args: string[], ports: object[] = []) => ({
    containers: [{ name: "dask", image: PYTHON_IMAGE, args, ports, resources: SIZE }],
    ...(worker ? {} : { nodeSelector: { "no-node": "has-this" } }),
  });
  const ports = [
    { name: "tcp-comm", port: 8786 },
    { name: "http-dashboard", port: 8787 },
  ];
  return {
    apiVersion: "kubernetes.dask.org/v1",
    kind: "DaskCluster",
    metadata: { name, namespace },
    spec: {
      scheduler: {
        spec: pod(
          ["dask-scheduler"],
          ports.map(({ name, port }) => ({ name, containerPort: port })),
        ),
        service: {
          type: "ClusterIP",
          selector: { "dask.org/cluster-name": name, "dask.org/component": "scheduler" },
          ports: ports.map((each) => ({ ...each, targetPort: each.name })),
        },
      },
      worker: {
        replicas: worker ? 1 : 0,
        spec: pod(["dask-worker", "--nthreads", "1", "--name", "$(DASK_WORKER_NAME)"]),
      },
    },
  };
}

/** How many clusters at once: of those that the operator's own handlers leave pending, a few are among them. */
const MANY = 12;

/** No cluster that is complete stays pending: KubeCluster waits for the phase. */
async function allBecomeRunning(bench: Bench): Promise<void> {
  const names = Array.from({ length: MANY }, (_, index) => `empty-${index}`);
  await apply(bench, ...names.map((name) => daskCluster("team", name)));
  const clusters = names.map((name) => `daskclusters.kubernetes.dask.org/${name}`);
  const phases = ["get", "-n", "team", ...clusters, "-o", "jsonpath={.items[*].status.phase}"];
  await eventually(
    () => bench.kubectl(...phases),
    (text) => text === names.map(() => "Running").join(" "),
  );
  await bench.kubectl("delete", "-n", "team", ...clusters);
}
