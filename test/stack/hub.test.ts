import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OutputMap } from "@pulumi/pulumi/automation/index.js";
import { genuineCharts, standIn } from "../../sandbox/charts.ts";
import { inventory } from "./inventory.ts";
import { type Bench, changes, outputOf, sandboxTest, withCharts } from "./sandbox.ts";
import { generatedSecrets, type Leak, leaks, readableObjects, secretData } from "./secret-values.ts";
import { simulatePostgres, withoutWebhooks } from "./simulated-postgres.ts";
import { watch } from "./updates.ts";

/*
 * Hubs on simulated nodes have Postgres, in the cluster or elsewhere: a hub with a file of its own would never start
 * there, because nobody makes the volume.
 */

type Settings = Readonly<Record<string, unknown>>;

const cluster = { provider: "existing", expose: "LoadBalancer" };
const inOffice = { expose: { allowFrom: ["10.0.0.0/8"] } };

sandboxTest(
  "a hub, a gateway and a Dask cluster: each edit changes what it must, a new chart no secret, destroy leaves definitions",
  async (bench) => {
    const before = await inventory(bench);
    const config = (edits: { people?: Settings; shared?: Settings; fixed?: Settings } = {}) =>
      withCharts({
        "dask:cluster": cluster,
        "dask:postgres": { namespace: "crew-operator", ...withoutWebhooks },
        "dask:releases": {
          people: { kind: "daskhub", ...inOffice, ...edits.people },
          shared: { kind: "dask-gateway", ...inOffice, ...edits.shared },
          fixed: { kind: "dask", workers: { replicas: 1 }, ...edits.fixed },
        },
      });
    const namespaces = ["people", "shared", "fixed"];
    const stack = await bench.open("crew", await config());
    const stopPostgres = simulatePostgres(bench);
    const up = async () => {
      const watched = watch();
      const { outputs } = await stack.up(watched);
      return { outputs, done: watched.done() };
    };
    try {
      const first = await stack.up();
      assert.deepEqual(Object.keys(changes(first.summary.resourceChanges)), ["create"]);
      for (const release of namespaces) assert.equal(await smokeTestResult(bench, release), "Complete");
      assert.deepEqual(endpointNames(first.outputs), {
        people: ["gatewayInCluster", "hub"],
        shared: ["gateway", "gatewayInCluster"],
        fixed: ["schedulerInCluster"],
      });

      assert.deepEqual((await up()).done, []);
      await stack.refresh();
      assert.deepEqual((await up()).done, [], "after a refresh");

      const shared = { limits: { workers: 7 } };
      await bench.open("crew", await config({ shared }));
      assert.deepEqual((await up()).done, ["replace shared-smoke-test", "update shared"]);
      assert.match(await gatewayConfig(bench, "shared", "shared-dask-gateway"), /cluster_max_workers\W+7\b/);

      const people = { limits: { workers: 5 } };
      await bench.open("crew", await config({ shared, people }));
      const edited = await up();
      assert.deepEqual(edited.done, ["replace people-smoke-test", "update people-dask-gateway"]);

      if (!(await genuineCharts())) {
        const secrets = await secretData(bench, namespaces);
        await withNewerCharts(async (newer) => {
          const newest = {
            people: { ...people, chart: newer("jupyterhub"), gatewayChart: newer("dask-gateway") },
            shared: { ...shared, chart: newer("dask-gateway") },
            fixed: { chart: newer("dask") },
          };
          await bench.open("crew", await config(newest));
          const upgraded = await up();
          assert.deepEqual(
            upgraded.done.filter((each) => each.startsWith("update")),
            ["update fixed", "update people", "update people-dask-gateway", "update shared"],
          );
          assert.deepEqual(upgraded.outputs.credentials, edited.outputs.credentials);
          assert.deepEqual(tokens(await secretData(bench, namespaces)), tokens(secrets));
          assert.deepEqual((await up()).done, []);
        });
      }
    } finally {
      await stack.destroy({ remove: true });
      await stopPostgres();
    }
    await removeDefinitions(bench, before);
    assert.deepEqual(await inventory(bench), before);
  },
);
