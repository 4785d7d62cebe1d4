import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { recordType } from "../../providers/cloud/dns-record.ts";
import { requireProgram } from "../../providers/cloud/prerequisites.ts";
import { selectContext } from "../../providers/existing/kubeconfig.ts";
import { maintenanceWindow } from "../../providers/gke/cluster.ts";
import { gkeKubeconfig } from "../../providers/gke/kubeconfig.ts";
import { requireGoogleLogin, requirePluginLogin } from "../../providers/gke/login.ts";
import { gpusOf, nodeZonesOf, regionOf } from "../../settings/clusters/gke-facts.ts";
import { unknownSizes } from "../../settings/clusters/node-sizes.ts";
import { parseSettings } from "../../settings/parse.ts";
import { cloudStack } from "./refusals.ts";

const CORE = { machineType: "e2-standard-4", max: 3 };
const WORKER = { machineType: "n2-standard-4", max: 10 };

const { settings, pools, problems, refuses } = cloudStack(
  { provider: "gke", project: "my-project", location: "europe-west1-b" },
  { core: CORE, worker: WORKER },
);

test("a cluster on Google Cloud needs a location and pools, and has a default for everything else", () => {
  const { cluster } = parseSettings(settings());
  assert.deepEqual(cluster, {
    provider: "gke",
    project: "my-project",
    location: "europe-west1-b",
    tags: {},
    channel: "REGULAR",
    deletionProtection: false,
    network: {
      nodes: "10.0.0.0/20",
      pods: "10.4.0.0/14",
      services: "10.8.0.0/20",
      controlPlane: "172.16.0.0/28",
      privateNodes: true,
    },
    controlPlane: { endpoint: "dns", authorizedNetworks: [] },
    auth: "plugin",
    enableApis: true,
    nodePools: {
      core: {
        role: "core",
        machineType: ["e2-standard-4"],
        min: 1,
        max: 3,
        disk: "100G",
        spot: false,
        labels: {},
        taints: [],
      },
      worker: {
        role: "worker",
        machineType: ["n2-standard-4"],
        min: 0,
        max: 10,
        disk: "100G",
        spot: false,
        labels: {},
        taints: [],
      },
    },
  });
});

test("a location is a zone or a region", () => {
  refuses({ location: undefined }, /cluster\.location is missing; set it to a zone like europe-west1-b/);
  refuses({ location: "Frankfurt" }, /cluster\.location must be a zone like europe-west1-b/);
  refuses({ nodeZones: ["us-east1-c"] }, /nodeZones must lie in the region europe-west1/);
  refuses(
    { nodeZones: ["europe-west1-c"] },
    /nodeZones must hold the zone of a zonal cluster; add europe-west1-b/,
  );
});

test("networks that overlap or are too small are refused by name", () => {
  refuses({ network: { pods: "10.0.0.0/14" } }, /network\.pods overlaps nodes/);
  refuses({ network: { controlPlane: "10.8.0.0/28" } }, /network\.controlPlane overlaps services/);
  refuses({ network: { controlPlane: "172.16.0.0/24" } }, /network\.controlPlane must be a \/28/);
  refuses({ network: { pods: "10.4.0.0/22" } }, /network\.pods is too small/);
  refuses({ network: { nodes: "10.0.0.0/30" } }, /network\.nodes is too small; use a \/29 or larger/);
  refuses({ network: { services: "10.8.0.0/28" } }, /network\.services is too small; use a \/27 or larger/);
  refuses({ network: { services: "10.96.0.0/12" } }, /network\.services is too large; use a \/16 or smaller/);
  refuses({ network: { nodes: "10.0.1.0/20" } }, /network\.nodes is not the first .*; write 10\.0\.0\.0\/20/);
  refuses({ network: { nodes: "10.0.0.0" } }, /network\.nodes must be an IPv4 network/);
});

test("ranges have addresses for all nodes that the pools may have together", () => {
  refuses(
    { network: { pods: "10.4.0.0/21" } },
    /network\.pods has addresses for 8 nodes, and the pools may have 13; widen it to a \/20, or lower max/,
  );
  refuses(
    { network: { nodes: "10.0.0.0/28" } },
    /network\.nodes has addresses for 12 nodes, and the pools may have 13; widen it to a \/27/,
  );
  assert.deepEqual(problems({ network: { pods: "10.4.0.0/20", nodes: "10.0.0.0/27" } }), []);
});

test("the address of the control plane as the way in needs networks that may connect", () => {
  refuses({ controlPlane: { endpoint: "ip" } }, /controlPlane\.endpoint needs authorizedNetworks/);
  assert.deepEqual(
    problems({ controlPlane: { endpoint: "ip", authorizedNetworks: ["203.0.113.0/24"] } }),
    [],
  );
});

test("there is a pool of on-demand nodes for what must stay up", () => {
  refuses({ nodePools: { worker: WORKER } }, /nodePools has no pool for what must stay up; add core/);
  refuses({ nodePools: {} }, /nodePools has no pool for what must stay up/);
  refuses(pools({ core: { ...CORE, min: 0 } }), /core\.min leaves no node for what must stay up/);
  refuses(pools({ core: { ...CORE, spot: true } }), /core\.spot would take the core away/);
  refuses(pools({ scheduler: { ...CORE, spot: true } }), /scheduler\.spot would take the scheduler away/);
  refuses(
    pools({ core: { ...CORE, taints: [{ key: "a" }] } }),
    /core\.taints keep the cluster's own pods off/,
  );
  assert.deepEqual(problems({ existing: "team", nodePools: {} }), []);
});

test("a pool that Google Cloud cannot make is refused with the remedy", () => {
  refuses(pools({ worker: { ...WORKER, min: 20 } }), /worker\.min is more than max, 10/);
  refuses(
    pools({ worker: { ...WORKER, machineType: "m5.xlarge" } }),
    /worker\.machineType is not how Google/,
  );
  refuses(
    pools({ worker: { ...WORKER, machineType: ["n2-standard-4", "n2d-standard-4"] } }),
    /have one; name one/,
  );
  refuses(pools({ worker: { ...WORKER, disk: "10G" } }), /worker\.disk is too small/);
  refuses(pools({ Worker: WORKER }), /nodePools\.Worker .*lower-case letters/);
  refuses(pools({ "a-pool-name-that-is-far-too-long": WORKER }), /at most 24 characters/);
  refuses(pools({ worker: { ...WORKER, labels: { "dask/node-pool": "x" } } }), /is set by the stack/);
  refuses(pools({ worker: { ...WORKER, labels: { "node.kubernetes.io/x": "x" } } }), /keeps for itself/);
  refuses(pools({ worker: { ...WORKER, machine: "x" } }), /unknown key/);
});

test("labels and taints that Kubernetes or Google refuses are refused with the remedy", () => {
  const labels = (own: object) => pools({ worker: { ...WORKER, labels: own } });
  refuses(labels({ "team/a/b": "x" }), /labels.* must be a name of at most 63/);
  refuses(labels({ team: "a b" }), /labels\.team must be at most 63 letters/);
  refuses(labels({ team: "a".repeat(64) }), /labels\.team must be at most 63 letters/);
  assert.deepEqual(problems(labels({ "example.org/team": "a_b.c", empty: "" })), []);
  const taints = [{ key: "size" }, { key: "size", effect: "NoExecute" }];
  refuses(pools({ worker: { ...WORKER, taints } }), /worker\.taints have the key size twice/);
  refuses(pools({ worker: { ...WORKER, taints: [{ key: "a b" }] } }), /taints\[0\]\.key must be a name/);
  refuses({ tags: { "Goog-team": "a" } }, /tags\.Goog-team starts with goog/);
});

test("tags that would be one label, or one of the stack's own, are refused by name", () => {
  refuses(
    { tags: { "Cost.Centre": "1", "cost-centre": "2" } },
    /tags\.cost-centre would be the label cost-centre, as Cost\.Centre would; rename one of them/,
  );
  refuses({ tags: { "dask.stack": "x" } }, /would be the label dask-stack, which the stack sets/);
  assert.deepEqual(problems({ tags: { cost_centre: "1", "cost-centre": "2" } }), []);
});

test("networks that may connect to the control plane are written as Google takes them", () => {
  const networks = (...authorizedNetworks: string[]) => ({ controlPlane: { authorizedNetworks } });
  refuses(networks("203.0.113.0/24", "2001:db8::/32"), /authorizedNetworks\[1\] is an IPv6 network/);
  refuses(
    networks("203.0.113.7/24"),
    /authorizedNetworks\[0\] is not the first address of its network; write 203\.0\.113\.0\/24/,
  );
  assert.deepEqual(problems(networks("203.0.113.7/32")), []);
});

test("a pool in several zones may have the nodes that it starts with, as many in each", () => {
  const zones = { nodeZones: ["europe-west1-b", "europe-west1-c", "europe-west1-d"] };
  refuses(
    { ...zones, ...pools({ core: { ...CORE, min: 1, max: 2 } }) },
    /core\.max is less than the 3 nodes that min starts with in 3 zones, as many in each; raise it to 3/,
  );
  refuses({ ...zones, ...pools({ core: { ...CORE, min: 4, max: 5 } }) }, /less than the 6 nodes/);
  assert.deepEqual(problems({ ...zones, ...pools({ core: { ...CORE, min: 3, max: 3 } }) }), []);
});

test("maintenance windows are as long as Google wants them", () => {
  refuses({ maintenance: { days: ["SA", "SA"], hours: 6 } }, /maintenance must be 12 hours a week at least/);
  assert.deepEqual(problems({ maintenance: { days: ["SA", "SU"], hours: 6 } }), []);
});

test("the namespace of the teardown is nobody else's", () => {
  const namespace = { name: "dask-settle" };
  const expected = /namespace is what the teardown of the cluster uses; choose another name/;
  refuses({}, expected, { batch: { kind: "dask", namespace } });
});

test("of a machine type that is none, only that is said", () => {
  assert.deepEqual(problems(pools({ gpu: { ...WORKER, machineType: "large" } })), [
    "dask:cluster.nodePools.gpu.machineType is not how Google Cloud names machine types; write e2-standard-4",
  ]);
});

test("Arm machines are refused, because GKE keeps pods off their nodes, and nothing else is said of them", () => {
  const pending = /gpu\.machineType is an Arm machine, .* would stay Pending; use one of Intel or AMD/;
  for (const machineType of ["t2a-standard-4", "c4a-highmem-8", "n4a-standard-2", "a4x-highgpu-4g"]) {
    const [problem, ...more] = problems(pools({ gpu: { ...WORKER, machineType } }));
    assert.match(problem ?? "", pending, machineType);
    assert.deepEqual(more, []);
  }
  for (const machineType of ["n2d-standard-4", "c3d-standard-4", "t2d-standard-4", "c4-standard-4"])
    assert.deepEqual(problems(pools({ worker: { ...WORKER, machineType } })), [], machineType);
});

test("a pool for GPUs says which GPU it has", () => {
  refuses(pools({ gpu: { ...WORKER } }), /gpu\.gpu does not say which GPU n2-standard-4 has/);
  refuses(
    pools({ gpu: { ...WORKER, machineType: "n1-standard-8" } }),
    /does not say which GPU n1-standard-8 has/,
  );
  refuses(pools({ gpu: { ...WORKER, gpu: { type: "nvidia-l4" } } }), /cannot be attached to n2-standard-4/);
  assert.deepEqual(problems(pools({ gpu: { machineType: "g2-standard-8", max: 2 } })), []);
  refuses(
    pools({ worker: { ...WORKER, machineType: "g2-standard-8" } }),
    /worker\.gpu would keep all ordinary pods off, .*; write role: gpu/,
  );
  const t4 = { machineType: "n1-standard-8", max: 2, gpu: { type: "nvidia-tesla-t4" } };
  assert.deepEqual(problems(pools({ gpu: t4 })), []);
});

test("GPUs that a machine type does not have, or cannot be given, are refused with those it can", () => {
  const gpu = (machineType: string, own: object) => pools({ gpu: { machineType, max: 2, gpu: own } });
  refuses(
    gpu("g2-standard-8", { type: "nvidia-tesla-t4" }),
    /gpu\.gpu\.type is not what g2-standard-8 has, which comes with nvidia-l4; remove type/,
  );
  refuses(gpu("g2-standard-24", { count: 4 }), /gpu\.gpu\.count is not what .* comes with 2; remove count/);
  refuses(
    gpu("n1-standard-8", { type: "nvidia-tesla-t4", count: 3 }),
    /gpu\.gpu\.count is not a number of nvidia-tesla-t4 that a machine can have; use 1, 2, 4/,
  );
  refuses(gpu("n1-standard-8", { type: "nvidia-l4" }), /cannot be attached to n1-standard-8; use one of/);
  for (const own of [{ type: "nvidia-l4", count: 2 }, { count: 2 }, { type: "nvidia-l4" }])
    assert.deepEqual(problems(gpu("g2-standard-24", own)), []);
  assert.deepEqual(problems(gpu("n1-standard-8", { type: "nvidia-tesla-v100", count: 8 })), []);
});

test("a pod that fits no pool is refused with the sizes that fit", () => {
  const release = (own: object) => ({ batch: { kind: "dask", ...own } });
  refuses(
    {},
    /batch\.workers asks for 4 cores and 4G, more than a node has for it \(worker 3\.47 cores and 13G\)/,
    release({ workers: { cores: 4 } }),
  );
  refuses({}, /batch\.workers asks for 1 cores and 16G/, release({ workers: { memory: "16G" } }));
  refuses({}, /batch\.jupyter asks for 1 cores and 32G.*core 3\.47/, release({ jupyter: { memory: "32G" } }));
  refuses(
    {},
    /workerGroups\.big would run nowhere/,
    release({ workerGroups: { big: { placement: { nodeSelector: { "dask/node-pool": "big" } } } } }),
  );
  assert.deepEqual(problems({}, release({ workers: { cores: 3, memory: "12G" } })), []);
  assert.deepEqual(problems({}, release({ workers: { replicas: 0, cores: 99 }, smokeTest: false })), []);
});

test("a notebook with a GPU needs a pool that has one", () => {
  const profiles = [
    {
      name: "GPU",
      image: "example.org/notebook:1.0",
      cores: { guarantee: 1, limit: 2 },
      memory: { guarantee: "2G", limit: "4G" },
      gpus: 1,
    },
  ];
  const hub = { hub: { kind: "jupyterhub", expose: { type: "ClusterIP" }, profiles } };
  refuses({}, /hub\.profiles\[0\] asks for a GPU, and no pool has one; add a pool gpu/, hub);
  assert.deepEqual(problems(pools({ gpu: { machineType: "g2-standard-8", max: 2 } }), hub), []);
  const four = { hub: { ...hub.hub, profiles: profiles.map((each) => ({ ...each, gpus: 4 })) } };
  refuses(
    pools({ gpu: { machineType: "g2-standard-8", max: 2 } }),
    /profiles\[0\] asks for 4 GPUs, more than a node has for it \(gpu 1\); .* machineType with more/,
    four,
  );
  assert.deepEqual(problems(pools({ gpu: { machineType: "g2-standard-48", max: 2 } }), four), []);
  const t4 = (count?: number) => ({
    gpu: { machineType: "n1-standard-8", max: 2, gpu: { type: "nvidia-tesla-t4", count } },
  });
  refuses(pools(t4()), /\(gpu 1\)/, four);
  assert.deepEqual(problems(pools(t4(4)), four), []);
});

test("the sizes of a pool come from its settings where they stand there", () => {
  const odd = { machineType: "x9-odd-4", max: 1, resources: { cores: 1, memory: "2G" } };
  refuses(pools({ worker: odd }), /worker 1 cores and 2000M/, { batch: { kind: "dask" } });
});

test("where nobody knows a machine's size, nothing is refused and a warning says so", () => {
  const odd = { machineType: "x9-odd-4", max: 1 };
  assert.deepEqual(problems(pools({ worker: odd }), { batch: { kind: "dask", workers: { cores: 64 } } }), []);
  const { cluster } = parseSettings(settings(pools({ worker: odd })));
  assert.ok(cluster.provider === "gke");
  assert.deepEqual(unknownSizes(cluster.nodePools, "gke"), [
    "dask:cluster.nodePools.worker: the size of x9-odd-4 is not known here, so nothing checks that pods fit; add resources: { cores, memory }",
  ]);
});

test("what an existing cluster has decided itself is refused, defaults that are written out too", () => {
  const remedy = "is a matter of the existing cluster; remove it here";
  const given: Record<string, object> = {
    channel: { channel: "REGULAR" },
    maintenance: { maintenance: {} },
    deletionProtection: { deletionProtection: true },
    network: { network: { existing: { name: "a", subnetwork: "b", pods: "c", services: "d" } } },
    "controlPlane.authorizedNetworks": { controlPlane: { authorizedNetworks: ["203.0.113.0/24"] } },
  };
  for (const [key, own] of Object.entries(given))
    assert.deepEqual(problems({ existing: "team", ...own }), [`dask:cluster.${key} ${remedy}`]);
  const accepted = { existing: "team", controlPlane: { endpoint: "ip" }, nodeZones: ["europe-west1-b"] };
  assert.deepEqual(problems(accepted), []);
});

test("an existing network has its own ranges, whatever their size", () => {
  const existing = { name: "a", subnetwork: "b", pods: "c", services: "d" };
  assert.deepEqual(problems({ network: { existing, pods: "10.4.0.0/21", services: "10.8.0.0/20" } }), [
    "dask:cluster.network.pods is a matter of the existing network; remove it here",
    "dask:cluster.network.services is a matter of the existing network; remove it here",
  ]);
  assert.deepEqual(problems({ network: { existing } }), []);
});

test("tags have names that every cloud takes", () => {
  for (const key of ["1st", "aws:x", "dask:stack", "a b"])
    refuses({ tags: { [key]: "x" } }, /must start with a letter/);
});

test("regions, zones and GPUs follow from names", () => {
  assert.equal(regionOf("europe-west1-b"), "europe-west1");
  assert.equal(regionOf("northamerica-northeast1"), "northamerica-northeast1");
  assert.deepEqual(nodeZonesOf({ location: "us-central1" }), ["us-central1-b"]);
  assert.deepEqual(nodeZonesOf({ location: "us-central1-a" }), ["us-central1-a"]);
  const gpus = (machineType: string) => gpusOf({ machineType: [machineType] });
  assert.deepEqual(gpus("g2-standard-48"), { type: "nvidia-l4", count: 4 });
  assert.deepEqual(gpus("a2-highgpu-2g"), { type: "nvidia-tesla-a100", count: 2 });
  assert.deepEqual(gpus("a3-megagpu-8g"), { type: "nvidia-h100-mega-80gb", count: 8 });
  assert.deepEqual(gpus("g4-standard-96"), { type: "nvidia-rtx-pro-6000", count: 2 });
  assert.equal(gpus("g4-standard-7"), undefined);
  assert.equal(gpus("n1-standard-4"), undefined);
  assert.deepEqual(gpusOf({ machineType: ["n1-standard-4"], gpu: { type: "nvidia-tesla-t4", count: 2 } }), {
    type: "nvidia-tesla-t4",
    count: 2,
  });
});

test("a record is of the kind that its target is", () => {
  assert.equal(recordType("198.51.100.7"), "A");
  assert.equal(recordType("2001:db8::7"), "AAAA");
  assert.equal(recordType("lb.example.net"), "CNAME");
});

test("a maintenance window lasts its hours, past midnight too", () => {
  assert.deepEqual(maintenanceWindow({ days: ["SA", "SU"], start: "22:30", hours: 4 }), {
    startTime: "2026-01-03T22:30:00Z",
    endTime: "2026-01-04T02:30:00Z",
    recurrence: "FREQ=WEEKLY;BYDAY=SA,SU",
  });
});

test("the kubeconfig is one that the stack itself can read", () => {
  const api = { server: "https://gke-1.europe-west1.gke.goog" };
  const context = selectContext(gkeKubeconfig("dask-dev", api, undefined), "test", "/");
  assert.equal(context.cluster.server, api.server);
  assert.equal(context.user.exec?.command, "gke-gcloud-auth-plugin");
  const withToken = selectContext(gkeKubeconfig("dask-dev", api, "ya29.x"), "test", "/");
  assert.equal(withToken.user.token, "ya29.x");
});

test("a program that is not on PATH is named with its remedy", () => {
  const directory = mkdtempSync(join(tmpdir(), "path-"));
  writeFileSync(join(directory, "there"), "#!/bin/sh\n", { mode: 0o755 });
  writeFileSync(join(directory, "not-executable"), "", { mode: 0o644 });
  const env = { PATH: `/nowhere:${directory}` };
  requireProgram("there", "", env);
  assert.throws(
    () => requireProgram("not-there", "install it", env),
    /^Error: not-there is not on PATH; install it$/,
  );
  assert.throws(() => requireProgram("not-executable", "x", env), /not on PATH/);
  rmSync(directory, { recursive: true });
});

test("a login to Google Cloud is looked for where the provider looks", () => {
  const home = mkdtempSync(join(tmpdir(), "home-"));
  assert.throws(() => requireGoogleLogin({ HOME: home }), /run: gcloud auth application-default login/);
  assert.throws(
    () => requireGoogleLogin({ HOME: home, GOOGLE_APPLICATION_CREDENTIALS: "/nowhere.json" }),
    /names \/nowhere\.json, which is not there/,
  );
  requireGoogleLogin({ HOME: home, GOOGLE_CREDENTIALS: "{}" });
  writeFileSync(join(home, "application_default_credentials.json"), "{}");
  requireGoogleLogin({ HOME: home, CLOUDSDK_CONFIG: home });
  rmSync(home, { recursive: true });
});

test("the plugin logs in as gcloud's own account, so application default credentials alone are refused with words", () => {
  const home = mkdtempSync(join(tmpdir(), "home-"));
  const env = { PATH: home, CLOUDSDK_CONFIG: home, GOOGLE_CREDENTIALS: "{}" };
  const elsewhere = () => false;
  const check = (more: object = {}) => requirePluginLogin({ ...env, ...more }, elsewhere);
  const install = (name: string) => writeFileSync(join(home, name), "#!/bin/sh\n", { mode: 0o755 });
  try {
    assert.throws(check, /^Error: gke-gcloud-auth-plugin is not on PATH; install it with: gcloud components/);
    install("gke-gcloud-auth-plugin");
    check({ CLOUDSDK_AUTH_ACCESS_TOKEN: "ya29.x" });
    assert.throws(check, /^Error: gcloud is not on PATH; gke-gcloud-auth-plugin runs it/);
    install("gcloud");
    writeFileSync(join(home, "application_default_credentials.json"), "{}");
    requireGoogleLogin(env);
    assert.throws(
      check,
      /gcloud has none: .* run: gcloud auth login, .*activate-service-account.*, or set dask:cluster\.auth to token/,
    );
    requirePluginLogin(env, () => true);
    check({ CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: "/run/token" });
    check({ CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE: "/run/key.json" });
    writeFileSync(join(home, "credentials.db"), "");
    check();
  } finally {
    rmSync(home, { recursive: true });
  }
});
