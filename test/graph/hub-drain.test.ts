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
  return JSON.parse(valuesOf(run).env.TARGETS);
}

interface DrainValues {
  readonly image: string;
  readonly pullSecrets: readonly string[];
  readonly env: { readonly OWNERS: string; readonly TARGETS: string };
}

function valuesOf(run: Run): DrainValues {
  return (run.find(RELEASE, "team-drain").inputs as { values: DrainValues }).values;
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
  const ends = async (more: object) => names(stack({ team: { ...lent, ...more } }).then(targets));
  const names = async (found: Promise<{ resource: string }[]>) => (await found).map((each) => each.resource);
  const work = ["daskclusters", "pods", "pods", "pods"];
  const homes = "persistentvolumeclaims";
  const storage = (onDestroy: string) => ({ user: { storage: { kind: "dynamic", onDestroy } } });
  assert.deepEqual(await ends({}), [...work, homes]);
  assert.deepEqual(await ends(storage("keep")), work);
  assert.deepEqual(await ends({ database: { onDestroy: "keep" } }), work);
  const elsewhere = { database: { kind: "external", url: "postgresql://hub@db.example.org/hub" } };
  const secrets = { team: { databasePassword: "hunter2" } };
  const external = async (more: object = {}) =>
    targets(await onExisting({ releases: { team: { ...lent, ...elsewhere, ...more } }, secrets }, world));
  assert.deepEqual(await names(external()), work);
  assert.deepEqual(await names(external(storage("delete"))), [...work, homes]);
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

test("a hub's own file that is kept keeps its namespace and the homes, and the stack says so", async () => {
  const run = await stack({ team: { ...hub, database: { kind: "sqlite", onDestroy: "keep" } } });
  const retained = run.resources.filter((each) => each.retainOnDelete).map((each) => each.name);
  assert.deepEqual(retained, ["team"]);
  const said = run.stackOutputs.kept.team ?? [];
  const words = await Promise.all(said.map((each) => new Promise((done) => each.apply(done))));
  assert.deepEqual(words, [
    "namespace team with the hub's SQLite: the volume of the claim hub-db-dir",
    "namespace team with the homes of its users: the volumes of the claims claim-*",
  ]);
});

test("a hub that shares its namespace is known by its release, its gateway by its instance", async () => {
  const run = await stack({ team: { ...hub, namespace: { name: "lent", create: false } } });
  const [clusters, , , servers] = targets(run);
  assert.deepEqual(clusters?.labels, { "gateway.dask.org/instance": "team-dask-gateway" });
  assert.deepEqual(servers?.labels, { app: "jupyterhub", release: "team", component: "singleuser-server" });
});

test("the Lease of a hub's own scheduler ends after its pods, and the Job may touch no other", async () => {
  const lent = { ...hub, namespace: { name: "lent", create: false } };
  const run = await stack({ team: { ...lent, userScheduler: true } });
  const lease = { api: "apis/coordination.k8s.io/v1", resource: "leases", name: "user-scheduler-lock" };
  assert.deepEqual(targets(run).slice(-3, -1), [
    {
      api: "api/v1",
      resource: "pods",
      labels: { app: "jupyterhub", release: "team", component: "user-scheduler" },
    },
    lease,
  ]);
  const { rules } = run.find("kubernetes:rbac.authorization.k8s.io/v1:Role", "team-drain").inputs as {
    rules: { resources: string[] }[];
  };
  assert.deepEqual(
    rules.filter(({ resources }) => resources.includes("leases")),
    [
      {
        apiGroups: ["coordination.k8s.io"],
        resources: ["leases"],
        resourceNames: ["user-scheduler-lock"],
        verbs: ["list", "delete"],
      },
    ],
  );
  assert.ok(!JSON.stringify(targets(await stack({ team: lent }))).includes("leases"));
});

test("a certificate that the proxy fetched ends with the homes", async () => {
  const tls = { kind: "letsencrypt", email: "ops@example.org" };
  const lent = { ...hub, tls, namespace: { name: "lent", create: false } };
  const certificate = { api: "api/v1", resource: "secrets", name: "proxy-public-tls-acme" };
  const ends = async (more: object) => JSON.stringify(targets(await stack({ team: { ...lent, ...more } })));
  assert.ok((await ends({})).includes(JSON.stringify(certificate)));
  assert.ok(!(await ends({ database: { onDestroy: "keep" } })).includes("secrets"));
});

test("nothing ends while hub or gateway stand, and the Job may see no other Deployment", async () => {
  const run = await stack({ team: { ...hub, namespace: { name: "lent", create: false } } });
  assert.deepEqual(JSON.parse(valuesOf(run).env.OWNERS), [
    { name: "hub", labels: { app: "jupyterhub", release: "team" } },
    { name: "api-team-dask-gateway", labels: { "gateway.dask.org/instance": "team-dask-gateway" } },
  ]);
  const { rules } = run.find("kubernetes:rbac.authorization.k8s.io/v1:Role", "team-drain").inputs as {
    rules: { resources: string[] }[];
  };
  assert.deepEqual(
    rules.filter(({ resources }) => resources.includes("deployments")),
    [
      {
        apiGroups: ["apps"],
        resources: ["deployments"],
        resourceNames: ["hub", "api-team-dask-gateway"],
        verbs: ["get"],
      },
    ],
  );
});

test("the Job runs the image of the teardown, whatever the users' is", async () => {
  const image = "registry.example.org/python:3.13";
  const lent = { namespace: { name: "lent", create: false }, pullSecrets: ["users", "both"] };
  const teardown = { image, pullSecrets: ["python", "both"] };
  const team = { ...hub, ...lent, image: "registry.example.org/r:1.0" };
  const values = valuesOf(await onExisting({ teardown, releases: { team } }, world));
  assert.equal(values.image, image);
  assert.deepEqual(values.pullSecrets, ["python", "both", "users"]);
});
