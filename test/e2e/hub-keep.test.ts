import assert from "node:assert/strict";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { attempt } from "../attempt.ts";
import { removeDefinitions } from "../stack/definitions.ts";
import { type Bench, outputOf, withCharts } from "../stack/sandbox.ts";
import { withKernel } from "./hub-kernel.ts";
import { Person } from "./hub-person.ts";
import { everything, hubAccess, leftSince, smallHub } from "./hub-stack.ts";
import { apply, inNamespace, realTest, removeClass } from "./node.ts";

const IMAGES = ["jupyterhub", "dask-gateway", "postgres"] as const;

realTest(
  "users and homes that are to be kept outlive their stack, their servers and clusters do not, and the next up has them",
  IMAGES,
  async (bench, context) => {
    const before = await everything(bench);
    await apply(bench, keptVolumes);
    const open = async (onDestroy: "keep" | "delete") => bench.open("lasting", await lastingHub(onDestroy));
    const stack = await open("keep");
    await attempt(async () => {
      const first = await up(stack);
      assert.deepEqual(first.kept, [
        "namespace lasting with the Postgres Cluster lasting-db, its volumes and its Secret",
        "namespace lasting with the homes of its users: the volumes of the claims claim-*",
      ]);
      const bob = await atWork(first, 'open("notes", "w").write("of bob")');
      const known = await usersOf(first);
      assert.deepEqual(known.map(({ name }) => name).sort(), ["ada", bob.name]);

      await stack.destroy();
      assert.deepEqual(await namesIn(bench, "pods"), ["lasting-db-1"]);
      assert.deepEqual(await namesIn(bench, "persistentvolumeclaims"), ["claim-bob", "lasting-db-1"]);
      assert.deepEqual(await namesIn(bench, "daskclusters.gateway.dask.org"), []);

      const start = Date.now();
      const again = await up(stack);
      context.diagnostic(`up on what was kept took ${Math.round((Date.now() - start) / 1000)} s`);
      assert.notEqual(again.userPassword, first.userPassword, "passwords are not among what is kept");
      assert.deepEqual(await usersOf(again), known);
      const returned = new Person(again.hub, bob.name);
      assert.equal(await returned.login(again.userPassword), "in");
      await returned.startServer();
      assert.equal(await withKernel(returned, (run) => run('print(open("notes").read())')), "of bob");

      await open("delete");
      assert.deepEqual((await up(stack)).kept, []);
    }).finally(async () => {
      await stack.destroy({ remove: true });
      await bench.kubectl("delete", "namespace", "lasting", "--ignore-not-found");
      await removeClass(bench, keptVolumes.metadata.name);
      await removeDefinitions(bench);
    });
    assert.deepEqual(await leftSince(bench, before), []);
  },
);

realTest(
  "a hub in a namespace that was there before takes its users' servers, clusters and homes with it",
  IMAGES,
  async (bench) => {
    const before = await everything(bench);
    await inNamespace(bench, "lasting", async () => {
      const namespace = { name: "lasting", create: false };
      const config = await withCharts({
        "dask:cluster": { provider: "existing", expose: "LoadBalancer" },
        "dask:smokeTest": false,
        "dask:releases": { lasting: { ...smallHub, namespace, database: { kind: "sqlite" } } },
      });
      const empty = await everything(bench);
      const stack = await bench.open("guest", config);
      await attempt(async () => {
        await atWork(await up(stack), 'print("at work")');
        const claims = await namesIn(bench, "persistentvolumeclaims");
        assert.deepEqual(claims, ["claim-bob", "hub-db-dir"]);
      }).finally(async () => {
        await stack.destroy({ remove: true });
      });
      await removeDefinitions(bench);
      assert.deepEqual(await leftSince(bench, empty), []);
    });
    assert.deepEqual(await leftSince(bench, before), []);
  },
);

const keptVolumes = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name: "kept-volumes" },
  provisioner: "sandbox.dask/directory",
  reclaimPolicy: "Retain",
  volumeBindingMode: "WaitForFirstConsumer",
};

function lastingHub(onDestroy: "keep" | "delete") {
  return withCharts({
    "dask:cluster": {
      provider: "existing",
      expose: "LoadBalancer",
      storageClass: keptVolumes.metadata.name,
    },
    "dask:smokeTest": false,
    "dask:releases": { lasting: { ...smallHub, database: { ...smallHub.database, onDestroy } } },
  });
}

async function up(stack: Stack) {
  const { outputs } = await stack.up();
  const kept = outputOf(outputs, "kept") as Record<string, string[]>;
  return { ...hubAccess(outputs, "lasting"), kept: kept.lasting };
}

interface Hub {
  readonly hub: string;
  readonly userPassword: string;
  readonly adminPassword: string;
}

/** Bob, whose notebook server runs, and his Dask cluster with a worker; `code` has run in his home. */
async function atWork({ hub, userPassword }: Hub, code: string): Promise<Person> {
  const bob = new Person(hub, "bob");
  assert.equal(await bob.login(userPassword), "in");
  await bob.startServer();
  await withKernel(bob, (run) => run(`${code}\n${CLUSTER}`));
  return bob;
}

const CLUSTER = `
from dask_gateway import GatewayCluster
cluster = GatewayCluster(shutdown_on_close=False)
client = cluster.get_client()
cluster.scale(1)
client.wait_for_workers(1, timeout=120)
`;

async function usersOf({ hub, adminPassword }: Hub): Promise<{ name: string; created: string }[]> {
  const ada = new Person(hub, "ada");
  assert.equal(await ada.login(adminPassword), "in");
  const { json } = await ada.call("GET", "/hub/api/users");
  const users = json as { name: string; created: string }[];
  return users.map(({ name, created }) => ({ name, created }));
}

async function namesIn({ kubectl }: Bench, kind: string): Promise<string[]> {
  const names = await kubectl("get", kind, "-n", "lasting", "-o", "jsonpath={.items[*].metadata.name}");
  return names
    .split(" ")
    .filter((name) => name !== "")
    .sort();
}
