import assert from "node:assert/strict";
import { test } from "node:test";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../../components/cluster.ts";
import { createReleases } from "../../components/index.ts";
import { outputsOf } from "../../outputs.ts";
import { exposeExisting } from "../../providers/existing.ts";
import { parseSettings } from "../../settings/parse.ts";
import { run } from "./mock-engine.ts";

const RELEASE = "kubernetes:helm.sh/v3:Release";

function cluster(): Cluster {
  return {
    provider: new k8s.Provider("cluster", { kubeconfig: "{}", clusterIdentifier: "uid" }),
    kubeconfig: pulumi.secret("{}"),
    expose: (_name, wanted) =>
      exposeExisting({ provider: "existing", expose: "LoadBalancer", placement: {} }, "host", wanted),
    placement: () => ({ nodeSelector: {}, tolerations: [] }),
    ready: [],
  };
}

function program(releases: Record<string, unknown>) {
  const settings = parseSettings({ cluster: { provider: "existing", expose: "LoadBalancer" }, releases });
  return run(async () => {
    const made = cluster();
    return outputsOf(made, createReleases(settings, made));
  });
}

test("a dask release is one component with its Helm release, token, Secret and smoke test as children", async () => {
  const { find, outputs, resources } = await program({ batch: { kind: "dask" } });
  const component = find("dask:index:Dask", "batch");
  assert.equal(find(RELEASE, "batch").parent, component.urn);
  console.log(
    JSON.stringify(outputs, null, 1),
    resources.map((r) => r.urn + JSON.stringify(r.dependencies)),
  );
});
