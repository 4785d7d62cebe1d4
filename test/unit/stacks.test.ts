import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { cloudCalls, cloudStates, duplicateNames, isInCluster, isOfCloud } from "../graph/clouds.ts";
import { type Registered, type Run, reaches, run } from "../graph/mock-engine.ts";
import { programOf, STACK_FILES, settingsOf } from "./stack-files.ts";

/** As much of a cluster that is there already as the program asks for. */
const apiServer = createServer((request, response) => {
  const known = request.url === "/api/v1/namespaces/kube-system";
  response.statusCode = known ? 200 : 404;
  response.end(known ? JSON.stringify({ metadata: { uid: "uid-of-the-test" } }) : "{}");
});
let kubeconfig = "";

before(async () => {
  await new Promise<void>((listening) => apiServer.listen(0, "127.0.0.1", listening));
  const { port } = apiServer.address() as AddressInfo;
  kubeconfig = JSON.stringify({
    clusters: [{ name: "test", cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: "test", user: {} }],
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    "current-context": "test",
  });
});
after(() => apiServer.close());

function runFile(file: string, preview = false) {
  const options = { states: cloudStates, calls: cloudCalls, preview, stack: "team-a" };
  return run(programOf(file, kubeconfig), options);
}

const programs = new Map<string, Promise<Run>>();

/** What a file's program registers, run once for all tests that look at it. */
function madeBy(file: string): Promise<Run> {
  const program = programs.get(file) ?? runFile(file);
  programs.set(file, program);
  return program;
}

const RELEASE = "kubernetes:helm.sh/v3:Release";
const SIZES = ["small", "large"];

test("there is a stack file for every cloud, one for a small team and one for a large", () => {
  for (const cloud of ["gke", "eks", "magnum"])
    for (const size of SIZES) assert.ok(STACK_FILES.includes(`stacks/Pulumi.${cloud}-${size}.yaml`), cloud);
});

for (const file of STACK_FILES) {
  test(`${file} is accepted and says in comments what it is`, () => {
    assert.ok(Object.keys(settingsOf(file).releases).length > 0);
    assert.match(readFileSync(file, "utf8"), /^# /);
  });

  test(`${file} runs whole, without two resources of one name`, async () => {
    const made = await madeBy(file);
    assert.deepEqual(duplicateNames(made), []);
    assert.ok(made.all("kubernetes:helm.sh/v3:Release").length > 0);
  });

  test(`${file} takes its releases down before the cluster, and the network last`, async () => {
    const made = await madeBy(file);
    const cloud = made.resources.filter(isOfCloud).filter((each) => !isForOneService(each));
    for (const release of made.all("kubernetes:core/v1:Namespace")) {
      const reached = reaches(made, release);
      for (const { urn } of cloud) assert.ok(reached.has(urn), `${release.name} does not depend on ${urn}`);
    }
    const inside = made.resources.filter(isInCluster);
    for (const each of inside) {
      const reached = reaches(made, each);
      for (const { urn } of cloud.filter(isNetwork))
        assert.ok(reached.has(urn), `${each.urn} could outlive ${urn}`);
    }
    const urns = new Set(inside.map(({ urn }) => urn));
    for (const each of cloud)
      for (const urn of reaches(made, each)) assert.ok(!urns.has(urn), `${each.urn} depends on ${urn}`);
  });

  test(`${file} waits for disks and load balancers after all else in the cluster, and before the cluster`, async () => {
    const made = await madeBy(file);
    const [settle] = made.all(RELEASE).filter(({ name }) => name === "dask-settle");
    const cluster = made.resources.find(({ type }) => /^(gcp|aws|openstack):.*cluster:Cluster$/.test(type));
    assert.equal(settle === undefined, cluster === undefined, "only a cluster that is made is taken down");
    if (settle === undefined || cluster === undefined) return;
    const before = reaches(made, settle);
    assert.ok(before.has(cluster.urn));
    const later = made.resources
      .filter(isInCluster)
      .filter(({ urn }) => urn !== settle.urn && !before.has(urn));
    assert.ok(made.all(RELEASE).some(({ urn }) => later.some((each) => each.urn === urn)));
    for (const each of later)
      assert.ok(reaches(made, each).has(settle.urn), `${each.urn} could hold the cluster after the wait`);
  });

  test(`${file} can be previewed from nothing`, async () => {
    const made = await runFile(file, true);
    assert.ok(made.all("kubernetes:helm.sh/v3:Release").length > 0);
  });
}

/** What Kubernetes' own load balancers and disks stand in: none of it may go before them. */
function isNetwork({ type }: Registered): boolean {
  return /network|subnet|vpc|route|gateway|firewall/i.test(type) && !/route53|floatingip/i.test(type);
}

/** An address or a record of one Service lives and goes with that Service. */
function isForOneService({ type }: Registered): boolean {
  return /address|record|floatingip/i.test(type.split(":").at(-1) ?? "");
}
