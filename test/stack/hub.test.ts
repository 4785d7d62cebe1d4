import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OutputMap } from "@pulumi/pulumi/automation/index.js";
import { genuineCharts, standIn } from "../../sandbox/charts.ts";
import { inventory } from "./inventory.ts";
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
const inOffice = { expose: { allowFrom: ["10.0.0.0/8"] } };

sandboxTest(
  "a hub, a gateway and a Dask cluster: each edit changes what it must, a new chart no secret, destroy leaves definitions",
  async (bench) => {
    const before = await inventory(bench);
    const config = (edits: { people?: Settings; shared?: Settings; fixed?: Settings } = {}) =>
      withCharts({
        "dask:cluster": cluster,
        "dask:postgres": { namespace: "crew-operator", ...withoutWebhooks },
        "dask:releases": {
          people: { kind: "daskhub", ...inOffice, ...edits.people },
          shared: { kind: "dask-gateway", ...inOffice, ...edits.shared },
          fixed: { kind: "dask", workers: { replicas: 1 }, ...edits.fixed },
        },
      });
    const namespaces = ["people", "shared", "fixed"];
    const stack = await bench.open("crew", await config());
    const stopPostgres = simulatePostgres(bench);
    const up = async () => {
      const watched = watch();
      const { outputs } = await stack.up(watched);
      return { outputs, done: watched.done() };
    };
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
        fixed: ["schedulerInCluster"],
      });

      assert.deepEqual((await up()).done, []);
      await stack.refresh();
      assert.deepEqual((await up()).done, [], "after a refresh");

      const shared = { limits: { workers: 7 } };
      await bench.open("crew", await config({ shared }));
      assert.deepEqual((await up()).done, ["replace shared-smoke-test", "update shared"]);
      assert.match(await gatewayConfig(bench, "shared", "shared-dask-gateway"), /cluster_max_workers\W+7\b/);

      const people = { limits: { workers: 5 } };
      await bench.open("crew", await config({ shared, people }));
      const edited = await up();
      assert.deepEqual(edited.done, ["replace people-smoke-test", "update people-dask-gateway"]);

      if (!(await genuineCharts())) {
        const secrets = await secretData(bench, namespaces);
        await withNewerCharts(async (newer) => {
          const newest = {
            people: { ...people, chart: newer("jupyterhub"), gatewayChart: newer("dask-gateway") },
            shared: { ...shared, chart: newer("dask-gateway") },
            fixed: { chart: newer("dask") },
          };
          await bench.open("crew", await config(newest));
          const upgraded = await up();
          assert.deepEqual(
            upgraded.done.filter((each) => each.startsWith("update")),
            ["update fixed", "update people", "update people-dask-gateway", "update shared"],
          );
          assert.deepEqual(upgraded.outputs.credentials, edited.outputs.credentials);
          assert.deepEqual(await secretData(bench, namespaces), secrets);
          assert.deepEqual((await up()).done, []);
        });
      }
    } finally {
      await stack.destroy({ remove: true });
      await stopPostgres();
    }
    await removeDefinitions(bench, before, DASK_GROUPS);
    assert.deepEqual(await inventory(bench), before);
  },
);

sandboxTest(
  "no generated secret is in the state, in what the engine says, even of an up that fails, or in an object but Secrets",
  async (bench) => {
    const before = await inventory(bench);
    const words = "the hub cannot start";
    const failing = { timeout: "20s", values: { hub: { annotations: { "sandbox/fail": words } } } };
    const config = (people: Settings) =>
      withCharts({
        "dask:cluster": cluster,
        "dask:postgres": { namespace: "secretive-operator", ...withoutWebhooks },
        "dask:releases": {
          secretive: { kind: "daskhub", ...inOffice, ...people },
          keyring: { kind: "dask-gateway" },
          elsewhere: {
            kind: "jupyterhub",
            ...inOffice,
            database: { kind: "external", url: "postgresql://hub@db.example.org/hub" },
          },
        },
      });
    const namespaces = ["secretive", "keyring", "elsewhere"];
    const given = "a password that somebody chose";
    const texts: Record<string, string> = {};
    const said: string[] = [];
    const options = { color: "never" as const, diff: true, onOutput: (text: string) => said.push(text) };
    const look = async (when: string) => {
      texts[`the state ${when}`] = await bench.pulumi("stack", "export", "--stack", "secretive");
      texts[`objects ${when}`] = await readableObjects(bench, namespaces);
    };

    const open = async (people: Settings) => {
      const stack = await bench.open("secretive", await config(people));
      const value = { value: given, secret: true };
      await stack.setConfig("dask:secrets.elsewhere.databasePassword", value, true);
      return stack;
    };
    const secrets = new Map([["the password that was given", given]]);
    const learn = async () => {
      for (const [where, value] of await generatedSecrets(bench, "secretive", namespaces))
        secrets.set(where, value);
    };

    const stack = await open(failing);
    const stopPostgres = simulatePostgres(bench);
    try {
      await assert.rejects(stack.up(options), (error: Error) => {
        said.push(error.message);
        return error.message.includes(words);
      });
      await learn();
      await look("after the failure");

      await open({});
      await stack.preview(options);
      const { outputs } = await stack.up(options);
      await stack.up(options);
      await learn();
      await look("after success");

      const known = new Set(secrets.values());
      const credentials = Object.values(outputOf(outputs, "credentials") as Record<string, object>).flatMap(
        (each): unknown[] => Object.values(each),
      );
      assert.equal(credentials.length, 4);
      for (const value of credentials) assert.ok(known.has(String(value)));
      // The search sees what is there to be seen: every secret but those in Secrets alone would be a leak.
      const data = Object.values(await secretData(bench, namespaces)).join("\n");
      assert.deepEqual(
        new Set(leaks(secrets, { data }).map(({ secret }) => secret)),
        new Set(secrets.keys()),
      );
    } finally {
      await stack.destroy({ ...options, remove: true });
      await stopPostgres();
    }
    assert.deepEqual(leaks(secrets, { ...texts, "what the engine said": said.join("") }), []);
    await removeDefinitions(bench, before, DASK_GROUPS);
    assert.deepEqual(await inventory(bench), before);
  },
);

sandboxTest(
  "a Postgres that is to be kept outlives its stack and is taken over by the next up",
  async (bench) => {
    const before = await inventory(bench);
    const config = await withCharts({
      "dask:cluster": { ...cluster, storageClass: "kept-volumes" },
      "dask:postgres": { namespace: "lasting-operator", ...withoutWebhooks },
      "dask:releases": {
        lasting: { kind: "jupyterhub", ...inOffice, database: { kind: "postgres", onDestroy: "keep" } },
      },
    });
    // A class that deletes its volumes would keep nothing, and the stack refuses it.
    await apply(bench, keptVolumes);
    const stopPostgres = simulatePostgres(bench);
    const uids = async () => [
      await bench.kubectl("get", "namespace", "lasting", "-o", "jsonpath={.metadata.uid}"),
      await bench.kubectl("get", POSTGRES, "lasting-db", "-n", "lasting", "-o", "jsonpath={.metadata.uid}"),
    ];
    try {
      const stack = await bench.open("lasting", config);
      let first: readonly string[] = [];
      try {
        const { outputs } = await stack.up();
        first = await uids();
        await bench.kubectl("create", "configmap", "of-a-user", "-n", "lasting");
        assert.match(JSON.stringify(outputOf(outputs, "kept")), /lasting-db/);
      } finally {
        await stack.destroy();
      }
      assert.deepEqual(await uids(), first);
      const left = await bench.kubectl("get", "deployments,services,jobs", "-n", "lasting", "-o", "name");
      assert.equal(left, "");
      try {
        await stack.up();
        assert.deepEqual(await uids(), first);
        const again = watch();
        await stack.up(again);
        assert.deepEqual(again.done(), []);
      } finally {
        await stack.destroy({ remove: true });
      }
      await bench.kubectl("get", "configmap", "of-a-user", "-n", "lasting");
    } finally {
      await stopPostgres();
      await bench.kubectl("delete", "namespace", "lasting", "--ignore-not-found");
      await bench.kubectl("delete", "storageclass", keptVolumes.metadata.name);
    }
    await removeDefinitions(bench, before, [POSTGRES_GROUP]);
    assert.deepEqual(await inventory(bench), before);
  },
);

const POSTGRES_GROUP = "postgresql.cnpg.io";
const POSTGRES = `clusters.${POSTGRES_GROUP}`;
/** The groups of the definitions that a daskhub brings. */
const DASK_GROUPS = ["gateway.dask.org", "traefik.io", POSTGRES_GROUP];

const keptVolumes = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name: "kept-volumes" },
  provisioner: "kubernetes.io/no-provisioner",
  reclaimPolicy: "Retain",
  volumeBindingMode: "WaitForFirstConsumer",
};

/**
 * Removes what a destroyed stack may leave: the definitions of its groups, and nothing else.
 *
 * They stay because deleting one deletes every object of its kind in the whole cluster, those of other stacks too. The
 * API server makes the APIService of a definition's group by itself.
 */
async function removeDefinitions(
  bench: Bench,
  before: readonly string[],
  groups: readonly string[],
): Promise<void> {
  const known = new Set(before);
  const left = (await inventory(bench)).filter((each) => !known.has(each));
  const isExpected = (each: string) =>
    groups.some(
      (group) => /^(CustomResourceDefinition|APIService) /.test(each) && each.endsWith(`.${group}`),
    );
  assert.deepEqual(
    left.filter((each) => !isExpected(each)),
    [],
  );
  const definitions = left.filter((each) => each.startsWith("CustomResourceDefinition "));
  for (const group of groups)
    assert.ok(
      definitions.some((each) => each.endsWith(`.${group}`)),
      group,
    );
  await bench.kubectl("delete", "crd", ...definitions.map((each) => each.split("/").at(-1) ?? ""));
  for (const group of groups) await gone(bench, group);
}

/** Resolves when the API server has forgotten a group, which it does a moment after its last definition. */
async function gone({ kubectl }: Bench, group: string): Promise<void> {
  const services = await kubectl("get", "apiservices", "-o", "name");
  const left = services.split("\n").filter((each) => each.endsWith(`.${group}`));
  if (left.length > 0) await kubectl("wait", "--for=delete", "--timeout=60s", ...left);
}

async function apply({ kubectl }: Bench, object: object): Promise<void> {
  await inFolder(async (folder) => {
    const file = join(folder, "object.json");
    writeFileSync(file, JSON.stringify(object));
    await kubectl("apply", "-f", file);
  });
}

/** Hands out copies of the stand-in charts with a version that is newer. */
async function withNewerCharts(body: (newer: (chart: string) => object) => Promise<void>): Promise<void> {
  await inFolder((folder) =>
    body((chart) => {
      const path = join(folder, chart);
      cpSync(standIn(chart), path, { recursive: true });
      const file = join(path, "Chart.yaml");
      const text = readFileSync(file, "utf8");
      writeFileSync(file, text.replace(/^version: .*$/m, "version: 2099.1.0"));
      return { path };
    }),
  );
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
