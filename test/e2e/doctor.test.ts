import assert from "node:assert/strict";
import { attempt } from "../attempt.ts";
import { inventory } from "../stack/inventory.ts";
import { runDoctor } from "../stack/runs.ts";
import { chartSetting } from "../stack/sandbox.ts";
import { realTest } from "./node.ts";

realTest(
  "up and the doctor name an image that cannot be had, and a container that crashes with its last words",
  ["dask"],
  async (bench) => {
    const small = {
      kind: "dask",
      scheduler: { cores: 0.2, memory: "512M" },
      workers: { replicas: 1, cores: 0.2, memory: "512M" },
      jupyter: false,
      timeout: "40s",
      ...(await chartSetting("dask")),
    };
    const before = await inventory(bench);
    const stack = await bench.open("unwell", {
      "dask:cluster": { provider: "existing" },
      "dask:smokeTest": false,
      "dask:releases": {
        imageless: { ...small, image: { tag: "2025.11.0-missing" } },
        crashing: { ...small, packages: { pip: ["no-such-package==1"] } },
      },
    });
    const said: string[] = [];
    await attempt(async () => {
      await assert.rejects(stack.up({ onOutput: (text) => said.push(text) }));
      const { code, text } = await runDoctor(bench, "unwell");
      assert.equal(code, 1);
      assert.match(
        text,
        /pod imageless\/imageless-dask-\S+ cannot get its image\n.*dask:2025\.11\.0-missing: (ErrImagePull|ImagePullBackOff)[\s\S]*?-> check the release's image/,
      );
      assert.match(
        text,
        /pod crashing\/crashing-dask-\S+ crashes again and again\n.*ended with code 1[\s\S]*?no-such-package==1[\s\S]*?-> its last lines say why/,
      );
      assert.match(said.join(""), /cannot get its image/);
      assert.match(said.join(""), /npm run doctor -- --stack unwell/);
    }).finally(async () => {
      await stack.destroy({ remove: true });
    });
    assert.deepEqual(await inventory(bench), before);
  },
);
