import assert from "node:assert/strict";
import { test } from "node:test";
import { clusterSpec, guardSpec, operatorValues } from "../../components/postgres/values.ts";
import { parseSettings } from "../../settings/parse.ts";
import { database } from "../../settings/releases/database.ts";
import { problemsOf } from "./refusals.ts";

const anywhere = { nodeSelector: {}, tolerations: [] };

function postgres(more: object = {}) {
  const settings = database.parse(more);
  assert.equal(settings.kind, "postgres");
  if (settings.kind !== "postgres") throw new Error("not Postgres");
  return settings;
}

function spec(more: object = {}, args: object = {}) {
  return clusterSpec(postgres(more), { password: "hub-db-user", placement: anywhere, ...args });
}

function problems(settings: object, more: object = {}): string[] {
  const hub = { kind: "jupyterhub", host: "hub.example.org", tls: { kind: "offload" }, database: settings };
  return problemsOf({ cluster: { provider: "existing" }, releases: { hub }, ...more });
}

test("a database without a word is one small Postgres that is ready for drains", () => {
  assert.deepEqual(spec(), {
    instances: 1,
    imageName: "ghcr.io/cloudnative-pg/postgresql:18.4-system-trixie",
    bootstrap: { initdb: { database: "hub", owner: "hub", secret: { name: "hub-db-user" } } },
    enableSuperuserAccess: false,
    enablePDB: false,
    smartShutdownTimeout: 5,
    storage: { size: "10G" },
    resources: { requests: { cpu: "500m", memory: "1G" }, limits: { memory: "1G" } },
  });
});

test("several instances get a disruption budget; placement, class, parameters and pull Secrets are passed on", () => {
  const tolerations = [{ key: "core", operator: "Exists" as const }];
  const found = spec(
    { instances: 3, size: "12.5G", parameters: { shared_buffers: "256MB" }, pullSecrets: ["mirror"] },
    { placement: { nodeSelector: { pool: "core" }, tolerations }, storageClass: "standard" },
  );
  assert.equal(found.enablePDB, true);
  assert.deepEqual(found.storage, { size: "12500M", storageClass: "standard" });
  assert.deepEqual(found.affinity, { nodeSelector: { pool: "core" }, tolerations });
  assert.deepEqual(found.postgresql, { parameters: { shared_buffers: "256MB" } });
  assert.deepEqual(found.imagePullSecrets, [{ name: "mirror" }]);
  const own = spec({ storageClass: "retained" }, { storageClass: "standard" });
  assert.deepEqual(own.storage, { size: "10G", storageClass: "retained" });
});

test("Postgres answers its hub, the operator and its own kind, and nobody else", () => {
  const [clients, management, ...others] = guardSpec("team").ingress as {
    from?: object[];
    ports: { port: number }[];
  }[];
  assert.deepEqual(clients?.from, [
    { podSelector: { matchLabels: { app: "jupyterhub", component: "hub", release: "team" } } },
    { podSelector: { matchLabels: { "cnpg.io/cluster": "team-db" } } },
    { namespaceSelector: {}, podSelector: { matchLabels: { "app.kubernetes.io/name": "cloudnative-pg" } } },
  ]);
  assert.deepEqual(
    clients?.ports.map(({ port }) => port),
    [5432],
  );
  assert.deepEqual(
    management?.ports.map(({ port }) => port),
    [8000, 9187],
  );
  assert.deepEqual(others, []);
});

const stores = [
  {
    destination: "s3://bucket/hub",
    keys: {
      s3Credentials: {
        accessKeyId: { name: "keys", key: "backupAccessKeyId" },
        secretAccessKey: { name: "keys", key: "backupSecretAccessKey" },
      },
    },
    identity: { s3Credentials: { inheritFromIAMRole: true } },
  },
  {
    destination: "gs://bucket/hub",
    keys: { googleCredentials: { applicationCredentials: { name: "keys", key: "backupServiceAccountKey" } } },
    identity: { googleCredentials: { gkeEnvironment: true } },
  },
  {
    destination: "https://account.blob.core.windows.net/container",
    keys: { azureCredentials: { connectionString: { name: "keys", key: "backupConnectionString" } } },
    identity: { azureCredentials: { inheritFromAzureAD: true } },
  },
];

for (const { destination, keys, identity } of stores) {
  test(`a backup to ${destination} uses the keys of its Secret, or the pods' identity`, () => {
    const archive = {
      destinationPath: destination,
      serverName: "hub-db-1",
      wal: { compression: "gzip" },
      data: { compression: "gzip" },
    };
    const byKeys = spec({ backup: { destination } }, { backup: { secret: "keys", serverName: "hub-db-1" } });
    assert.deepEqual(byKeys.backup, { retentionPolicy: "30d", barmanObjectStore: { ...archive, ...keys } });
    assert.equal(byKeys.serviceAccountTemplate, undefined);
    const annotations = { "eks.amazonaws.com/role-arn": "arn" };
    const byIdentity = spec(
      { backup: { destination, identity: annotations } },
      { backup: { serverName: "hub-db-1" } },
    );
    assert.deepEqual(byIdentity.backup, {
      retentionPolicy: "30d",
      barmanObjectStore: { ...archive, ...identity },
    });
    assert.deepEqual(byIdentity.serviceAccountTemplate, { metadata: { annotations } });
  });
}

test("the operator asks for little and runs where core pods run", () => {
  assert.deepEqual(operatorValues({ nodeSelector: { pool: "core" }, tolerations: [] }), {
    resources: { requests: { cpu: "100m", memory: "200M" }, limits: { memory: "500M" } },
    nodeSelector: { pool: "core" },
    tolerations: [],
  });
});

const bad: readonly [string, object, RegExp][] = [
  ["4Gi", { size: "10Gi" }, /^dask:releases\.hub\.database\.size .*write 10G/],
  ["a mistyped key of a database without a kind", { siez: "10G" }, /did you mean size\?/],
  ["a kind that there is not", { kind: "postgresql" }, /must be one of postgres, external, sqlite/],
  ["a volume without room", { size: "1G" }, /use at least 5G/],
  ["an image without a version", { image: "postgres" }, /\.image must end in a tag/],
  [
    "a backup without keys",
    { backup: { destination: "s3://b/p" } },
    /needs dask:secrets\.hub\.backupAccessKeyId and backupSecretAccessKey; set it with: .*identity/,
  ],
  [
    "a backup to a place that is no object store",
    { backup: { destination: "/mnt" } },
    /write s3:\/\/bucket\/path/,
  ],
  [
    "a schedule of five fields",
    { backup: { destination: "s3://b", identity: {}, schedule: "0 2 * * *" } },
    /must have six fields/,
  ],
  [
    "an external database without its password",
    { kind: "external", url: "postgresql://hub@db:5432/hub" },
    /needs dask:secrets\.hub\.databasePassword/,
  ],
  [
    "a password in the URL",
    { kind: "external", url: "postgresql://hub:hunter2@db:5432/hub" },
    /without a password; put that one into/,
  ],
  [
    "a password in the URL's options",
    { kind: "external", url: "postgresql://hub@db/hub?password=hunter2" },
    /without a password/,
  ],
  ["numbers as parameters", { parameters: { max_connections: 200 } }, /put numbers in quotes/],
];

for (const [title, settings, message] of bad) {
  test(`refuses ${title}`, () => {
    const found = problems(settings);
    assert.equal(found.length, 1, found.join("\n"));
    assert.match(found[0] ?? "", message);
  });
}

test("the password of an external database in the stack's secrets is enough", () => {
  const external = { kind: "external", url: "postgresql://hub@db.example.org/hub?sslmode=require" };
  assert.deepEqual(problems(external, { secrets: { hub: { databasePassword: "hunter2" } } }), []);
});

test("data cannot be kept in a cluster that destroy takes away", () => {
  const cluster = { provider: "gke", location: "europe-west1-b" };
  const found = problems({ onDestroy: "keep" }, { cluster });
  assert.ok(
    found.some((each) =>
      /database\.onDestroy cannot hold: destroy takes the whole cluster; use kind: external/.test(each),
    ),
    found.join("\n"),
  );
});

test("the operator's namespace is its own, and is looked at only where there is an operator", () => {
  const hub = {
    kind: "jupyterhub",
    host: "h.example.org",
    tls: { kind: "offload" },
    namespace: "cnpg-system",
  };
  const parse = (more: object) =>
    parseSettings({ cluster: { provider: "existing" }, releases: { hub: { ...hub, ...more } } });
  assert.throws(() => parse({}), /dask:postgres\.namespace.*is the namespace of the release hub, too/);
  parse({ database: { kind: "sqlite" } });
});

test("a release name from which no Cluster name can be made is refused", () => {
  const name = "h".repeat(48);
  const hub = { kind: "jupyterhub", host: "h.example.org", tls: { kind: "offload" } };
  assert.throws(
    () => parseSettings({ cluster: { provider: "existing" }, releases: { [name]: hub } }),
    /would pass 50; use at most 47/,
  );
});
