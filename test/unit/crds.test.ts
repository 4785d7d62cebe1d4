import assert from "node:assert/strict";
import { resolve } from "node:path";
import { test } from "node:test";
import { templateOptions } from "../../components/crds.ts";

const common = { release_name: "crds", namespace: "default", kube_version: "1.99.0" };

test("CRDs are read from the place that the release takes its chart from", () => {
  assert.deepEqual(templateOptions("dask-gateway", {}), {
    ...common,
    chart: "dask-gateway",
    version: "2026.3.0",
    fetch_opts: { repo: "https://helm.dask.org" },
  });
  assert.deepEqual(
    templateOptions("dask-gateway", { repo: "oci://mirror.example.org/charts", version: "1.2.3" }),
    {
      ...common,
      chart: "oci://mirror.example.org/charts/dask-gateway",
      version: "1.2.3",
    },
  );
  assert.deepEqual(templateOptions("dask-gateway", { path: "charts/dask-gateway-2026.3.0.tgz" }), {
    ...common,
    path: resolve("charts"),
    chart: "dask-gateway-2026.3.0.tgz",
  });
});
