import assert from "node:assert/strict";
import { test } from "node:test";
import { unreachable } from "../../doctor/cluster.ts";
import { diagnose } from "../../doctor/diagnosis.ts";
import type { Finding } from "../../doctor/findings.ts";
import { helmFindings, type Revision } from "../../doctor/helm.ts";
import { type Lock, lockFindings, parseLock } from "../../doctor/lock.ts";
import { fixesOf } from "../../doctor/mend.ts";
import { missingObjects } from "../../doctor/missing.ts";
import type { Noted } from "../../doctor/noted.ts";
import { objectPath, shortPath } from "../../doctor/paths.ts";
import { pendingOperations } from "../../doctor/pending.ts";
import { lockFolder } from "../../doctor/pulumi.ts";
import { report } from "../../doctor/report.ts";
import { parseState, withoutPending } from "../../doctor/state.ts";
import { UserError } from "../../settings/problems.ts";

const urn = (type: string, name: string) => `urn:pulumi:dev::dask::${type}::${name}`;
const RELEASE = "kubernetes:helm.sh/v3:Release";
const NAMESPACE = "kubernetes:core/v1:Namespace";
const secret = (value: string) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  plaintext: JSON.stringify(value),
});

const namespace = {
  urn: urn(NAMESPACE, "batch"),
  type: NAMESPACE,
  inputs: {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "batch", labels: { "dask-stack": "organization.dask.dev" } },
  },
};
const batch = {
  urn: urn(RELEASE, "batch"),
  type: RELEASE,
  inputs: { name: "batch", namespace: "batch", values: { a: 1 } },
};
const provider = {
  urn: urn("pulumi:providers:kubernetes", "cluster"),
  type: "pulumi:providers:kubernetes",
  inputs: { kubeconfig: secret("a kubeconfig"), clusterIdentifier: "3aacf2d1" },
};

test("the state tells where the stack is, what it holds and what an interrupted run began", () => {
  const deployment = {
    resources: [provider, namespace],
    pending_operations: [{ resource: batch, type: "creating" }],
  };
  assert.deepEqual(parseState(JSON.stringify({ version: 3, deployment })), {
    kubeconfig: "a kubeconfig",
    clusterIdentifier: "3aacf2d1",
    owner: "organization.dask.dev",
    pending: [{ urn: batch.urn, resource: RELEASE, type: "creating", helmRelease: "batch/batch" }],
    helmReleases: {},
    objects: { "/api/v1/namespaces/batch": namespace.urn },
    ownNamespaces: ["batch"],
    namespaces: ["batch"],
  });
  assert.deepEqual(parseState(JSON.stringify({ version: 3, deployment: {} })), {
    pending: [],
    helmReleases: {},
    objects: {},
    ownNamespaces: [],
    namespaces: [],
  });
});

test("a stack that made no namespace is known by any object that shows its owner", () => {
  const shown = {
    urn: urn("kubernetes:batch/v1:Job", "batch-smoke-test"),
    type: "kubernetes:batch/v1:Job",
    inputs: { metadata: { name: "batch-smoke-test", labels: { "dask-stack": "organization.dask.dev" } } },
  };
  const { owner } = parseState(JSON.stringify({ version: 3, deployment: { resources: [provider, shown] } }));
  assert.equal(owner, "organization.dask.dev");
});

test("nothing but the pending operations leaves the state", () => {
  const deployment = { secrets_providers: { type: "passphrase" }, resources: [provider] };
  const pending_operations = [{ resource: batch, type: "creating" }];
  const state = { version: 3, deployment: { ...deployment, pending_operations } };
  assert.deepEqual(JSON.parse(withoutPending(JSON.stringify(state))), {
    version: 3,
    deployment: { ...deployment, pending_operations: [] },
  });
});

const drawn = {
  urn: urn("kubernetes:core/v1:Secret", "batch-jupyter"),
  type: "kubernetes:core/v1:Secret",
  inputs: {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: "batch-jupyter-1a2b3c4d",
      namespace: "batch",
      annotations: { "pulumi.com/autonamed": "true" },
    },
  },
};
const DRAWN = "/api/v1/namespaces/batch/secrets/batch-jupyter-1a2b3c4d";

const noneNoted: Noted = { made: [], helm: [], spared: [], doubtful: [], unseen: [], absent: [] };
const noLocks = { held: [], unreadable: [], moved: false };

/** What the doctor finds of a state whose last run was interrupted, where some objects are there. */
function interrupted(
  resources: readonly object[],
  pending: readonly object[],
  made: readonly string[],
  helm: readonly string[] = [],
  more: Partial<Noted> = {},
) {
  const pending_operations = pending.map((resource) => ({ resource, type: "creating" }));
  const text = JSON.stringify({ version: 3, deployment: { resources, pending_operations } });
  const state = parseState(text);
  const here = { hostname: "laptop", running: [] };
  const noted = { ...noneNoted, made, helm, ...more };
  const found = diagnose({ state, here, locks: noLocks, releases: [], noted });
  return { text, found, fixes: fixes(found) };
}

test("what an interrupted run made goes into the state, with the id that its provider gives", () => {
  const { text, fixes } = interrupted([provider], [namespace, drawn], ["/api/v1/namespaces/batch", DRAWN]);
  const adopt = [namespace.urn, drawn.urn];
  assert.deepEqual(fixes, [{ kind: "clear-pending", count: 2, adopt }]);
  const { deployment } = JSON.parse(withoutPending(text, adopt));
  assert.deepEqual(deployment.pending_operations, []);
  assert.deepEqual(deployment.resources, [
    provider,
    { ...namespace, id: "batch" },
    { ...drawn, id: "batch/batch-jupyter-1a2b3c4d" },
  ]);
  assert.deepEqual(interrupted([provider], [namespace], []).fixes, [
    { kind: "clear-pending", count: 1, adopt: [] },
  ]);
});

test("what the next run made once more, and what a destroy did not know, is deleted, unless it is to be kept", () => {
  const second = {
    ...drawn,
    inputs: { ...drawn.inputs, metadata: { ...drawn.inputs.metadata, name: "batch-jupyter-5e6f7a8b" } },
  };
  const clear = { kind: "clear-pending", count: 1, adopt: [] };
  const gone = (...paths: string[]) => [{ kind: "delete-objects", paths }, clear];
  assert.deepEqual(interrupted([provider, second], [drawn], [DRAWN]).fixes, gone(DRAWN));
  assert.deepEqual(interrupted([provider, drawn], [drawn], [DRAWN]).fixes, [clear]);
  const path = "/api/v1/namespaces/batch";
  assert.deepEqual(interrupted([], [namespace], [path]).fixes, gone(path));
  assert.deepEqual(interrupted([], [{ ...namespace, retainOnDelete: true }], [path]).fixes, [clear]);
  const role = "/apis/rbac.authorization.k8s.io/v1/clusterroles/batch";
  assert.deepEqual(interrupted([], [batch], [], [role]).fixes, gone(role));
});

test("after a destroy what nothing shows to be the stack's is named and left, with the notes that name it", () => {
  const path = "/api/v1/namespaces/batch";
  const role = "/apis/rbac.authorization.k8s.io/v1/clusterroles/batch";
  const { found, fixes } = interrupted([], [namespace, batch], [path], [role], { doubtful: [role] });
  assert.deepEqual(fixes, [{ kind: "delete-objects", paths: [path] }, undefined, undefined]);
  assert.match(
    found[1]?.problem ?? "",
    /^1 object has a name that an interrupted run gave, and nothing shows/,
  );
  assert.equal(found[1]?.evidence[0], "clusterroles/batch");
  assert.match(
    found[1]?.remedy ?? "",
    /--fix --no-other-run deletes it; where it is another, point dask:cluster back/,
  );
  assert.match(found[2]?.remedy ?? "", /^--fix leaves these notes, .*: see what is said of the objects/);
  const kept = { ...namespace, retainOnDelete: true };
  assert.deepEqual(
    interrupted([], [kept], [path], [], { doubtful: [path] }).fixes,
    [{ kind: "clear-pending", count: 1, adopt: [] }],
    "nobody would delete it",
  );
});

test("what holds the data of a release that was cut off is named and not deleted with its objects", () => {
  const role = "/apis/rbac.authorization.k8s.io/v1/clusterroles/batch";
  const spared = ["/api/v1/namespaces/batch/persistentvolumeclaims/hub-db-dir"];
  const { found, fixes } = interrupted([provider], [batch], [], [role], { spared });
  assert.deepEqual(fixes[0], { kind: "delete-objects", paths: [role] });
  assert.match(
    found[0]?.remedy ?? "",
    /It leaves persistentvolumeclaims\/hub-db-dir in batch, which may hold/,
  );
});

test("notes of creations in a cluster stay until it has been looked at by somebody who may see them", () => {
  const text = (pending: readonly object[]) =>
    JSON.stringify({ version: 3, deployment: { resources: [provider], pending_operations: pending } });
  const found = (pending: readonly object[], noted?: Noted) =>
    diagnose({
      state: parseState(text(pending)),
      here: { hostname: "laptop", running: [] },
      locks: noLocks,
      releases: [],
      ...(noted === undefined ? {} : { noted }),
    });
  const creating = [{ resource: namespace, type: "creating" }];
  const [unlooked, ...more] = found(creating);
  assert.deepEqual(more, []);
  assert.equal(unlooked?.fix, undefined);
  assert.match(unlooked?.remedy ?? "", /reach the cluster first: start it, renew the login/);
  assert.match(unlooked?.remedy ?? "", /gone for good, pulumi refresh --clear-pending-creates forgets them/);
  const [unseen] = found(creating, { ...noneNoted, unseen: ["/api/v1/namespaces/batch/secrets"] });
  assert.equal(unseen?.fix, undefined);
  assert.match(unseen?.remedy ?? "", /this user may not see secrets in batch: log in as one who may/);
  const clear = [{ kind: "clear-pending", count: 1, adopt: [] }];
  assert.deepEqual(fixes(found(creating, noneNoted)), clear);
  assert.deepEqual(fixes(found([{ resource: namespace, type: "updating" }])), clear);
});

test("for a cluster that is gone no advice leaves Helm releases in the way or a cloud's resources behind", () => {
  const said = (cluster: object, helmReleases: Readonly<Record<string, string>> = {}) =>
    unreachable(new UserError("no answer"), { helmReleases }, cluster).remedy;
  const releases = {
    "batch/batch": "urn:pulumi:dev::dask::dask:index:Dask$kubernetes:helm.sh/v3:Release::batch",
  };
  for (const provider of ["gke", "eks", "magnum"]) {
    const remedy = said({ provider }, releases);
    assert.match(
      remedy,
      /PULUMI_K8S_DELETE_UNREACHABLE=true pulumi destroy; where that stops at a Helm release, .* \(pulumi state delete 'urn:pulumi:dev::dask::dask:index:Dask\$kubernetes:helm\.sh\/v3:Release::batch'\)$/,
    );
    assert.doesNotMatch(remedy, /stack rm/);
  }
  assert.match(
    said({ provider: "existing" }, releases),
    /Release::batch'\), or pulumi stack rm --force forgets/,
  );
  assert.doesNotMatch(said({ provider: "existing" }), /state delete/);
});

test("an API path is made from an object's own text, and said in words", () => {
  const paths: readonly [apiVersion: string, kind: string, namespace: string | undefined, path: string][] = [
    ["v1", "Namespace", undefined, "/api/v1/namespaces/x"],
    ["v1", "Secret", "batch", "/api/v1/namespaces/batch/secrets/x"],
    [
      "networking.k8s.io/v1",
      "NetworkPolicy",
      "a",
      "/apis/networking.k8s.io/v1/namespaces/a/networkpolicies/x",
    ],
    ["storage.k8s.io/v1", "StorageClass", undefined, "/apis/storage.k8s.io/v1/storageclasses/x"],
  ];
  for (const [apiVersion, kind, namespace, path] of paths)
    assert.equal(objectPath({ apiVersion, kind, metadata: { name: "x", namespace } }), path);
  assert.equal(objectPath({ values: { a: 1 } }), undefined);
  assert.deepEqual(
    paths.map(([, , , path]) => shortPath(path)),
    ["namespaces/x", "secrets/x in batch", "networkpolicies/x in a", "storageclasses/x"],
  );
});

test("objects that the state knows and the cluster does not are taken out of the state", () => {
  const state = { objects: { "/api/v1/namespaces/batch": namespace.urn } };
  assert.deepEqual(fixes(missingObjects(state, ["/api/v1/namespaces/batch"])), [
    { kind: "refresh", urns: [namespace.urn] },
  ]);
  assert.deepEqual(missingObjects(state, []), []);
});

const onBatch = { urn: batch.urn, resource: RELEASE, type: "creating" };
const onPool = {
  urn: urn("dask:index:Gke$gcp:container/nodePool:NodePool", "worker"),
  resource: "gcp:container/nodePool:NodePool",
  type: "creating",
};

test("pending operations that may be repeated are cleared", () => {
  const [finding, ...more] = pendingOperations({ pending: [onBatch, { ...onPool, type: "deleting" }] });
  assert.deepEqual(more, []);
  assert.deepEqual(finding?.fix, { kind: "clear-pending", count: 2, adopt: [] });
  assert.deepEqual(finding?.evidence, [
    `creating ${RELEASE} batch`,
    "deleting gcp:container/nodePool:NodePool worker",
  ]);
  assert.deepEqual(pendingOperations({ pending: [] }), []);
});

test("the creation of something in a cloud is not cleared, and nothing beside it", () => {
  const [finding, ...more] = pendingOperations({ pending: [onBatch, onPool] });
  assert.deepEqual(more, []);
  assert.match(finding?.problem ?? "", /interrupted while creating gcp:container\/nodePool:NodePool worker/);
  assert.equal(finding?.fix, undefined);
});

const lock = { pid: 42, username: "ada", hostname: "laptop", timestamp: "2026-01-01T00:00:00Z" };

test("a lock goes only where the process that took it is dead on this machine", () => {
  const staleLocks = (held: readonly Lock[], here: { hostname: string; running: number[] }) =>
    lockFindings({ ...noLocks, held }, here);
  const dead = staleLocks([lock], { hostname: "laptop", running: [] });
  assert.deepEqual(dead[0]?.fix, { kind: "unlock" });
  assert.deepEqual(dead[0]?.evidence, ["taken by ada@laptop, process 42, at 2026-01-01T00:00:00Z"]);
  const others = [
    staleLocks([lock], { hostname: "laptop", running: [42] }),
    staleLocks([lock], { hostname: "office", running: [] }),
    staleLocks([lock, { ...lock, pid: 43 }], { hostname: "laptop", running: [43] }),
  ];
  for (const found of others) {
    assert.equal(found[0]?.fix, undefined);
    assert.equal(found[0]?.waits, true);
  }
  assert.deepEqual(staleLocks([], { hostname: "laptop", running: [] }), []);
  assert.deepEqual(parseLock(JSON.stringify(lock)), lock);
  assert.equal(parseLock("half a fi"), undefined);
});

function revision(name: string, version: number, status: string, namespace = name): Revision {
  const labels = { name, version, status };
  return { metadata: { name: `sh.helm.release.v1.${name}.v${version}`, namespace, labels } };
}

const known = { helmReleases: { "batch/batch": batch.urn }, pending: [], ownNamespaces: ["batch"] };
const fixes = (findings: readonly Finding[]) => findings.map(({ fix }) => fix);

test("a Helm release that was interrupted loses its newest revision, and only where it is pending", () => {
  for (const status of ["pending-install", "pending-upgrade", "pending-rollback"]) {
    const found = helmFindings([revision("batch", 3, status), revision("batch", 2, "deployed")], known, [
      "batch",
    ]);
    assert.deepEqual(fixes(found), [
      { kind: "delete-secrets", namespace: "batch", names: ["sh.helm.release.v1.batch.v3"] },
    ]);
    assert.match(
      found[0]?.problem ?? "",
      new RegExp(`batch/batch was interrupted: its revision 3 is ${status}`),
    );
  }
  const mended = [revision("batch", 3, "deployed"), revision("batch", 2, "pending-upgrade")];
  assert.deepEqual(helmFindings(mended, known, ["batch"]), []);
  assert.deepEqual(
    helmFindings([revision("batch", 10, "failed"), revision("batch", 9, "pending-upgrade")], known, []),
    [],
  );
});

test("a Helm release that the state does not know loses all its revisions, where it stands in a namespace of the stack", () => {
  const revisions = [revision("batch", 1, "superseded"), revision("batch", 2, "deployed")];
  const all = {
    kind: "delete-secrets",
    namespace: "batch",
    names: ["sh.helm.release.v1.batch.v1", "sh.helm.release.v1.batch.v2"],
  };
  const unknown = { helmReleases: {}, pending: [], ownNamespaces: ["batch"] };
  assert.deepEqual(fixes(helmFindings(revisions, unknown, ["batch"])), [all]);
  const began = { urn: batch.urn, resource: RELEASE, type: "creating", helmRelease: "batch/batch" };
  assert.deepEqual(
    helmFindings(revisions, { helmReleases: {}, pending: [began], ownNamespaces: ["batch"] }, ["batch"]),
    [],
    "left to what is said of the run's objects",
  );
});

test("Helm releases of others are left alone", () => {
  const revisions = [
    revision("theirs", 1, "pending-install", "batch"),
    revision("batch", 1, "deployed", "team"),
    revision("batch-grafana", 1, "deployed", "batch"),
    revision("batch-monitoring", 1, "pending-upgrade", "batch"),
  ];
  const state = { helmReleases: {}, pending: [], ownNamespaces: ["batch"] };
  assert.deepEqual(helmFindings(revisions, state, ["batch"]), []);
});

test("the Helm releases beside a release are the stack's, by their exact names", () => {
  const state = { helmReleases: {}, pending: [], ownNamespaces: ["batch"] };
  const shared = ["cloudnative-pg", "dask-settle"];
  for (const name of ["batch", "batch-dask-gateway", "batch-drain", "batch-end-clusters", ...shared]) {
    const found = helmFindings([revision(name, 1, "deployed", "batch")], state, ["batch"]);
    assert.deepEqual(fixes(found), [
      { kind: "delete-secrets", namespace: "batch", names: [`sh.helm.release.v1.${name}.v1`] },
    ]);
  }
});

test("a Helm release that is half taken away or missing is named", () => {
  const half = helmFindings([revision("batch", 2, "uninstalling")], known, ["batch"]);
  assert.deepEqual(fixes(half), [{ kind: "finish-deletion", urn: batch.urn }]);
  assert.deepEqual(fixes(helmFindings([], known, ["batch"])), [{ kind: "refresh", urns: [batch.urn] }]);
});

test("what can be mended is mended lock first, and nothing while another run may be at work", () => {
  const finding = (fix: Finding["fix"]): Finding =>
    fix === undefined
      ? { problem: "", evidence: [], remedy: "" }
      : { problem: "", evidence: [], remedy: "", fix };
  const refresh = { kind: "refresh", urns: ["a"] } as const;
  const unlock = { kind: "unlock" } as const;
  const clear = { kind: "clear-pending", count: 1, adopt: [] } as const;
  const remove = { kind: "delete-objects", paths: ["/api/v1/namespaces/a"] } as const;
  const all = [refresh, undefined, clear, remove, { ...refresh, urns: ["b"] }, unlock];
  assert.deepEqual(fixesOf(all.map(finding)), [unlock, remove, clear, { kind: "refresh", urns: ["a", "b"] }]);
  assert.deepEqual(fixesOf([finding(clear), { ...finding(undefined), waits: true }]), []);
});

test("where locks cannot be seen nothing is mended, and a stack with which nothing is wrong is well", () => {
  const state = { helmReleases: {}, objects: {}, ownNamespaces: [], namespaces: [] };
  const facts = { here: { hostname: "laptop", running: [] }, releases: [] };
  const [first, ...more] = diagnose({ ...facts, noted: noneNoted, state: { ...state, pending: [onBatch] } });
  assert.match(first?.problem ?? "", /locks of this backend cannot be seen/);
  assert.deepEqual(fixes(more), [{ kind: "clear-pending", count: 1, adopt: [] }]);
  assert.deepEqual(fixesOf([...(first === undefined ? [] : [first]), ...more]), []);
  assert.deepEqual(diagnose({ ...facts, state: { ...state, pending: [] } }), []);
});

test("another cluster is named only where its identifier is a UID", () => {
  const state = { pending: [], helmReleases: {}, objects: {}, ownNamespaces: [], namespaces: [] };
  const facts = { locks: noLocks, here: { hostname: "laptop", running: [] }, releases: [] };
  const named = "3aacf2d1-0f8f-4880-b929-e99a3e1e0127";
  const found = (clusterIdentifier: string) =>
    diagnose({ ...facts, named, state: { ...state, clusterIdentifier } }).length;
  assert.equal(found("11111111-2222-3333-4444-555555555555"), 1);
  assert.equal(found("https://cluster"), 0);
  assert.equal(found(named), 0);
});

test("the locks of a backend of files lie beside its stacks, whatever options its URL has", () => {
  const folder = "/srv/state/.pulumi/locks/organization/dask/dev";
  assert.equal(lockFolder("file:///srv/state", "dev"), folder);
  assert.equal(lockFolder("file:///srv/state?no_tmp_dir=true", "organization/dask/dev"), folder);
});

test("the report names the problem, what shows it and the remedy", () => {
  assert.equal(report("dev", []), "Nothing is wrong with the stack dev.");
  assert.equal(
    report("dev", [{ problem: "a pod crashes", evidence: ["line 1\nline 2"], remedy: "mend it" }]),
    "1 thing is wrong with the stack dev.\n\n- a pod crashes\n    line 1\n    line 2\n  -> mend it",
  );
});
