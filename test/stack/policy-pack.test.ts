import assert from "node:assert/strict";
import { POLICY_PACK } from "../policy-pack.ts";
import { sandboxTest, withCharts } from "./sandbox.ts";

sandboxTest(
  "with the policy pack, the engine makes a stack that is in order, and stops before a release that is not",
  async (bench) => {
    const config = (values: object) =>
      withCharts({
        "dask:cluster": { provider: "existing" },
        "dask:smokeTest": false,
        "dask:releases": { judged: { kind: "dask", workers: { replicas: 1 }, values } },
      });
    const options = { policyPacks: [POLICY_PACK] };
    const stack = await bench.open("judged", await config({}));
    try {
      await stack.up(options);
      await bench.open("judged", await config({ scheduler: { serviceType: "NodePort" } }));
      await assert.rejects(stack.up(options), /no-public-scheduler[\s\S]*scheduler is a NodePort/);
      const type = ["-o", "jsonpath={.spec.type}"];
      const service = ["service", "judged-dask-scheduler", "-n", "judged"];
      assert.equal(await bench.kubectl("get", ...service, ...type), "ClusterIP");
    } finally {
      await stack.destroy({ remove: true });
    }
  },
);
