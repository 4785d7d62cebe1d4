import assert from "node:assert/strict";
import { test } from "node:test";
import { onExisting } from "./existing-cluster.ts";
import { type Run, reaches } from "./mock-engine.ts";

const RELEASE = "kubernetes:helm.sh/v3:Release";

const hub = { kind: "daskhub", host: "hub.example.org", tls: { kind: "offload" }, smokeTest: false };
const world = { states: { "kubernetes:core/v1:Service": () => ({ spec: { type: "ClusterIP" } }) } };
const stack = (releases: Record<string, object>) => onExisting({ releases }, world);

const drains = (run: Run) =>
  run
    .all(RELEASE)
    .map(({ name }) => name)
    .filter((name) => name.endsWith("-drain"));

function targets(run: Run): { resource: string; labels: Record<string, string> }[] {
  const { values } = run.find(RELEASE, "team-drain").inputs as { values: { env: { TARGETS: string } } };
  return JSON.parse(values.env.TARGETS);
}

test("a namespace of the hub's own takes what users made with it, and nothing else has to", async () => {
  assert.deepEqual(drains(await stack({ team: { ...hub } })), []);
});

test("where the namespace stays, hub and gateway stand on what ends their users' work", async () => {
  const stays = [
    { team: { ...hub, namespace: { name: "lent", create: false } } },
    { team: { ...hub, database: { onDestroy: "keep" } } },
    { team: { ...hub, user: { storage: { kind: "dynamic", onDestroy: "keep" } } } },
    { team: { ...hub }, batch: { kind: "dask", namespace: { name: "team" } } },
  ];
  for (const releases of stays) {
    const run = await stack(releases);
    assert.deepEqual(drains(run), ["team-drain"]);
    const drain = run.find(RELEASE, "team-drain").urn;
    for (const name of ["team", "team-dask-gateway"])
      assert.ok(reaches(run, run.find(RELEASE, name)).has(drain), name);
  }
});

test("homes end with the hub, unless they are kept or their users are", async () => {
  const lent = { ...hub, namespace: { name: "lent", create: false } };
  const ends = async (more: object) =>
    targets(await stack({ team: { ...lent, ...more } })).map(({ resource }) => resource);
  const work = ["daskclusters", "pods", "pods", "pods"];
  const homes = "persistentvolumeclaims";
  const storage = (onDestroy: string) => ({ user: { storage: { kind: "dynamic", onDestroy } } });
  assert.deepEqual(await ends({}), [...work, homes]);
  assert.deepEqual(await ends(storage("keep")), work);
  assert.deepEqual(await ends({ database: { onDestroy: "keep" } }), work);
  assert.deepEqual(await ends({ database: { onDestroy: "keep" }, ...storage("delete") }), [...work, homes]);
});

test("homes that are kept keep their namespace, and the stack says so", async () => {
  const run = await stack({ team: { ...hub, user: { storage: { kind: "dynamic", onDestroy: "keep" } } } });
  const retained = run.resources.filter((each) => each.retainOnDelete).map((each) => each.name);
  assert.deepEqual(retained, ["team"]);
  const said = run.stackOutputs.kept.team ?? [];
  const words = await Promise.all(said.map((each) => new Promise((done) => each.apply(done))));
  assert.deepEqual(words, ["namespace team with the homes of its users: the volumes of the claims claim-*"]);
});

test("a hub that shares its namespace is known by its release, its gateway by its instance", async () => {
  const run = await stack({ team: { ...hub, namespace: { name: "lent", create: false } } });
  const [clusters, , , servers] = targets(run);
  assert.deepEqual(clusters?.labels, { "gateway.dask.org/instance": "team-dask-gateway" });
  assert.deepEqual(servers?.labels, { app: "jupyterhub", release: "team", component: "singleuser-server" });
});
