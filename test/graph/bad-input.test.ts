import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { deploy } from "../../deploy.ts";
import { repository } from "../../sandbox/layout.ts";
import { parseSettings } from "../../settings/parse.ts";
import { cloudCalls, cloudStates } from "./clouds.ts";
import { LOGIN as CLOUD_LOGIN, NO_LOGIN, withEnvironment } from "./environment.ts";
import { type Calls, run } from "./mock-engine.ts";
import { refused } from "./refused.ts";

const CORE = {
  gke: { machineType: "e2-standard-4", max: 3 },
  eks: { machineType: "m6i.xlarge", max: 3 },
  magnum: { machineType: "m1.large", max: 3, resources: { cores: 3.5, memory: "6G" } },
} as const;
type CloudName = keyof typeof CORE;

const OWN: Readonly<Record<CloudName, object>> = {
  gke: { project: "my-project", location: "europe-west1-b" },
  eks: { region: "eu-central-1" },
  magnum: { template: "k8s-1.34" },
};

const cluster = (cloud: CloudName, own: object = {}) => ({
  provider: cloud,
  nodePools: { core: CORE[cloud] },
  ...OWN[cloud],
  ...own,
});
const pools = (cloud: CloudName, more: object) => ({ nodePools: { core: CORE[cloud], ...more } });

async function refuses(input: object, expected: RegExp, calls?: Calls): Promise<void> {
  assert.match(await refused(input, calls), expected);
}

const BIG = { batch: { kind: "dask", workers: { cores: 64, memory: "500G" } } };

/** Bad input by what is wrong with it: the cluster, what is said of it, and the releases where they matter. */
const SETTINGS: Readonly<Record<string, readonly [cluster: object, expected: RegExp, releases?: object]>> = {
  "spot on Magnum": [
    cluster("magnum", pools("magnum", { worker: { ...CORE.magnum, spot: true } })),
    /nodePools\.worker\.spot is true: is not to be had from Magnum; remove it/,
  ],
  "an empty pool on Magnum": [
    cluster("magnum", pools("magnum", { worker: { ...CORE.magnum, min: 0 } })),
    /nodePools\.worker\.min is 0: is not allowed by Magnum's drivers; use at least 1/,
  ],
  "taints on Magnum": [
    cluster("magnum", pools("magnum", { worker: { ...CORE.magnum, taints: [{ key: "a" }] } })),
    /nodePools\.worker\.taints is .*: do not reach the nodes of Magnum; remove them/,
  ],
  "one zone on EKS": [
    cluster("eks", { network: { zones: ["eu-central-1a"] } }),
    /network\.zones is \["eu-central-1a"\]: must be two zones, because .*; add another/,
  ],
  "one subnet on EKS": [
    cluster("eks", { network: { existing: { privateSubnets: ["subnet-0a"] } } }),
    /network\.existing\.privateSubnets is \["subnet-0a"\]: names one subnet, .*; add another/,
  ],
  "a worker bigger than its machine type on GKE": [
    cluster("gke"),
    /batch\.workers .* asks for 64 cores and 500G, more than a node has for it \(core 3\.47 cores/,
    BIG,
  ],
  "a worker bigger than its machine type on EKS": [
    cluster("eks"),
    /batch\.workers .* asks for 64 cores and 500G, more than a node has for it \(core 3\.\d+ cores/,
    BIG,
  ],
  "a worker bigger than its flavour on Magnum": [
    cluster("magnum"),
    /batch\.workers .* asks for 64 cores and 500G, more than a node has for it \(core 3\.5 cores and 6000M\)/,
    BIG,
  ],
  "overlapping CIDRs on GKE": [
    cluster("gke", { network: { pods: "10.0.0.0/14" } }),
    /network\.pods is "10\.0\.0\.0\/14": overlaps nodes; choose networks/,
  ],
  "overlapping CIDRs on EKS": [
    cluster("eks", { network: { cidr: "172.20.0.0/16" } }),
    /network\.serviceCidr overlaps the VPC's network 172\.20\.0\.0\/16; choose one apart/,
  ],
  "overlapping CIDRs on Magnum": [
    cluster("magnum", { network: { nodes: "172.16.8.0/24" } }),
    /network\.nodes is "172\.16\.8\.0\/24": overlaps 172\.16\.0\.0\/13, .* to pods; choose a network apart/,
  ],
  "Arm machines on GKE": [
    cluster("gke", pools("gke", { worker: { ...CORE.gke, machineType: "c4a-standard-4" } })),
    /worker\.machineType is .*: is an Arm machine, .*; use one of Intel or AMD, like n2-standard-4/,
  ],
  ...Object.fromEntries(
    (["gke", "eks", "magnum"] as const).map((cloud) => [
      `a pool name that breaks the rules of ${cloud}`,
      [cluster(cloud, pools(cloud, { Worker_1: CORE[cloud] })), /Worker_1 .*must be lower-case letters/],
    ]),
  ),
  "a pool name of Magnum's own": [
    cluster("magnum", pools("magnum", { "default-worker": CORE.magnum })),
    /default-worker .*is the name of Magnum's own node group; choose another/,
  ],
  "a missing location on GKE": [
    cluster("gke", { location: undefined }),
    /cluster\.location is missing; set it to a zone like europe-west1-b/,
  ],
  "a missing region on EKS": [cluster("eks", { region: undefined }), /cluster\.region is missing; set it/],
  "a missing template on Magnum": [
    cluster("magnum", { template: undefined }),
    /cluster\.template is missing; add the name of one/,
  ],
};

for (const [what, [own, expected, releases = {}]] of Object.entries(SETTINGS))
  test(`${what} is a clear error, and nothing is created`, () =>
    refuses({ cluster: own, releases, liveChecks: false }, expected));

/** A machine without any login or program of a cloud. */
const NOWHERE: NodeJS.ProcessEnv = { PATH: "/nowhere", HOME: "/nowhere" };
const BARE = { ...NO_LOGIN, ...NOWHERE };
const LOGIN = { ...CLOUD_LOGIN, ...NOWHERE };

/** A directory with programs of these names, which nothing here runs. */
function programs(...names: readonly string[]): string {
  const directory = mkdtempSync(join(tmpdir(), "path-"));
  for (const name of names) writeFileSync(join(directory, name), "#!/bin/sh\n", { mode: 0o755 });
  after(() => rmSync(directory, { recursive: true }));
  return directory;
}

const MACHINES: Readonly<
  Record<string, readonly [cluster: object, expected: RegExp, env: NodeJS.ProcessEnv]>
> = {
  "a missing project on GKE": [
    cluster("gke", { project: undefined }),
    /project is missing; set it with: pulumi config set gcp:project <id>/,
    LOGIN,
  ],
  "a missing login to Google Cloud": [
    cluster("gke"),
    /nothing here logs in to Google Cloud; run: gcloud auth application-default login/,
    BARE,
  ],
  "a missing login to Amazon": [
    cluster("eks", { profile: "dev" }),
    /dask:cluster\.profile names dev, which is no profile .*; run: aws configure sso --profile dev/,
    BARE,
  ],
  "a missing login to OpenStack": [
    cluster("magnum"),
    /nothing here logs in to OpenStack; source your openrc file, or run: pulumi config set openstack:cloud/,
    BARE,
  ],
  "a missing plugin on GKE": [
    cluster("gke"),
    /gke-gcloud-auth-plugin is not on PATH; install it with: gcloud components install/,
    LOGIN,
  ],
  "a plugin on GKE without an account of gcloud": [
    cluster("gke"),
    /takes gcloud's own account, and gcloud has none: .*; run: gcloud auth login/,
    { ...LOGIN, PATH: programs("gke-gcloud-auth-plugin", "gcloud") },
  ],
  "a missing AWS CLI": [cluster("eks"), /aws is not on PATH; install the AWS CLI, version 2/, LOGIN],
};

for (const [what, [own, expected, env]] of Object.entries(MACHINES))
  test(`${what} is a clear error, and nothing is created`, () =>
    withEnvironment(env, async () => {
      pulumi.runtime.setAllConfig({});
      await refuses({ cluster: own }, expected);
    }));

const PROTECTED = {
  gke: "gcp:container/cluster:Cluster",
  eks: "aws:eks/cluster:Cluster",
  magnum: "openstack:containerinfra/cluster:Cluster",
} as const;

for (const [cloud, type] of Object.entries(PROTECTED) as [CloudName, string][])
  test(`with deletion protection the cluster on ${cloud} is marked as protected, and the docs say how to destroy it all the same`, async () => {
    const settings = parseSettings({
      cluster: cluster(cloud, { deletionProtection: true }),
      liveChecks: false,
    });
    const made = await run(() => deploy(settings), { states: cloudStates, calls: cloudCalls });
    assert.equal(made.find(type).protect, true);
    const docs = readFileSync(join(repository, "docs", `${cloud}.md`), "utf8").replace(/\s+/g, " ");
    assert.ok(
      /deletionProtection: true`.{0,120}`false`.{0,20}`pulumi up`/.test(docs),
      "no remedy in the docs",
    );
  });

const MAKER = "arn:aws:iam::123456789012:role/ci/Deployer";
const ASKED: Calls = {
  "aws:eks/getClusters:getClusters": () => ({ names: ["another"] }),
  "aws:index/getCallerIdentity:getCallerIdentity": () => ({
    arn: "arn:aws:sts::123456789012:assumed-role/Deployer/run-1",
  }),
  "aws:iam/getSessionContext:getSessionContext": () => ({ issuerArn: MAKER }),
};
const withAdmins = {
  cluster: cluster("eks", { auth: "token", admins: ["arn:aws:iam::123456789012:role/Ops", MAKER] }),
  smokeTest: false,
};

test("who is about to make a cluster on EKS must not be named among its administrators", () =>
  withEnvironment(LOGIN, () =>
    refuses(
      withAdmins,
      /cluster\.admins\[1\] is "arn:aws:iam::123456789012:role\/ci\/Deployer": is who makes the cluster, .*; Amazon would refuse a second entry, so remove it/,
      ASKED,
    ),
  ));

test("once the cluster stands, or where nobody may ask, the administrators are taken as they are", () =>
  withEnvironment(LOGIN, async () => {
    const stands = { ...ASKED, "aws:eks/getClusters:getClusters": () => ({ names: ["dask-test"] }) };
    const denied = {
      ...ASKED,
      "aws:eks/getClusters:getClusters": (): never => {
        throw new Error("AccessDeniedException");
      },
    };
    for (const calls of [stands, denied]) {
      const options = { states: cloudStates, calls: { ...cloudCalls, ...calls } };
      const made = await run(() => deploy(parseSettings(withAdmins)), options);
      assert.equal(made.all("aws:eks/accessEntry:AccessEntry").length, 2);
    }
  }));

test("an existing cluster that is not there, or not reached as the settings say, is a clear error", () =>
  withEnvironment(LOGIN, async () => {
    const none = (): never => {
      throw new Error("not found");
    };
    await refuses(
      { cluster: cluster("gke", { existing: "team", auth: "token" }) },
      /existing: no cluster team was found in europe-west1-b of my-project \(.*\); correct it/s,
      { "gcp:container/getCluster:getCluster": none },
    );
    await refuses(
      { cluster: cluster("gke", { existing: "team", auth: "token" }) },
      /no DNS endpoint; set dask:cluster\.controlPlane\.endpoint to ip, or give the cluster one/,
      {
        "gcp:container/getCluster:getCluster": () => ({
          endpoint: "203.0.113.5",
          masterAuths: [],
          controlPlaneEndpointsConfigs: [],
        }),
      },
    );
    await refuses(
      { cluster: cluster("eks", { existing: "team", auth: "token", nodePools: {} }) },
      /existing: no cluster team was found in eu-central-1 \(.*\); correct it, region or profile/s,
      { "aws:eks/getCluster:getCluster": none },
    );
    const gone = (): never => {
      throw Object.assign(new Error(), { details: "accessing [GET clusters/team], but got 404 instead" });
    };
    await refuses(
      { cluster: cluster("magnum", { existing: "team", template: undefined, nodePools: {} }) },
      /existing is "team": is no cluster of this project; choose one of: openstack coe cluster list/,
      { "openstack:containerinfra/getCluster:getCluster": gone },
    );
  }));
