import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { recordType, recordValue } from "../../providers/cloud/dns-record.ts";
import { clusterArgs } from "../../providers/magnum/cluster.ts";
import {
  changeWarnings,
  FIXED_INPUTS,
  refuseChanges,
  TEMPLATE_INPUTS,
} from "../../providers/magnum/fixed.ts";
import { gpuNodes } from "../../providers/magnum/gpu.ts";
import { growthWarnings } from "../../providers/magnum/held-pools.ts";
import { rawConfig } from "../../providers/magnum/kubeconfig.ts";
import { loginWarnings, requireOpenstackLogin } from "../../providers/magnum/login.ts";
import { nodeGroupArgs } from "../../providers/magnum/node-groups.ts";
import { storageClassArgs } from "../../providers/magnum/storage.ts";
import { templateArgs } from "../../providers/magnum/template.ts";
import { type MagnumSettings, magnum } from "../../settings/clusters/magnum.ts";
import { clusterLabels, magnumMarks } from "../../settings/clusters/magnum-facts.ts";
import { placementOf, poolsFor } from "../../settings/clusters/pool-marks.ts";

const POOLS = { core: { machineType: "m1.large", max: 1 }, worker: { machineType: "m1.xlarge", max: 8 } };
const OWN = { image: "ubuntu-kube", externalNetwork: "public", masterMachineType: "m1.medium" };

function settings(own: Record<string, unknown> = {}): MagnumSettings {
  return magnum.parse({ provider: "magnum", template: "k8s", nodePools: POOLS, ...own });
}

test("a template of our own names image, networks, master flavour and drivers, and has no labels", () => {
  const all = settings({ template: OWN });
  assert.equal(typeof all.template, "object");
  if (typeof all.template !== "object") return;
  assert.deepEqual(templateArgs(all.template, all), {
    coe: "kubernetes",
    serverType: "vm",
    image: "ubuntu-kube",
    externalNetworkId: "public",
    masterFlavor: "m1.medium",
    networkDriver: "calico",
    volumeDriver: "cinder",
    masterLbEnabled: true,
    floatingIpEnabled: false,
  });
});

test("a template for the Heat driver has a Docker volume, and a load balancer before its one master too", () => {
  const all = settings({
    driver: "heat",
    template: { ...OWN, dnsServers: ["192.0.2.1", "192.0.2.2"] },
    dockerVolume: "50G",
    network: { existing: { name: "lan", subnet: "lan-v4" } },
  });
  if (typeof all.template !== "object") throw new Error("the template is the cloud's");
  const args: Record<string, unknown> = templateArgs(all.template, all);
  const { masterLbEnabled, dockerVolumeSize, dockerStorageDriver, dnsNameserver, fixedNetwork, fixedSubnet } =
    args;
  assert.deepEqual(
    { masterLbEnabled, dockerVolumeSize, dockerStorageDriver, dnsNameserver, fixedNetwork, fixedSubnet },
    {
      masterLbEnabled: true,
      dockerVolumeSize: 50,
      dockerStorageDriver: "overlay2",
      dnsNameserver: "192.0.2.1,192.0.2.2",
      fixedNetwork: "lan",
      fixedSubnet: "lan-v4",
    },
  );
});

test("a cluster's own workers are the core pool", () => {
  assert.deepEqual(clusterArgs(settings({ masters: { count: 3, machineType: "m1.medium" } })), {
    masterCount: 3,
    masterFlavor: "m1.medium",
    nodeCount: 1,
    flavor: "m1.large",
    createTimeout: 60,
    labels: { auto_scaling_enabled: "true", csi_cinder_reclaim_policy: "Delete" },
    mergeLabels: true,
  });
});

test("labels are spelled as the Cluster API driver reads them", () => {
  const all = settings({
    nodePools: { core: { machineType: "m1.large", min: 2, max: 4 } },
    network: { nodes: "10.1.0.0/24" },
    api: { floatingIp: false, allowFrom: ["203.0.113.0/24", "2001:db8::/64"] },
    loadBalancer: { provider: "ovn" },
    bootVolume: { size: "60G", type: "ssd" },
    autoHealing: true,
    labels: { monitoring_enabled: "true" },
  });
  assert.deepEqual(clusterLabels(all), {
    auto_scaling_enabled: "true",
    min_node_count: "2",
    max_node_count: "4",
    auto_healing_enabled: "true",
    octavia_provider: "ovn",
    boot_volume_size: "60",
    boot_volume_type: "ssd",
    fixed_subnet_cidr: "10.1.0.0/24",
    master_lb_floating_ip_enabled: "false",
    api_master_lb_allowed_cidrs: "203.0.113.0/24,2001:db8::/64",
    csi_cinder_reclaim_policy: "Delete",
    monitoring_enabled: "true",
  });
});

test("labels are spelled as the Heat driver reads them, and CSI is off for in-tree volumes", () => {
  const heat = { driver: "heat", nodePools: { core: { machineType: "m1.large", max: 1 } } };
  const all = settings({ ...heat, api: { allowFrom: ["203.0.113.0/24"] } });
  assert.deepEqual(clusterLabels(all), {
    master_lb_allowed_cidrs: "203.0.113.0/24",
    cinder_csi_enabled: "true",
  });
  assert.deepEqual(
    clusterLabels(settings({ ...heat, storageClass: { provisioner: "kubernetes.io/cinder" } })),
    {},
  );
});

test("with the Heat driver the API of a cluster of our own template is reached from outside, unless that is unwanted", () => {
  const heat = {
    driver: "heat",
    keypair: "mine",
    nodePools: { core: { machineType: "m1.large", max: 1 } },
  };
  const reached = (own: object) => {
    const all = settings({ ...heat, ...own });
    const label = clusterLabels(all).master_lb_floating_ip_enabled;
    return typeof all.template === "object" ? isReached(templateArgs(all.template, all), label) : label;
  };
  assert.equal(reached({ template: OWN }), true);
  assert.equal(reached({ template: OWN, masters: { count: 3 } }), true);
  assert.equal(reached({ template: OWN, api: { floatingIp: true } }), true);
  assert.equal(reached({ template: OWN, api: { floatingIp: false } }), false);
  // The cloud's own template decides for itself.
  assert.equal(reached({}), undefined);
  assert.equal(reached({ api: { floatingIp: true } }), "true");
});

/** Whether Heat's driver gives the API an address outside (Magnum, drivers/heat/template_def.py, add_fip_env_file). */
function isReached(
  template: { masterLbEnabled: boolean; floatingIpEnabled: boolean },
  label?: string,
): boolean {
  const { masterLbEnabled, floatingIpEnabled } = template;
  return masterLbEnabled ? label === "true" || floatingIpEnabled : floatingIpEnabled;
}

test("an elastic pool has both limits, a fixed one a count alone", () => {
  const all = settings();
  const fixed = settings({ nodePools: { ...POOLS, worker: { machineType: "m1.xlarge", min: 3, max: 3 } } });
  const group = { name: "worker", flavorId: "m1.xlarge", role: "worker", mergeLabels: true };
  assert.deepEqual(groupOf(all, "worker"), { ...group, nodeCount: 1, minNodeCount: 1, maxNodeCount: 8 });
  assert.deepEqual(groupOf(fixed, "worker"), { ...group, nodeCount: 3, minNodeCount: 1 });
});

test("a fixed pool beside elastic ones is held by its lower limit from the autoscaler, which knows every group", () => {
  const pools = { ...POOLS, gpu: { machineType: "g1", min: 2, max: 2 } };
  const { minNodeCount, nodeCount } = groupOf(settings({ nodePools: pools }), "gpu");
  assert.deepEqual([minNodeCount, nodeCount], [2, 2]);
});

test("a fixed pool beside elastic ones grows in two runs, shrinks in one, and a warning tells of the second run", () => {
  const all = settings({ nodePools: { ...POOLS, gpu: { machineType: "g1", min: 3, max: 3 } } });
  const limits = (present?: number) => {
    const { minNodeCount, nodeCount } = groupOf(all, "gpu", present);
    return { minNodeCount, nodeCount };
  };
  assert.deepEqual(limits(2), { minNodeCount: 2, nodeCount: 3 });
  assert.deepEqual(limits(3), { minNodeCount: 3, nodeCount: 3 });
  assert.deepEqual(limits(5), { minNodeCount: 3, nodeCount: 3 });
  const [warning, ...more] = growthWarnings(all, { gpu: 2 });
  assert.match(
    warning ?? "",
    /nodePools\.gpu: .* in two steps; run pulumi up once more when it has its 3 nodes/,
  );
  assert.deepEqual(more, []);
  for (const counts of [{}, { gpu: 3 }, { gpu: 5 }]) assert.deepEqual(growthWarnings(all, counts), []);
  // Without elastic pools no autoscaler runs, and a count is a count.
  const fixed = { core: POOLS.core, gpu: { machineType: "g1", min: 3, max: 3 } };
  const { minNodeCount, nodeCount } = groupOf(settings({ nodePools: fixed }), "gpu", 2);
  assert.deepEqual([minNodeCount, nodeCount], [1, 3]);
  assert.deepEqual(growthWarnings(settings({ nodePools: fixed }), { gpu: 2 }), []);
});

test("a pool may be empty where the settings say that the cloud allows it", () => {
  const pools = { ...POOLS, worker: { machineType: "m1.xlarge", min: 0, max: 8 } };
  assert.deepEqual(
    [0, 0, 8],
    ["nodeCount", "minNodeCount", "maxNodeCount"].map(
      (key) =>
        Reflect.get(groupOf(settings({ emptyPools: true, nodePools: pools }), "worker"), key) as unknown,
    ),
  );
});

function groupOf(all: MagnumSettings, name: string, present?: number) {
  const pool = all.nodePools[name];
  if (pool === undefined) throw new Error(`no pool ${name}`);
  return nodeGroupArgs(name, pool, all, present);
}

test("pods select the one node group of their role, the core pool by the name of Magnum's own", () => {
  const all = settings();
  const at = (role: "core" | "worker" | "user", of = all) => placementOf(role, of.nodePools, magnumMarks(of));
  assert.deepEqual(at("core"), {
    nodeSelector: { "capi.stackhpc.com/node-group": "default-worker" },
    tolerations: [],
  });
  assert.deepEqual(at("worker").nodeSelector, { "capi.stackhpc.com/node-group": "worker" });
  assert.deepEqual(at("user").nodeSelector, { "capi.stackhpc.com/node-group": "default-worker" });
  assert.deepEqual(at("worker", settings({ driver: "heat" })).nodeSelector, {
    "magnum.openstack.org/nodegroup": "worker",
  });
  assert.deepEqual(at("worker", settings({ nodeGroupLabel: "example.org/group" })).nodeSelector, {
    "example.org/group": "worker",
  });
  // In a cluster that was there before, the core pool is a node group like any other.
  assert.deepEqual(at("core", settings({ template: undefined, existing: "prod" })).nodeSelector, {
    "capi.stackhpc.com/node-group": "core",
  });
});

test("whatever the pools, pods of every role that has one find exactly a pool of that role", () => {
  const roles = ["core", "user", "scheduler", "worker", "gpu"] as const;
  const pool = fc.record({
    machineType: fc.constant("m1"),
    min: fc.integer({ min: 1, max: 5 }),
    max: fc.constant(9),
  });
  const pools = fc
    .subarray(roles.slice(1))
    .chain((some) => fc.record(Object.fromEntries(["core", ...some].map((role) => [role, pool]))));
  fc.assert(
    fc.property(pools, fc.constantFrom("capi", "heat"), (nodePools, driver) => {
      const all = settings({ nodePools, driver });
      const marks = magnumMarks(all);
      for (const role of roles) {
        const placement = placementOf(role, all.nodePools, marks);
        const found = poolsFor(placement, all.nodePools, marks);
        assert.equal(found.length, 1, role);
        if (role in nodePools) assert.deepEqual(found, [role]);
        assert.deepEqual(placement.tolerations, []);
      }
    }),
  );
});

test("a storage class of ours is Cinder's, in the zone and of the type of the settings", () => {
  const own = { name: "fast", provisioner: "cinder.csi.openstack.org" } as const;
  assert.deepEqual(storageClassArgs({ ...own, volumeType: "ssd", availabilityZone: "nova" }, true), {
    metadata: { name: "fast", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
    provisioner: "cinder.csi.openstack.org",
    parameters: { type: "ssd", availability: "nova" },
    allowVolumeExpansion: true,
    reclaimPolicy: "Delete",
    volumeBindingMode: "WaitForFirstConsumer",
  });
  assert.deepEqual(storageClassArgs({ ...own, isDefault: false }, true).metadata, {
    name: "fast",
    annotations: { "storageclass.kubernetes.io/is-default-class": "false" },
  });
});

test("what Magnum cannot change is refused, each with the setting, what the cluster has and the remedy", () => {
  const has = { name: "dask", flavor: "m1.large", masterCount: 1, keypair: "old", fixedNetwork: "lan" };
  assert.doesNotThrow(() => refuseChanges(has, has));
  assert.doesNotThrow(() => refuseChanges({ flavor: "m1.large" }, has));
  assert.throws(
    () => refuseChanges({ floatingIpEnabled: true }, { floatingIpEnabled: false }),
    /nodeFloatingIps is true, and the cluster has false/,
  );
  assert.throws(
    () => refuseChanges({ ...has, flavor: "m1.xlarge", masterCount: 3 }, has),
    (error: Error) => {
      assert.match(error.message, /put them back, or destroy the stack/);
      assert.match(
        error.message,
        /nodePools\.core\.machineType is m1\.xlarge, and the cluster has m1\.large/,
      );
      assert.match(error.message, /masters\.count is 3, and the cluster has 1/);
      return true;
    },
  );
});

test("what a template of our own is made of cannot change either", () => {
  const has = { image: "ubuntu-a", networkDriver: "calico", masterFlavor: "m1.medium" };
  assert.doesNotThrow(() => refuseChanges(has, has, TEMPLATE_INPUTS));
  assert.throws(
    () => refuseChanges({ ...has, image: "ubuntu-b" }, has, TEMPLATE_INPUTS),
    /dask:cluster\.template\.image is ubuntu-b, and the cluster has ubuntu-a/,
  );
});

test("labels and template that differ are told of, and left", () => {
  const has = { labels: { max_node_count: "3", more: "1" }, clusterTemplateId: "a" };
  assert.deepEqual(changeWarnings({ labels: { max_node_count: "3" }, clusterTemplateId: "a" }, has), []);
  const told = changeWarnings({ labels: { max_node_count: "5" }, clusterTemplateId: "b" }, has);
  assert.equal(told.length, 2);
  assert.match(told[0] ?? "", /max_node_count=5.*openstack coe nodegroup update/);
  assert.match(told[1] ?? "", /stays on template a; .*cluster upgrade <cluster> b/);
});

test("every input of a cluster but its count is ignored once it is made", () => {
  const all = settings({
    masters: { count: 3, machineType: "m" },
    network: { existing: { name: "n", subnet: "s" } },
    nodeFloatingIps: true,
    driver: "heat",
    dockerVolume: "10G",
  });
  const inputs = Object.keys({ name: "", clusterTemplateId: "", keypair: "", ...clusterArgs(all) });
  const fixed: readonly string[] = FIXED_INPUTS;
  assert.deepEqual(
    inputs.filter((each) => !fixed.includes(each)),
    ["nodeCount"],
  );
});

test("the kubeconfig is found under Terraform's key, and a cluster without one is named with the remedy", () => {
  assert.equal(rawConfig({ raw_config: "apiVersion: v1" }), "apiVersion: v1");
  assert.equal(rawConfig({ rawConfig: "apiVersion: v1" }), "apiVersion: v1");
  assert.throws(() => rawConfig({ host: "https://198.51.100.5" }), /openstack coe cluster show/);
});

test("NVIDIA's device plugin runs on the node group for GPUs", () => {
  const all = settings({ nodePools: { ...POOLS, gpu: { machineType: "g1", max: 2 } }, driver: "heat" });
  const term = { key: "magnum.openstack.org/nodegroup", operator: "In", values: ["gpu"] };
  assert.deepEqual(gpuNodes(all), {
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [term] }] },
      },
    },
  });
});

test("a record points to an address or a name", () => {
  assert.deepEqual(["198.51.100.7", "2001:db8::7", "lb.example.org"].map(recordType), ["A", "AAAA", "CNAME"]);
  assert.deepEqual(["198.51.100.7", "lb.example.org", "lb.example.org."].map(recordValue), [
    "198.51.100.7",
    "lb.example.org.",
    "lb.example.org.",
  ]);
});

test("a login is asked for where nothing here logs in to OpenStack, each with its remedy", (context) => {
  const home = mkdtempSync(join(tmpdir(), "openstack-"));
  context.after(() => rmSync(home, { recursive: true }));
  const clouds = join(home, "clouds.yaml");
  const login =
    (env: NodeJS.ProcessEnv, config = {}) =>
    () =>
      requireOpenstackLogin(config, { HOME: home, ...env });
  assert.throws(login({}), /source your openrc file/);
  assert.throws(
    login({ OS_AUTH_URL: "https://id.example.org" }),
    /without a password or an application credential/,
  );
  assert.throws(login({ OS_CLOUD: "mine" }), /no clouds\.yaml/);
  assert.doesNotThrow(login({ OS_AUTH_URL: "https://id.example.org", OS_PASSWORD: "hunter2" }));
  assert.doesNotThrow(login({}, { authUrl: "https://id.example.org" }));
  writeFileSync(clouds, "clouds: {}");
  assert.doesNotThrow(login({ OS_CLOUD: "mine", OS_CLIENT_CONFIG_FILE: clouds }));
});

test("a login by application credential is warned of, wherever it is written", (context) => {
  const home = mkdtempSync(join(tmpdir(), "dask-openstack-"));
  context.after(() => rmSync(home, { recursive: true }));
  const file = join(home, "clouds.yaml");
  writeFileSync(
    file,
    "clouds: { mine: { auth_type: v3applicationcredential }, old: { auth: { password: hunter2 } } }",
  );
  const env = { HOME: home, OS_CLIENT_CONFIG_FILE: file };
  const [warning] = loginWarnings({}, { OS_APPLICATION_CREDENTIAL_ID: "1" });
  assert.match(warning ?? "", /Failed to create trustee or trust.*log in with a password/);
  assert.equal(loginWarnings({ applicationCredential: "1" }, {}).length, 1);
  assert.equal(loginWarnings({ cloud: "mine" }, env).length, 1);
  assert.deepEqual(loginWarnings({ cloud: "old" }, env), []);
  assert.deepEqual(loginWarnings({}, { OS_PASSWORD: "hunter2" }), []);
  // The parser's own words would quote the line.
  writeFileSync(file, "clouds: { mine: { auth: { password: @hunter2 } } }");
  assert.deepEqual(loginWarnings({ cloud: "mine" }, env), []);
});
