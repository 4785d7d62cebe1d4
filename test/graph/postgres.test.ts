import assert from "node:assert/strict";
import { test } from "node:test";
import { onExisting } from "./existing-cluster.ts";
import { type Registered, type Run, reaches, type States } from "./mock-engine.ts";

const CLUSTER = "kubernetes:postgresql.cnpg.io/v1:Cluster";
const BACKUP = "kubernetes:postgresql.cnpg.io/v1:ScheduledBackup";
const RELEASE = "kubernetes:helm.sh/v3:Release";
const NAMESPACE = "kubernetes:core/v1:Namespace";
const SECRET = "kubernetes:core/v1:Secret";

const hub = { kind: "jupyterhub", host: "hub.example.org", tls: { kind: "offload" }, smokeTest: false };
const external = { kind: "external", url: "postgresql://hub@db.example.org:6432/hub" };

/** What the program reads of the Service that the hub's chart makes. */
const world: States = { "kubernetes:core/v1:Service": () => ({ spec: { type: "ClusterIP" } }) };

function stack(database: object, { uid = "uid-1", token = "t", ...more }: Record<string, unknown> = {}) {
  return onExisting(
    { releases: { hub: { ...hub, database } }, ...more },
    {
      states: {
        [CLUSTER]: (_name, inputs) => ({ metadata: { ...(inputs.metadata as object), uid } }),
        "random:index/randomBytes:RandomBytes": (name) => ({ hex: `${token}-of-${name}` }),
        ...world,
      },
    },
  );
}

function annotations(run: Run): Record<string, string> {
  const { values } = run.find(RELEASE, "hub").inputs as {
    values: { hub: { annotations: Record<string, string> } };
  };
  return values.hub.annotations;
}

const metadataOf = (resource: Registered) =>
  resource.inputs.metadata as Record<string, Record<string, string>>;

test("the operator comes first, then the Cluster is ready, then the hub; destroy goes the other way", async () => {
  const run = await stack({});
  const cluster = run.find(CLUSTER);
  assert.ok(reaches(run, run.find(RELEASE, "hub")).has(cluster.urn));
  assert.ok(reaches(run, cluster).has(run.find(RELEASE, "cloudnative-pg").urn));
  assert.ok(reaches(run, run.find(RELEASE, "cloudnative-pg")).has(run.find(NAMESPACE, "cnpg-system").urn));
  assert.equal(metadataOf(cluster).annotations?.["pulumi.com/waitFor"], "condition=Ready");
  assert.equal(cluster.parent, run.find("dask:index:JupyterHub").urn);
});

test("the operator is made once for all hubs, and not at all without one or where it is present", async () => {
  const operators = (run: Run) => run.all(RELEASE).filter((each) => each.name === "cloudnative-pg").length;
  const other = { ...hub, host: "other.example.org" };
  const two = await onExisting({ releases: { hub, other } }, { states: world });
  assert.equal(operators(two), 1);
  assert.deepEqual(
    two
      .all(CLUSTER)
      .map((each) => each.name)
      .sort(),
    ["hub-db", "other-db"],
  );
  assert.equal(operators(await stack({ kind: "sqlite" })), 0);
  const present = await stack({}, { postgres: { operator: "present" } });
  assert.equal(operators(present), 0);
  assert.equal(
    present.all(NAMESPACE).some((each) => each.name === "cnpg-system"),
    false,
  );
});

test("the password is generated, stands in one Secret, and the operator is told to follow it", async () => {
  const run = await stack({});
  const secret = run.find(SECRET, "hub-db-user");
  assert.equal(secret.inputs.type, "kubernetes.io/basic-auth");
  assert.equal(metadataOf(secret).labels?.["cnpg.io/reload"], "true");
  assert.deepEqual(secret.inputs.stringData, {
    secret: { username: "hub", password: "t-of-hub-db-password" },
  });
  for (const other of run.resources.filter((each) => each !== secret))
    assert.doesNotMatch(JSON.stringify(other.inputs), /t-of-hub-db-password/, other.urn);
});

test("the hub restarts when the password or the Cluster is another, and only then", async () => {
  const before = annotations(await stack({}));
  assert.deepEqual(annotations(await stack({ size: "20G" })), before);
  assert.notDeepEqual(annotations(await stack({}, { uid: "uid-2" })), before);
  assert.notDeepEqual(annotations(await stack({}, { token: "rotated" })), before);
});

test("the hub may reach Postgres where policies are enforced", async () => {
  const { values } = (await stack({})).find(RELEASE, "hub").inputs as {
    values: { hub: { networkPolicy: { egress: object[] } } };
  };
  const rule = {
    to: [{ podSelector: { matchLabels: { "cnpg.io/cluster": "hub-db" } } }],
    ports: [{ port: 5432, protocol: "TCP" }],
  };
  // The wire format orders keys by name, so the rules are compared, not their text.
  const found = values.hub.networkPolicy.egress.find((each) =>
    JSON.stringify(each).includes("cnpg.io/cluster"),
  );
  assert.deepEqual(found, rule);
});

test("nothing is kept by default; keep leaves the namespace, the Cluster and its Secret, and says so", async () => {
  const retained = (run: Run) => run.resources.filter((each) => each.retainOnDelete).map((each) => each.name);
  assert.deepEqual(retained(await stack({})), []);
  const run = await stack({ onDestroy: "keep" });
  assert.deepEqual(retained(run).sort(), ["hub", "hub-db", "hub-db-user"]);
  for (const [type, name] of [
    [NAMESPACE, "hub"],
    [CLUSTER, "hub-db"],
    [SECRET, "hub-db-user"],
  ] as const) {
    const { annotations, labels } = metadataOf(run.find(type, name));
    assert.equal(annotations?.["pulumi.com/patchFieldManager"], "dask", name);
    assert.equal(labels?.["dask-stack"], "organization.dask.test", name);
  }
});

test("backups have a Secret, a schedule and a directory that no Cluster has used before", async () => {
  const keys = { backupAccessKeyId: "key-id", backupSecretAccessKey: "hunter2" };
  const run = await stack({ backup: { destination: "s3://b/p" } }, { secrets: { hub: keys } });
  const secret = run.find(SECRET, "hub-db-backup");
  assert.deepEqual(secret.inputs.stringData, { secret: keys });
  const { backup } = run.find(CLUSTER).inputs.spec as {
    backup: { barmanObjectStore: Record<string, unknown> };
  };
  assert.equal(backup.barmanObjectStore.serverName, "hub-db-t-of-hub-db-archive");
  assert.match(JSON.stringify(backup.barmanObjectStore.s3Credentials), /"name":"hub-db-backup-1a2b3c"/);
  const { spec } = run.find(BACKUP).inputs;
  assert.deepEqual(spec, {
    schedule: "0 0 2 * * *",
    immediate: true,
    backupOwnerReference: "self",
    cluster: { name: "hub-db" },
  });
  assert.ok(reaches(run, run.find(BACKUP)).has(run.find(CLUSTER).urn));
});

test("an external database is a URL, and a Secret with its password", async () => {
  const run = await stack(external, { secrets: { hub: { databasePassword: "hunter2" } } });
  assert.equal(run.all(CLUSTER).length, 0);
  const secret = run.find(SECRET, "hub-db-password");
  assert.deepEqual(secret.inputs.stringData, { secret: { password: "hunter2" } });
  const text = JSON.stringify(run.find(RELEASE, "hub").inputs);
  assert.match(text, /postgresql\+psycopg2:\/\/hub@db\.example\.org:6432\/hub/);
  assert.match(text, /"ports":\[\{"port":6432,"protocol":"TCP"\}\]/);
  assert.doesNotMatch(text, /hunter2/);
  assert.deepEqual(annotations(run), { database: "hub-db-password-1a2b3c" }, "no hash of what people chose");
  assert.equal(secret.inputs.immutable, true);
});
