import assert from "node:assert/strict";
import { test } from "node:test";
import { preflight } from "../../preflight/index.ts";
import { type OwnState, parseOwnState } from "../../preflight/own-state.ts";
import type { ApiClient } from "../../providers/existing/api-client.ts";
import { parseSettings } from "../../settings/parse.ts";

const HERE = "3aacf2d1-0f8f-4880-b929-e99a3e1e0127";
const ELSEWHERE = "11111111-2222-3333-4444-555555555555";
const OWNER = "organization.dask.dev";

/** A cluster that holds one namespace of this stack, with the revisions of Helm releases in it. */
function api(revisions: Record<string, string>): ApiClient {
  const items = Object.entries(revisions).map(([name, status]) => ({
    metadata: {
      name: `sh.helm.release.v1.${name}.v1`,
      namespace: "batch",
      labels: { name, status, version: "1" },
    },
  }));
  const objects: Record<string, unknown> = {
    "/api/v1/namespaces/kube-system": { metadata: { uid: HERE } },
    "/api/v1/namespaces/batch": { metadata: { labels: { "dask-stack": OWNER } } },
    "/api/v1/namespaces/batch/secrets?labelSelector=owner%3Dhelm": { items },
  };
  const get = async (path: string) =>
    path in objects ? { kind: "found" as const, object: objects[path] } : { kind: "absent" as const };
  return { server: "https://cluster", get };
}

const settings = parseSettings({
  cluster: { provider: "existing" },
  releases: { batch: { kind: "dask" } },
});

function check(revisions: Record<string, string>, state: OwnState | undefined): Promise<void> {
  return preflight(settings, { api: api(revisions) }, OWNER, Promise.resolve(state));
}

test("releases that are whole, or that nobody has made yet, pass; so does a stack whose state cannot be read", async () => {
  await check({ batch: "deployed" }, { clusterIdentifier: HERE, helmReleases: ["batch/batch"] });
  await check({ batch: "failed" }, { clusterIdentifier: HERE, helmReleases: ["batch/batch"] });
  await check({}, { helmReleases: [] });
  await check({ batch: "pending-install" }, undefined);
  await check({ theirs: "pending-install", "batch-grafana": "deployed" }, { helmReleases: [] });
});

test("a Helm release that goes anyway may be half taken away", async () => {
  for (const name of ["batch-drain", "batch-end-clusters", "batch-dask-gateway"]) {
    await check({ [name]: "uninstalling" }, { helmReleases: [`batch/${name}`] });
    await assert.rejects(
      check({ [name]: "pending-upgrade" }, { helmReleases: [`batch/${name}`] }),
      new RegExp(`batch/${name} was interrupted`),
    );
  }
});

test("a release that was interrupted is refused, with the command that mends it", async () => {
  await assert.rejects(
    check({ batch: "pending-upgrade" }, { helmReleases: ["batch/batch"] }),
    /dask:releases\.batch cannot be worked on: the Helm release batch\/batch was interrupted: .*; npm run doctor -- --stack \S+ says more and mends it/,
  );
  await assert.rejects(
    check({ batch: "deployed" }, { helmReleases: [] }),
    /batch\/batch is in the cluster and not in the stack's state/,
  );
  await assert.rejects(
    check({ batch: "uninstalling" }, { helmReleases: ["batch/batch"] }),
    /half taken away: a destroy was interrupted; npm run doctor -- --stack \S+ says more and mends it/,
  );
});

test("the operator of databases that was interrupted is refused under its own key", async () => {
  const hub = { kind: "jupyterhub", host: "hub.example.org", tls: { kind: "offload" } };
  const withHub = parseSettings({
    cluster: { provider: "existing" },
    postgres: { namespace: "batch" },
    releases: { hub },
  });
  const state = { helmReleases: ["batch/cloudnative-pg"] };
  const of = (status: string) =>
    preflight(withHub, { api: api({ "cloudnative-pg": status }) }, OWNER, Promise.resolve(state));
  await of("deployed");
  for (const status of ["pending-upgrade", "uninstalling"])
    await assert.rejects(
      of(status),
      /dask:postgres cannot be worked on: the Helm release batch\/cloudnative-pg/,
    );
});

test("another cluster than the one that holds the stack is refused, unless nothing tells them apart", async () => {
  await assert.rejects(
    check({}, { clusterIdentifier: ELSEWHERE, helmReleases: ["batch/batch"] }),
    /dask:cluster points at another cluster \(https:\/\/cluster\) than the one that holds the stack/,
  );
  await check({}, { clusterIdentifier: "https://cluster-of-before", helmReleases: [] });
});

test("what tells a cluster from others is asked once: whoever reached it has the answer", async () => {
  const asked: string[] = [];
  const { server, get } = api({});
  const watched: ApiClient = {
    server,
    get: (path) => {
      asked.push(path);
      return get(path);
    },
  };
  const state = Promise.resolve({ clusterIdentifier: HERE, helmReleases: [] });
  await preflight(settings, { api: watched, identifier: HERE }, OWNER, state);
  assert.ok(asked.length > 0 && !asked.includes("/api/v1/namespaces/kube-system"), asked.join(", "));
  await assert.rejects(
    preflight(settings, { api: watched, identifier: ELSEWHERE }, OWNER, state),
    /points at another cluster/,
  );
});

test("the stack's own state is read as the engine gives it", () => {
  const outputs = {
    "urn:pulumi:dev::dask::pulumi:providers:kubernetes::cluster": {
      type: "pulumi:providers:kubernetes",
      outputs: { clusterIdentifier: HERE, kubeconfig: "{}" },
    },
    "urn:pulumi:dev::dask::kubernetes:helm.sh/v3:Release::batch": {
      type: "kubernetes:helm.sh/v3:Release",
      outputs: { namespace: "batch", name: "batch" },
    },
  };
  assert.deepEqual(parseOwnState({ outputs }), { clusterIdentifier: HERE, helmReleases: ["batch/batch"] });
  assert.deepEqual(parseOwnState({ outputs: {} }), { helmReleases: [] });
  assert.equal(parseOwnState({ stackName: "organization/dask/dev" }), undefined);
});
