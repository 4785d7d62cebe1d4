import assert from "node:assert/strict";
import { test } from "node:test";
import type { Crd } from "../../components/crds.ts";
import { checkDefinitions } from "../../preflight/definitions.ts";
import type { ApiClient } from "../../providers/existing/api-client.ts";
import { parseSettings } from "../../settings/parse.ts";
import { problemsOf } from "./refusals.ts";

const OWNER = "organization.dask.dev";
const NAME = "daskclusters.gateway.dask.org";

const crd: Crd = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: NAME },
  spec: {
    group: "gateway.dask.org",
    names: { plural: "daskclusters" },
    versions: [{ name: "v1alpha1", served: true }],
  },
};

/** Checks the one definition where it carries a label, and Dask clusters are in some namespaces. */
async function check(label: string | undefined, namespaces: readonly string[] = [], crds = "own") {
  const settings = parseSettings({
    cluster: { provider: "existing" },
    crds,
    releases: { gate: { kind: "dask-gateway" } },
  });
  const labels = label === undefined ? {} : { "dask-stack": label };
  const objects: Record<string, object> = {
    [`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${NAME}`]: { metadata: { labels } },
    "/apis/gateway.dask.org/v1alpha1/daskclusters": {
      items: namespaces.map((namespace) => ({ metadata: { namespace, name: "a" } })),
    },
  };
  const api: ApiClient = {
    server: "https://cluster",
    get: async (path) => {
      const object = objects[path];
      return object === undefined ? { kind: "absent" } : { kind: "found", object };
    },
  };
  return checkDefinitions(settings, [crd], api, OWNER);
}

test("a definition that is this stack's, with no objects but its own, may be owned", async () => {
  await check(OWNER);
  await check(OWNER, ["gate"]);
  await check(undefined, ["elsewhere"], "manage");
});

test("a definition that others made is not owned, and the command that takes it over is named", async () => {
  for (const label of [undefined, "organization.dask.other"])
    await assert.rejects(
      check(label),
      /dask:crds is "own": finds the definition daskclusters\.gateway\.dask\.org, which is not this stack's; write manage to share it, or take it over with kubectl label crd daskclusters\.gateway\.dask\.org dask-stack=organization\.dask\.dev --overwrite/,
    );
});

test("a definition whose objects are others' too is not owned", async () => {
  await assert.rejects(
    check(OWNER, ["gate", "elsewhere"]),
    /would take daskclusters of others away with the definition .* \(a in elsewhere\); write manage/,
  );
});

test("a Postgres that is kept outlives no definition that goes", () => {
  const hub = (onDestroy: string) => ({
    kind: "jupyterhub",
    host: "hub.example.org",
    tls: { kind: "offload" },
    database: { kind: "postgres", onDestroy },
  });
  const found = (onDestroy: string, crds: string) =>
    problemsOf({ cluster: { provider: "existing" }, crds, releases: { hub: hub(onDestroy) } });
  assert.match(found("keep", "own").join(), /dask:crds would take the Postgres of hub away/);
  assert.deepEqual(found("delete", "own"), []);
  assert.deepEqual(found("keep", "manage"), []);
});
