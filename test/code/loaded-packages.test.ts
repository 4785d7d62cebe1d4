import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";

const CLOUDS = { gke: "@pulumi/gcp", eks: "@pulumi/aws", magnum: "@pulumi/openstack" };

/** The packages that a stack file's program loads, started as Pulumi.yaml says. */
async function loadedPackages(cloud: string): Promise<string[]> {
  const script = [
    "--import",
    "./loader.js",
    "test/code/loaded-packages.ts",
    `stacks/Pulumi.${cloud}-small.yaml`,
  ];
  const { stdout } = await promisify(execFile)(process.execPath, script);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "").packages;
}

for (const [cloud, sdk] of Object.entries(CLOUDS)) {
  test(`a stack on ${cloud} loads no other cloud's SDK, no compiler and no package manager`, async () => {
    const packages = await loadedPackages(cloud);
    assert.deepEqual(
      packages.filter((name) => name.startsWith("@pulumi/")),
      [sdk, "@pulumi/kubernetes", "@pulumi/pulumi", "@pulumi/random"].toSorted(),
    );
    const unused = ["typescript", "@npmcli/arborist", "pacote", "sigstore"];
    assert.deepEqual(
      packages.filter((name) => unused.includes(name)),
      [],
    );
  });
}
