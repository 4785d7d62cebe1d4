import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { OutputMap, Stack } from "@pulumi/pulumi/automation/index.js";
import { genuineCharts } from "../../sandbox/charts.ts";
import { removeDefinitions } from "./definitions.ts";
import { inventory } from "./inventory.ts";
import { withNewerCharts } from "./newer-charts.ts";
import { type Bench, outputOf, sandboxTest, withCharts } from "./sandbox.ts";
import { generatedSecrets, leaks, readableObjects, secretData } from "./secret-values.ts";
import { simulatePostgres, withoutWebhooks } from "./simulated-postgres.ts";
import { watch } from "./updates.ts";

/*
 * Hubs on simulated nodes have Postgres, in the cluster or elsewhere: a hub with a file of its own would never start
 * there, because nobody makes the volume.
 */

type Settings = Readonly<Record<string, unknown>>;

const cluster = { provider: "existing", expose: "LoadBalancer" };
/** A Postgres that nobody waits for: a simulated one is ready at once or never. */
const soon = { kind: "postgres", timeout: "60s" };
const inOffice = { expose: { allowFrom: ["10.0.0.0/8"] } };

hubTest(
  "a hub, a gateway and a Dask cluster: each edit changes what it must, a new chart no secret, destroy leaves definitions",
  async (bench, context) => {
    const config = (edits: { people?: Settings; shared?: Settings; fixed?: Settings } = {}) =>
      withCharts({
        "dask:cluster": cluster,
        "dask:postgres": withoutWebhooks,
        "dask:releases": {
          people: { kind: "daskhub", ...inOffice, database: soon, ...edits.people },
          shared: { kind: "dask-gateway", ...inOffice, ...edits.shared },
          fixed: { kind: "dask", workers: { replicas: 1 }, ...edits.fixed },
        },
      });
    const namespaces = ["people", "shared", "fixed"];
    const stack = await bench.open("crew", await config());
    const up = () => watchedUp(stack);
    try {
      const first = await up();
      assert.deepEqual(
        first.done.filter((each) => !each.startsWith("create ")),
        [],
      );
      for (const release of namespaces) assert.equal(await smokeTestResult(bench, release), "Complete");
      assert.deepEqual(endpointNames(first.outputs), {
        people: ["gatewayInCluster", "hub"],
        shared: ["gateway", "gatewayInCluster"],
        fixed: ["dashboard", "jupyter", "scheduler", "schedulerInCluster"],
      });

      assert.deepEqual((await up()).done, []);
      await stack.refresh();
      assert.deepEqual((await up()).done, [], "after a refresh");

      const shared = { limits: { workers: 7 } };
      await bench.open("crew", await config({ shared }));
      assert.deepEqual((await up()).done, ["replace shared-smoke-test", "update shared"]);
      assert.match(await gatewayConfig(bench, "shared", "shared-dask-gateway"), /workers\\":7\b/);

      const people = { limits: { workers: 5 } };
      await bench.open("crew", await config({ shared, people }));
      const edited = await up();
      assert.deepEqual(edited.done, ["replace people-smoke-test", "update people-dask-gateway"]);

      const skip = (await genuineCharts()) && "of the genuine charts there is one version to install";
      await context.test("newer charts change no secret", { skip }, async () => {
        const secrets = await secretData(bench, namespaces);
        await withNewerCharts(async (newer) => {
          const newest = {
            people: { ...people, chart: newer("jupyterhub"), gatewayChart: newer("dask-gateway") },
            shared: { ...shared, chart: newer("dask-gateway") },
            fixed: { chart: newer("dask") },
          };
          await bench.open("crew", await config(newest));
          const upgraded = await up();
          assert.deepEqual(upgraded.done, [
            ...["fixed", "people", "shared"].map((release) => `replace ${release}-smoke-test`),
            ...["fixed", "people", "people-dask-gateway", "shared"].map((release) => `update ${release}`),
          ]);
          assert.deepEqual(upgraded.outputs.credentials, edited.outputs.credentials);
          assert.deepEqual(await secretData(bench, namespaces), secrets);
          assert.deepEqual((await up()).done, []);
        });
      });
    } finally {
      await stack.destroy({ remove: true });
    }
  },
);

hubTest(
  "no generated secret is in the state, in what the engine says, even of an up that fails, or in an object but Secrets",
  async (bench) => {
    const words = "the hub cannot start";
    const failing = { timeout: "20s", values: { hub: { annotations: { "sandbox/fail": words } } } };
    const config = (secretive: Settings) =>
      withCharts({
        "dask:cluster": cluster,
        "dask:postgres": withoutWebhooks,
        "dask:releases": {
          secretive: {
            kind: "daskhub",
            ...inOffice,
            auth: { kind: "password", admins: ["ada"] },
            database: soon,
            ...secretive,
          },
          keyring: { kind: "dask-gateway" },
          elsewhere: {
            kind: "jupyterhub",
            ...inOffice,
            database: { kind: "external", url: "postgresql://hub@db.example.org/hub" },
            user: { storage: { kind: "dynamic", onDestroy: "delete" } },
          },
        },
      });
    const namespaces = ["secretive", "keyring", "elsewhere"];
    const given = "a password that somebody chose";
    const open = async (secretive: Settings) => {
      const stack = await bench.open("secretive", await config(secretive));
      const value = { value: given, secret: true };
      await stack.setConfig("dask:secrets.elsewhere.databasePassword", value, true);
      return stack;
    };

    const said: string[] = [];
    const options = {
      color: "never" as const,
      diff: true,
      onOutput: (text: string) => {
        said.push(text);
      },
    };
    const secrets = new Map([["the password that was given", given]]);
    const texts: Record<string, string> = {};
    const look = async (when: string) => {
      for (const [where, value] of await generatedSecrets(bench, "secretive", namespaces))
        secrets.set(where, value);
      texts[`the state ${when}`] = await bench.pulumi("stack", "export", "--stack", "secretive");
      texts[`objects ${when}`] = await readableObjects(bench);
    };

    const stack = await open(failing);
    try {
      await assert.rejects(stack.up(options), (error: Error) => {
        said.push(error.message);
        return error.message.includes(words);
      });
      await look("after the failure");

      await open({});
      await stack.preview(options);
      const { outputs } = await stack.up(options);
      await stack.up(options);
      await look("after success");

      const credentials = outputOf(outputs, "credentials") as Record<string, Record<string, string>>;
      const shown = Object.values(credentials).flatMap((each) => Object.values(each));
      assert.equal(shown.length, 4);
      const known = new Set(secrets.values());
      for (const value of shown) assert.ok(known.has(value));
      // That the search finds what is there to be found: in Secrets every one of them.
      const data = Object.values(await secretData(bench, namespaces)).join("\n");
      assert.deepEqual(
        new Set(leaks(secrets, { data }).map(({ secret }) => secret)),
        new Set(secrets.keys()),
      );
    } finally {
      await stack.destroy({ ...options, remove: true });
    }
    assert.deepEqual(leaks(secrets, { ...texts, "what the engine said": said.join("") }), []);
  },
);

hubTest("a Postgres that is to be kept outlives its stack, and the next up takes it over", async (bench) => {
  const config = await withCharts({
    "dask:cluster": { ...cluster, storageClass: keptVolumes.metadata.name },
    "dask:postgres": withoutWebhooks,
    "dask:releases": {
      lasting: { kind: "jupyterhub", ...inOffice, database: { ...soon, onDestroy: "keep" } },
    },
  });
  const uids = async () => [
    await bench.kubectl("get", "namespace", "lasting", "-o", "jsonpath={.metadata.uid}"),
    await bench.kubectl("get", POSTGRES, "lasting-db", "-n", "lasting", "-o", "jsonpath={.metadata.uid}"),
  ];
  // A class that deletes its volumes would keep nothing, and the stack refuses it.
  await apply(bench, keptVolumes);
  const stack = await bench.open("lasting", config);
  try {
    const { outputs } = await stack.up();
    assert.match(JSON.stringify(outputOf(outputs, "kept")), /lasting-db/);
    await bench.kubectl("create", "configmap", "of-a-user", "-n", "lasting");
    const first = await uids();
    await stack.destroy();
    assert.deepEqual(await uids(), first);
    const left = await bench.kubectl("get", "deployments,services,jobs", "-n", "lasting", "-o", "name");
    assert.equal(left, "");

    await stack.up();
    assert.deepEqual(await uids(), first);
    assert.deepEqual((await watchedUp(stack)).done, []);
    await stack.destroy();
    assert.deepEqual(await uids(), first);
    await bench.kubectl("get", "configmap", "of-a-user", "-n", "lasting");
  } finally {
    await stack.destroy({ remove: true });
    await bench.kubectl("delete", "namespace", "lasting", "--ignore-not-found");
    await bench.kubectl("delete", "storageclass", keptVolumes.metadata.name);
  }
});

hubTest(
  "a hub's own file that is to be kept outlives its stack, and the next up takes it over",
  async (bench) => {
    const config = (onDestroy: "keep" | "delete") =>
      withCharts({
        "dask:cluster": { ...cluster, storageClass: keptVolumes.metadata.name },
        "dask:releases": {
          filed: { kind: "jupyterhub", ...inOffice, database: { kind: "sqlite", onDestroy } },
        },
      });
    const claim = (...more: string[]) =>
      bench.kubectl(
        "get",
        "persistentvolumeclaim",
        "hub-db-dir",
        "-n",
        "filed",
        "--ignore-not-found",
        ...more,
      );
    const uid = () => claim("-o", "jsonpath={.metadata.uid}");
    await apply(bench, keptVolumes);
    // Nobody makes a volume on simulated nodes.
    await apply(bench, volume);
    const stack = await bench.open("filed", await config("keep"));
    try {
      const { outputs } = await stack.up();
      assert.match(JSON.stringify(outputOf(outputs, "kept")), /the volume of the claim hub-db-dir/);
      const first = await uid();
      assert.notEqual(first, "");
      await stack.destroy();
      assert.equal(await uid(), first);
      const left = await bench.kubectl("get", "deployments,services,jobs", "-n", "filed", "-o", "name");
      assert.equal(left, "");

      await stack.up();
      assert.equal(await uid(), first);
      assert.deepEqual((await watchedUp(stack)).done, []);
      await bench.open("filed", await config("delete"));
      await stack.up();
      assert.equal(await claim("-o", "jsonpath={.metadata.annotations.helm\\.sh/resource-policy}"), "");
      await stack.destroy();
      assert.equal(await claim(), "");
    } finally {
      await stack.destroy({ remove: true });
      await bench.kubectl("delete", "namespace", "filed", "--ignore-not-found");
      await bench.kubectl("delete", "persistentvolume", volume.metadata.name);
      await bench.kubectl("delete", "storageclass", keptVolumes.metadata.name);
    }
  },
);

/**
 * A test with hubs: Postgres is simulated, and at its end the API server holds what it held before.
 *
 * What a destroyed stack leaves are the definitions of these groups. They stay because deleting one deletes every object
 * of its kind in the whole cluster, those of other stacks too; the test removes them, and those of tests before it.
 */
function hubTest(title: string, body: (bench: Bench, context: TestContext) => Promise<void>): void {
  sandboxTest(title, async (bench, context) => {
    await removeDefinitions(bench);
    const before = await inventory(bench);
    const stopPostgres = simulatePostgres(bench);
    try {
      await body(bench, context);
    } finally {
      await stopPostgres();
      await removeDefinitions(bench);
    }
    assert.deepEqual(await inventory(bench), before);
  });
}

/** What an up changed, and the stack's outputs. */
async function watchedUp(stack: Stack): Promise<{ outputs: OutputMap; done: string[] }> {
  const watched = watch();
  const { outputs } = await stack.up(watched);
  return { outputs, done: watched.done() };
}

const POSTGRES = "clusters.postgresql.cnpg.io";

const keptVolumes = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name: "kept-volumes" },
  provisioner: "kubernetes.io/no-provisioner",
  reclaimPolicy: "Retain",
  volumeBindingMode: "WaitForFirstConsumer",
};

const volume = {
  apiVersion: "v1",
  kind: "PersistentVolume",
  metadata: { name: "of-a-hub" },
  spec: {
    capacity: { storage: "2Gi" },
    accessModes: ["ReadWriteOnce"],
    persistentVolumeReclaimPolicy: "Retain",
    storageClassName: keptVolumes.metadata.name,
    hostPath: { path: "/nowhere" },
  },
};

async function apply({ kubectl }: Bench, object: object): Promise<void> {
  await inFolder(async (folder) => {
    const file = join(folder, "object.json");
    writeFileSync(file, JSON.stringify(object));
    await kubectl("apply", "-f", file);
  });
}

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "hub-"));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Names of the addresses of each release. */
function endpointNames(outputs: OutputMap): Record<string, string[]> {
  const endpoints = outputOf(outputs, "endpoints") as Record<string, object>;
  return Object.fromEntries(
    Object.entries(endpoints).map(([release, addresses]) => [release, Object.keys(addresses).sort()]),
  );
}

/** The configuration of a gateway's API server. */
function gatewayConfig({ kubectl }: Bench, namespace: string, gateway: string): Promise<string> {
  return kubectl("get", "configmap", `api-${gateway}`, "-n", namespace, "-o", "yaml");
}

async function smokeTestResult({ kubectl }: Bench, release: string): Promise<string> {
  const conditions = await kubectl(
    ...["get", "job", `${release}-smoke-test`, "-n", release],
    ...["-o", 'jsonpath={.status.conditions[?(@.status=="True")].type}'],
  );
  return conditions.split(" ").includes("Complete") ? "Complete" : conditions;
}
