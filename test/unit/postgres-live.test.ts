import assert from "node:assert/strict";
import { test } from "node:test";
import { databaseProblems } from "../../preflight/databases.ts";
import type { ApiClient } from "../../providers/existing/api-client.ts";
import { parseSettings } from "../../settings/parse.ts";

const FORBIDDEN = "forbidden";

/** An API server that holds these objects by path; everything else is not there. */
function api(objects: Record<string, object | typeof FORBIDDEN>): ApiClient {
  const get = async (path: string) => {
    const object = objects[path];
    if (object === FORBIDDEN) return { kind: "forbidden" as const };
    return object === undefined ? { kind: "absent" as const } : { kind: "found" as const, object };
  };
  return { server: "https://cluster", get };
}

async function problems(
  objects: Record<string, object | typeof FORBIDDEN>,
  database: object = {},
  more: object = {},
): Promise<string[]> {
  const hub = { kind: "jupyterhub", host: "hub.example.org", tls: { kind: "offload" }, database };
  const settings = parseSettings({ cluster: { provider: "existing" }, releases: { hub }, ...more });
  const found = await databaseProblems(settings, api(objects), "o.dask.dev");
  return found.map(({ key, value, message }) => `${key} ${value} ${message}`);
}

const annotated = (annotations: object) => ({ metadata: { annotations } });
const volume = "/api/v1/namespaces/hub/persistentvolumeclaims/hub-db-dir";
const cluster = "/apis/postgresql.cnpg.io/v1/namespaces/hub/clusters/hub-db";
const own = annotated({ "meta.helm.sh/release-name": "hub" });

test("an empty cluster, and one where the hub keeps its database, pass", async () => {
  assert.deepEqual(await problems({}), []);
  assert.deepEqual(await problems({ [cluster]: annotated({}) }), []);
  assert.deepEqual(await problems({ [volume]: own }, { kind: "sqlite" }), []);
});

test("a hub that would leave its SQLite volume is refused until that is asked for in words", async () => {
  const [only, ...others] = await problems({ [volume]: own });
  assert.deepEqual(others, []);
  assert.match(
    only ?? "",
    /^dask:releases\.hub\.database "postgres" leaves the hub's SQLite volume hub-db-dir, and that is deleted with all users and tokens; export its users first, then set acceptDataLoss: true$/,
  );
  assert.deepEqual(await problems({ [volume]: own }, { acceptDataLoss: true }), []);
});

test("the volume of another release in the namespace is none of the hub's", async () => {
  const other = annotated({ "meta.helm.sh/release-name": "other" });
  assert.deepEqual(await problems({ [volume]: other }), []);
});

test("a hub that would leave its Postgres is refused too", async () => {
  const found = await problems({ [cluster]: annotated({}) }, { kind: "sqlite" });
  assert.match(found.join(), /"sqlite" leaves the hub's Postgres hub-db, .*acceptDataLoss: true/);
});

const classes = "/apis/storage.k8s.io/v1/storageclasses";
const keep = { onDestroy: "keep" };
const asDefault = { "storageclass.kubernetes.io/is-default-class": "true" };

test("keep is refused on a class that deletes volumes, named or the default", async () => {
  const deleting = { ...annotated(asDefault), reclaimPolicy: "Delete" };
  const retaining = { ...annotated({}), reclaimPolicy: "Retain" };
  const byDefault = await problems({ [classes]: { items: [retaining, deleting] } }, keep);
  assert.match(
    byDefault.join(),
    /^dask:releases\.hub\.database\.onDestroy "keep" cannot hold, because the cluster's default storage class has reclaimPolicy Delete .*; name one with Retain in database\.storageClass$/,
  );
  const file = await problems({ [classes]: { items: [deleting] } }, { ...keep, kind: "sqlite" });
  assert.match(file.join(), /onDestroy "keep" cannot hold, because the cluster's default storage class/);
  const silent = { [`${classes}/fast`]: annotated({}) };
  assert.match(
    (await problems(silent, { ...keep, storageClass: "fast" })).join(),
    /class fast has reclaimPolicy Delete/,
  );
  const kept = { [`${classes}/safe`]: retaining };
  assert.deepEqual(await problems(kept, { ...keep, storageClass: "safe" }), []);
  assert.deepEqual(await problems({ [classes]: FORBIDDEN }, keep), []);
});

const webhook =
  "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/cnpg-mutating-webhook-configuration";
const namespace = "/api/v1/namespaces/cnpg-system";
const helm = (name: string, space: string) =>
  annotated({ "meta.helm.sh/release-name": name, "meta.helm.sh/release-namespace": space });

test("a second operator is refused, whoever runs the first", async () => {
  const foreign = await problems({ [webhook]: helm("cnpg", "databases") });
  assert.match(
    foreign.join(),
    /^dask:postgres\.operator "install" would be the second CloudNativePG of the cluster \(the first is in namespace databases\); set it to present/,
  );
  const labels = { "dask-stack": "o.dask.prod" };
  const sister = { [webhook]: helm("cloudnative-pg", "cnpg-system"), [namespace]: { metadata: { labels } } };
  assert.match((await problems(sister)).join(), /the first belongs to the stack o\.dask\.prod/);
  const ours = { ...sister, [namespace]: { metadata: { labels: { "dask-stack": "o.dask.dev" } } } };
  assert.deepEqual(await problems(ours), []);
  assert.deepEqual(await problems({ [webhook]: helm("cnpg", "databases") }, { kind: "sqlite" }), []);
});

const definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/clusters.postgresql.cnpg.io";

test("definitions that an earlier operator left are refused before Helm stops at them", async () => {
  const left = { [definition]: helm("cloudnative-pg", "databases") };
  assert.match(
    (await problems(left)).join(),
    /^dask:postgres\.operator "install" finds definitions \(clusters\.postgresql\.cnpg\.io\) that an earlier CloudNativePG left, .*; set dask:postgres\.namespace to databases$/,
  );
  assert.deepEqual(await problems(left, {}, { postgres: { namespace: "databases" } }), []);
  assert.match(
    (await problems({ [definition]: annotated({}) })).join(),
    /Helm would not take over; set dask:postgres\.values\.crds\.create to false/,
  );
  assert.deepEqual(await problems(left, {}, { postgres: { values: { crds: { create: false } } } }), []);
});

test("an operator that is said to be present must be there, and take backups where they are wanted", async () => {
  const present = { postgres: { operator: "present" } };
  const backup = { backup: { destination: "s3://b/p", identity: {} } };
  assert.match(
    (await problems({}, {}, present)).join(),
    /finds no CloudNativePG in the cluster; set it to install/,
  );
  assert.deepEqual(await problems({ [definition]: { spec: {} } }, {}, present), []);
  assert.match(
    (await problems({ [definition]: { spec: {} } }, backup, present)).join(),
    /takes no backups itself \(1\.31 or newer\)/,
  );
  const old = { spec: { properties: { barmanObjectStore: {} } } };
  assert.deepEqual(await problems({ [definition]: old }, backup, present), []);
});
