import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";

const CLOUDS = { gke: "@pulumi/gcp", eks: "@pulumi/aws", magnum: "@pulumi/openstack" };

for (const [cloud, sdk] of Object.entries(CLOUDS)) {
  test(`a stack on ${cloud} loads no other cloud's SDK`, async () => {
    const script = [
      "--import",
      "tsx/esm",
      "test/code/loaded-packages.ts",
      `stacks/Pulumi.${cloud}-small.yaml`,
    ];
    const { stdout } = await promisify(execFile)(process.execPath, script);
    const { packages } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
    assert.deepEqual(packages, [sdk, "@pulumi/kubernetes", "@pulumi/pulumi", "@pulumi/random"].toSorted());
  });
}
