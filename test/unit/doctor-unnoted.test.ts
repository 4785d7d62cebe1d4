import assert from "node:assert/strict";
import { test } from "node:test";
import { keptAnnotations } from "../../components/namespace.ts";
import { lookForLabelled, placesOf } from "../../doctor/labelled.ts";
import { cutInstallations, unnotedObjects } from "../../doctor/unnoted.ts";
import type { ApiClient } from "../../providers/existing/api-client.ts";

const OWNER = "organization.dask.dev";
const JOBS = "/apis/batch/v1/namespaces/lent/jobs";
const SECRETS = "/api/v1/namespaces/lent/secrets";
const ROLES = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
const CLUSTERS = "/apis/postgresql.cnpg.io/v1/namespaces/lent/clusters";
const ours = { "dask-stack": OWNER, "app.kubernetes.io/instance": "crew" };
const named = (name: string, labels: object, more: object = {}) => ({ metadata: { name, labels, ...more } });

/** A cluster that holds objects by the path of their kind, selects them by labels as Kubernetes does, and may refuse. */
function cluster(
  lists: Readonly<Record<string, readonly ReturnType<typeof named>[]>>,
  refused = "none",
): ApiClient {
  const get = async (path: string) => {
    const [plain = "", query = ""] = path.split("?labelSelector=");
    if (plain === refused) return { kind: "forbidden" as const };
    const wanted = decodeURIComponent(query).split(",");
    const items = (lists[plain] ?? []).filter(({ metadata: { labels } }) => {
      const have = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
      return wanted.every((each) => have.includes(each));
    });
    return { kind: "found" as const, object: { items: items.length === 0 ? null : items } };
  };
  return { server: "https://cluster", get };
}

const objects = {
  [JOBS]: [
    named("crew-smoke-test", ours),
    named("theirs", { ...ours, "dask-stack": "organization.dask.prod" }),
    named("other", { ...ours, "app.kubernetes.io/instance": "other" }),
    named("made-of-another", ours, { ownerReferences: [{ kind: "CronJob", name: "a" }] }),
  ],
  [SECRETS]: [
    named("crew-password-1a2b3c4d", ours),
    named("crew-db-user", ours, { annotations: keptAnnotations }),
  ],
  [ROLES]: [named("lent-crew", ours)],
  [CLUSTERS]: [named("crew-db", ours)],
};
const places = placesOf({ crew: { kind: "daskhub", namespace: { name: "lent", create: false } } });
const note = (name: string) =>
  named(`sh.helm.release.v1.${name}.v1`, { owner: "helm", name, version: "1", status: "deployed" });
const withNote = (name: string) => ({ ...objects, [SECRETS]: [...objects[SECRETS], note(name)] });

test("a release puts objects into its own namespace and into those that it serves", () => {
  const settings = {
    batch: { kind: "dask" },
    ops: { kind: "dask-operator", namespace: "crew", namespaces: ["team", "crew"] },
    crew: { namespace: { name: "lent", create: false } },
    wrong: 7,
  };
  assert.deepEqual(placesOf(settings), [
    { release: "batch", home: "batch", namespaces: ["batch"] },
    { release: "ops", home: "crew", namespaces: ["crew", "team"] },
    { release: "crew", home: "lent", namespaces: ["lent"] },
    { release: "wrong", home: "wrong", namespaces: ["wrong"] },
  ]);
  assert.deepEqual(placesOf(undefined), []);
});

const labelled = [
  { path: `${JOBS}/crew-smoke-test`, data: false },
  { path: `${SECRETS}/crew-password-1a2b3c4d`, data: false },
  { path: `${CLUSTERS}/crew-db`, data: true },
  { path: `${ROLES}/lent-crew`, data: false },
];

test("objects with both labels of a release are found, and none of others, of controllers or to be kept", async () => {
  assert.deepEqual(await lookForLabelled(cluster(objects), places, OWNER), [
    { home: "lent", notes: [], objects: labelled },
  ]);
});

test("what Helm notes of any part of a release is found, and nothing of one whose notes may not be seen", async () => {
  for (const name of ["crew", "crew-dask-gateway", "crew-drain"]) {
    const [found] = await lookForLabelled(cluster(withNote(name)), places, OWNER);
    assert.deepEqual(found?.notes, [{ name, version: "1", status: "deployed" }]);
  }
  const [besides] = await lookForLabelled(cluster(withNote("crewing")), places, OWNER);
  assert.deepEqual(besides?.notes, [], "a release of another name is no part of it");
  assert.deepEqual(await lookForLabelled(cluster(objects, SECRETS), places, OWNER), []);
});

test("what may not be seen is left out, and what may be is found", async () => {
  const [found] = await lookForLabelled(cluster(objects, JOBS), places, OWNER);
  assert.deepEqual(found?.objects, labelled.slice(1));
});

const job = { path: `${JOBS}/crew-smoke-test`, data: false };
const postgres = { path: `${CLUSTERS}/crew-db`, data: true };
const nothing = { pending: [], objects: {}, helmReleases: {}, ownNamespaces: [] };
const crew = (...made: readonly (typeof job)[]) => [{ home: "lent", notes: [], objects: made }];

test("an object that no state notes is deleted, and one that the state or an interrupted run notes is not", () => {
  const [finding, ...more] = unnotedObjects(nothing, crew(job));
  assert.deepEqual(more, []);
  assert.deepEqual(finding?.fix, { kind: "delete-objects", paths: [job.path] });
  assert.deepEqual(finding?.evidence, ["jobs/crew-smoke-test in lent"]);
  assert.deepEqual(unnotedObjects({ ...nothing, objects: { [job.path]: "urn:of:it" } }, crew(job)), []);
  const begun = { urn: "urn:of:it", resource: "kubernetes:batch/v1:Job", type: "creating", path: job.path };
  assert.deepEqual(unnotedObjects({ ...nothing, pending: [begun] }, crew(job)), []);
});

test("a database that no state notes is named, and only people delete it", () => {
  const found = unnotedObjects(nothing, crew(job, postgres));
  assert.deepEqual(
    found.map(({ fix }) => fix),
    [{ kind: "delete-objects", paths: [job.path] }, undefined],
  );
  assert.match(found[1]?.problem ?? "", /Postgres clusters\/crew-db in lent/);
});

const installing = { name: "crew", version: "1", status: "pending-install" };
const held = (...notes: readonly (typeof installing)[]) => [{ home: "lent", notes, objects: [job] }];
const knowing = { ...nothing, objects: { [job.path]: "urn:of:it" } };

test("a first installation that was cut off is the stack's where its state knows objects of the release", () => {
  assert.deepEqual(cutInstallations(knowing, held(installing)), ["lent/crew"]);
  assert.deepEqual(
    unnotedObjects(knowing, held(installing)),
    [],
    "left to what is said of the run's objects",
  );
  for (const notes of [
    [{ ...installing, status: "deployed" }],
    [
      { ...installing, status: "superseded" },
      { ...installing, version: "2", status: "pending-upgrade" },
    ],
  ])
    assert.deepEqual(cutInstallations(knowing, held(...notes)), []);
  assert.deepEqual(cutInstallations(nothing, held(installing)), []);
});

test("it is the stack's, and a database too, where people say that nobody else makes anything of its names", () => {
  assert.deepEqual(cutInstallations(nothing, held(installing), true), ["lent/crew"]);
  assert.deepEqual(cutInstallations(nothing, held({ ...installing, status: "deployed" }), true), []);
  const database = { path: "/apis/postgresql.cnpg.io/v1/namespaces/lent/clusters/crew-db", data: true };
  const left = [{ home: "lent", notes: [], objects: [database] }];
  const fixes = (alone: boolean) => unnotedObjects(nothing, left, alone).map(({ fix }) => fix);
  assert.deepEqual(fixes(false), [undefined]);
  assert.deepEqual(fixes(true), [{ kind: "delete-objects", paths: [database.path] }]);
});

test("another Helm release of a release's name is named, nothing of it is touched, and none that the state knows", () => {
  const found = unnotedObjects(nothing, held(installing));
  assert.deepEqual(
    found.map(({ fix }) => fix),
    [undefined],
  );
  assert.match(found[0]?.remedy ?? "", /helm uninstall crew -n lent/);
  for (const known of [{ helmReleases: { "lent/crew": "urn:of:it" } }, { ownNamespaces: ["lent"] }])
    assert.deepEqual(unnotedObjects({ ...nothing, ...known }, held(installing)), []);
});
