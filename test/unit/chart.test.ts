import assert from "node:assert/strict";
import { resolve } from "node:path";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { chartSource, mergeValues } from "../../components/chart.ts";

test("a chart comes from its pinned repository and version", () => {
  assert.deepEqual(chartSource("dask", {}), {
    chart: "dask",
    version: "2024.1.1",
    repositoryOpts: { repo: "https://helm.dask.org" },
  });
});

test("a chart can come from a mirror, an OCI registry or this machine", () => {
  assert.deepEqual(chartSource("dask", { repo: "https://mirror.example.org/charts", version: "2024.1.2" }), {
    chart: "dask",
    version: "2024.1.2",
    repositoryOpts: { repo: "https://mirror.example.org/charts" },
  });
  assert.deepEqual(chartSource("dask", { repo: "oci://mirror.example.org/charts/" }), {
    chart: "oci://mirror.example.org/charts/dask",
    version: "2024.1.1",
  });
  assert.deepEqual(chartSource("dask", { path: "charts/dask.tgz" }), { chart: resolve("charts/dask.tgz") });
});

test("values of the user are merged last: maps by key, lists and scalars replaced, outputs left whole", () => {
  const output = pulumi.output({ a: 1 });
  assert.deepEqual(mergeValues({ a: { b: 1, c: [1, 2] }, d: 1 }, { a: { c: [3] }, e: null }), {
    a: { b: 1, c: [3] },
    d: 1,
    e: null,
  });
  assert.equal(mergeValues({ a: output }, { b: 1 }).a, output);
  assert.deepEqual(mergeValues({ a: output }, { a: { b: 1 } }), { a: { b: 1 } });
});
