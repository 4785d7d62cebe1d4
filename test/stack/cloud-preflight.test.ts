import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { LOGIN, withEnvironment } from "../graph/environment.ts";
import { refused } from "../graph/refused.ts";
import { sandboxTest } from "./sandbox.ts";

const NAMESPACE = "of-somebody";

const GOOGLE = {
  provider: "gke",
  project: "my-project",
  location: "europe-west1-b",
  existing: "team",
  auth: "token",
  controlPlane: { endpoint: "ip" },
};
const AMAZON = { provider: "eks", region: "eu-central-1", existing: "team", auth: "token" };

const OPENSTACK = { provider: "magnum", existing: "team" };

const releases = { [NAMESPACE]: { kind: "dask" } };

sandboxTest(
  "a cluster that a cloud has already is asked for taken namespaces before anything is made",
  async ({ sandbox, kubectl }) => {
    const raw_config = readFileSync(sandbox.kubeconfig, "utf8");
    const { clusters, users } = parse(raw_config);
    const { server, "certificate-authority-data": authority } = clusters[0].cluster;
    const { token } = users[0].user;
    await kubectl("create", "namespace", NAMESPACE);
    try {
      await withEnvironment(LOGIN, async () => {
        const taken = new RegExp(`releases\\.${NAMESPACE}\\.namespace is .*: exists and is not this stack's`);
        const google = await refused(
          { cluster: GOOGLE, releases },
          {
            "gcp:container/getCluster:getCluster": () => ({
              endpoint: new URL(server).host,
              masterAuths: [{ clusterCaCertificate: authority }],
              controlPlaneEndpointsConfigs: [],
            }),
            "gcp:organizations/getClientConfig:getClientConfig": () => ({ accessToken: token }),
          },
        );
        assert.match(google, taken);
        const amazon = await refused(
          { cluster: AMAZON, releases },
          {
            "aws:eks/getCluster:getCluster": () => ({
              endpoint: server,
              certificateAuthorities: [{ data: authority }],
            }),
            "aws:eks/getClusterAuth:getClusterAuth": () => ({ token }),
          },
        );
        assert.match(amazon, taken);
        const magnum = await refused(
          { cluster: OPENSTACK, releases },
          {
            "openstack:containerinfra/getCluster:getCluster": () => ({
              id: "uuid-of-team",
              kubeconfig: { raw_config },
            }),
          },
        );
        assert.match(magnum, taken);
      });
    } finally {
      await kubectl("delete", "namespace", NAMESPACE);
    }
  },
);
