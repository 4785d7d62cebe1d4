import assert from "node:assert/strict";
import { test } from "node:test";
import { preflight } from "../../preflight/index.ts";
import type { ApiClient } from "../../providers/existing/api-client.ts";
import { parseSettings } from "../../settings/parse.ts";

/** An API server that holds these namespaces. */
function api(namespaces: Record<string, Record<string, string>>): ApiClient {
  const get = async (path: string) => {
    const labels = namespaces[path.replace("/api/v1/namespaces/", "")];
    return labels === undefined
      ? { kind: "absent" as const }
      : { kind: "found" as const, object: { metadata: { labels } } };
  };
  return { server: "https://cluster", get };
}

const settings = (dask: object, more: object = {}) =>
  parseSettings({
    cluster: { provider: "existing" },
    releases: { batch: { kind: "dask", ...dask } },
    ...more,
  });

test("a free namespace, one of our own and one that was handed over pass", async () => {
  await preflight(settings({}), { api: api({}) }, "o.dask.dev");
  await preflight(settings({}), { api: api({ batch: { "dask-stack": "o.dask.dev" } }) }, "o.dask.dev");
  await preflight(
    settings({ namespace: { name: "team", create: false } }),
    { api: api({ team: {} }) },
    "o.dask.dev",
  );
});

test("a namespace that exists and is not ours is refused, with whose it is", async () => {
  await assert.rejects(
    preflight(settings({}), { api: api({ batch: {} }) }, "o.dask.dev"),
    /dask:releases\.batch\.namespace is "batch": exists and is not this stack's; choose another name, or write \{ name: batch, create: false \}/,
  );
  await assert.rejects(
    preflight(settings({}), { api: api({ batch: { "dask-stack": "o.dask.prod" } }) }, "o.dask.dev"),
    /belongs to the stack o\.dask\.prod/,
  );
});

test("a namespace that was handed over and is not there is refused", async () => {
  await assert.rejects(
    preflight(settings({ namespace: { name: "team", create: false } }), { api: api({}) }, "o.dask.dev"),
    /dask:releases\.batch\.namespace is "team": is not there; write \{ name: team, create: true \} to make it/,
  );
});

test("a chart that is missing is refused, and with liveChecks off only that is looked at", async () => {
  const missing = settings({ chart: { path: "no/such/chart" } }, { liveChecks: false });
  await assert.rejects(
    preflight(missing, { api: api({ batch: {} }) }, "o.dask.dev"),
    (error: Error) =>
      /chart\.path is "no\/such\/chart": is not there \(looked at \/.*\); give the directory or archive/.test(
        error.message,
      ) && !/namespace/.test(error.message),
  );
});

test("a user who may not look at namespaces is not stopped", async () => {
  const blind: ApiClient = { server: "https://cluster", get: async () => ({ kind: "forbidden" }) };
  await preflight(settings({ namespace: { name: "team", create: false } }), { api: blind }, "o.dask.dev");
});
