import assert from "node:assert/strict";
import { attempt } from "../attempt.ts";
import { eventually } from "../eventually.ts";
import { withCharts } from "../stack/sandbox.ts";
import { watch } from "../stack/updates.ts";
import { withKernel } from "./hub-kernel.ts";
import { Person } from "./hub-person.ts";
import { everything, hubAccess, leftSince, smallHub } from "./hub-stack.ts";
import { realTest, smokeTestResult } from "./node.ts";

realTest(
  "a hub without Dask serves, keeps its users in a file, and leaves nothing while a notebook runs",
  ["jupyterhub"],
  async (bench, context) => {
    const before = await everything(bench);
    const { expose, auth, hub: sizes, user } = smallHub;
    const config = await withCharts({
      "dask:cluster": { provider: "existing", expose: "LoadBalancer" },
      "dask:releases": {
        plain: { kind: "jupyterhub", expose, auth, hub: sizes, user, database: { kind: "sqlite" } },
      },
    });
    const stack = await bench.open("plain", config);
    const start = Date.now();
    await attempt(async () => {
      const { outputs } = await stack.up();
      context.diagnostic(`up, with a smoke test, took ${Math.round((Date.now() - start) / 1000)} s`);
      const said = await smokeTestResult<{ versions: { jupyterhub: string }; spawner: string }>(
        bench,
        "plain",
      );
      assert.match(said.versions.jupyterhub, /^5\./);
      assert.match(said.spawner, /KubeSpawner/);

      const { hub, userPassword } = hubAccess(outputs, "plain");
      const bob = new Person(hub, "bob");
      assert.equal(await bob.login("dask"), "refused");
      assert.equal(await bob.login(userPassword), "in");
      await bob.startServer();
      assert.equal(await withKernel(bob, (run) => run("print(6 * 7)")), "42");
      const watched = watch();
      await stack.up(watched);
      assert.deepEqual(watched.done(), []);

      await bench.kubectl("delete", "pod", "-n", "plain", "-l", "app=jupyterhub,component=hub");
      await bench.kubectl("rollout", "status", "-n", "plain", "deployment/hub", "--timeout=120s");
      // The proxy answers for a hub that it does not reach yet.
      const { json } = await eventually(
        () => bob.call("GET", "/hub/api/user"),
        ({ status }) => status === 200,
      );
      assert.equal((json as { server?: string }).server, `${bob.server}/`);
    }).finally(async () => {
      await stack.destroy({ remove: true });
    });
    assert.deepEqual(await leftSince(bench, before), []);
  },
);
