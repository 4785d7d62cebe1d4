import assert from "node:assert/strict";
import { test } from "node:test";
import { type CloudName, nodeResources } from "../../settings/clusters/machine-types.ts";

/** What nodes of running clusters have left for pods, DaemonSets of the cloud subtracted: cores and bytes. */
const MEASURED: readonly [CloudName, machineType: string, cores: number, memory: number][] = [
  ["gke", "n2-highmem-4", 3.477, 29_158_952_960],
  ["gke", "n2-highmem-32", 31.424, 257_326_313_472],
  ["gke", "n1-highmem-4", 3.479, 23_235_608_576],
  ["eks", "r5.xlarge", 3.75, 31_861_460_992],
  ["eks", "r5.4xlarge", 15.72, 130_189_627_392],
  ["eks", "r5.16xlarge", 63.6, 526_011_052_032],
];

test("what a node is said to have is never more than real nodes have, and little less", () => {
  for (const [cloud, machineType, cores, memory] of MEASURED) {
    const found = nodeResources(cloud, machineType);
    assert.ok(found, machineType);
    assert.ok(found.cores <= cores, `${machineType}: ${found.cores} cores of ${cores}`);
    assert.ok(found.cores >= cores - 0.3, `${machineType}: ${found.cores} cores of ${cores}`);
    assert.ok(found.memory <= memory, `${machineType}: ${found.memory} bytes of ${memory}`);
    assert.ok(found.memory >= 0.96 * memory, `${machineType}: ${found.memory} bytes of ${memory}`);
  }
});

test("every size of a family has more than the one before it", () => {
  const families: [CloudName, string[]][] = [
    ["gke", [2, 4, 8, 16, 32, 64].map((cores) => `n2-standard-${cores}`)],
    ["gke", ["e2-micro", "e2-small", "e2-medium", "e2-standard-2"]],
    ["eks", ["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge"].map((size) => `m6i.${size}`)],
    ["eks", ["t3.small", "t3.medium", "t3.large", "t3.xlarge"]],
  ];
  for (const [cloud, names] of families) {
    const sizes = names.map((name) => nodeResources(cloud, name)?.memory ?? Number.NaN);
    assert.deepEqual(
      sizes,
      sizes.toSorted((a, b) => a - b),
      names.join(),
    );
    assert.ok(!sizes.some(Number.isNaN), names.join());
  }
});

test("a custom machine of Google says its size by its name", () => {
  const custom = nodeResources("gke", "n2-custom-8-32768");
  assert.deepEqual(custom, nodeResources("gke", "n2-standard-8"));
  assert.ok(nodeResources("gke", "custom-4-8192"));
});

test("a machine type that is not known has no size", () => {
  for (const name of ["n2-standard-0", "n2-standard", "x9-standard-4", "c4-standard-8", ""])
    assert.equal(nodeResources("gke", name), undefined, name);
  for (const name of ["m5", "m5.metal", "z1d.large", "u-6tb1.metal"])
    assert.equal(nodeResources("eks", name), undefined, name);
  assert.equal(nodeResources("magnum", "m1.large"), undefined);
});
