import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSettings } from "../../settings/parse.ts";
import { SettingsError } from "../../settings/problems.ts";

const POOLS = {
  core: { machineType: "m1.large", max: 1, resources: { cores: 4, memory: "8G" } },
  worker: { machineType: "m1.xlarge", max: 8, resources: { cores: 8, memory: "16G" } },
};
const OWN = { image: "ubuntu-kube", externalNetwork: "public", masterMachineType: "m1.medium" };
const EXPOSED = { kind: "dask", scheduler: { expose: { allowFrom: ["203.0.113.0/24"] } } };

/** What is said of a cluster of the settings, one line each. */
function faults(own: object, releases: object = {}): string {
  const cluster = { provider: "magnum", template: "k8s", nodePools: POOLS, ...own };
  try {
    parseSettings({ cluster, releases });
    return "";
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
}

function pool(name: "core" | "worker", own: object) {
  return { nodePools: { ...POOLS, [name]: { ...POOLS[name], ...own } } };
}

test("a template by name and pools are enough", () => {
  assert.equal(faults({}, { batch: EXPOSED }), "");
  assert.equal(faults({ template: OWN }), "");
  assert.equal(faults({ template: undefined, existing: "prod", nodePools: {} }, { batch: EXPOSED }), "");
});

const BAD: readonly [title: string, own: object, message: RegExp][] = [
  ["no template", { template: undefined }, /cluster\.template is missing; add the name of one/],
  ["spot", pool("worker", { spot: true }), /worker\.spot is true: is not to be had from Magnum; remove it/],
  [
    "min 0",
    pool("worker", { min: 0 }),
    /worker\.min is 0: .* use at least 1, or set dask:cluster\.emptyPools/,
  ],
  [
    "taints",
    pool("worker", { taints: [{ key: "a" }] }),
    /worker\.taints .* do not reach the nodes of Magnum; remove/,
  ],
  [
    "labels of nodes",
    pool("worker", { labels: { a: "b" } }),
    /worker\.labels .* do not reach the nodes of Magnum/,
  ],
  ["a disk", pool("worker", { disk: "50G" }), /worker\.disk is "50G": comes with the flavour; remove/],
  ["GPUs", pool("worker", { gpu: { type: "a100" } }), /worker\.gpu .* comes with the flavour; remove it/],
  ["several flavours", pool("worker", { machineType: ["a", "b"] }), /worker\.machineType .* name one/],
  ["min above max", pool("worker", { min: 9 }), /worker\.min is 9: is more than max, 8; lower it/],
  [
    "Magnum's own group as a name",
    { nodePools: { ...POOLS, "default-worker": { machineType: "a", max: 1 } } },
    /default-worker .*is the name of Magnum's own node group; choose another/,
  ],
  [
    "two pools of a role",
    { nodePools: { ...POOLS, big: { machineType: "a", role: "worker", max: 1 } } },
    /big\.role is "worker": is that of worker too/,
  ],
  [
    "an elastic group with Heat",
    { driver: "heat" },
    /worker\.max is 8: .* Heat driver scales the core pool alone; use 1/,
  ],
  ["an even number of masters", { masters: { count: 2 } }, /masters\.count is 2: must be 1, 3 or 5/],
  [
    "a small Docker volume",
    { driver: "heat", dockerVolume: "5G" },
    /dockerVolume is "5G": must be at least 10G; raise/,
  ],
  [
    "a broken size",
    { bootVolume: { size: "500M" } },
    /bootVolume\.size is "500M": must be whole gigabytes; write 50G/,
  ],
  [
    "a Docker volume with Cluster API",
    { dockerVolume: "50G" },
    /dockerVolume .* unknown to the Cluster API driver; use boot/,
  ],
  [
    "in-tree volumes with Cluster API",
    { storageClass: { provisioner: "kubernetes.io/cinder" } },
    /has gone from Kubernetes with 1\.26; use cinder\.csi\.openstack\.org/,
  ],
  [
    "two keys",
    { keypair: "mine", publicKey: "ssh-ed25519 AAAA" },
    /publicKey .* must not be set beside keypair; remove/,
  ],
  ["no public key", { publicKey: "AAAA" }, /publicKey is "AAAA": must be a public key/],
  [
    "ssh with Cluster API",
    { keypair: "mine", ssh: { user: "core" } },
    /cluster\.ssh .* is for Heat alone, .*; remove it/,
  ],
  ["ssh without a key", { ssh: { user: "core" } }, /cluster\.ssh .* needs a key; add keypair or publicKey/],
  [
    "a floating IP from nowhere",
    { driver: "heat", keypair: "mine", ssh: { user: "core", floatingIp: true } },
    /ssh\.floatingIp is true: needs floatingIpPool/,
  ],
  [
    "a floating IP beside another",
    {
      ...{ driver: "heat", keypair: "mine", floatingIpPool: "public", nodeFloatingIps: true },
      ssh: { user: "core", floatingIp: true },
    },
    /ssh\.floatingIp is true: would be a second one beside that of dask:cluster\.nodeFloatingIps; remove it/,
  ],
  [
    "nodes among the addresses of Services",
    { network: { nodes: "172.16.0.0/12" } },
    /nodes is "172\.16\.0\.0\/12": overlaps .* pods; .*\n.*172\.24\.0\.0\/13, .* Services; choose a network apart/,
  ],
  [
    "nodes among the addresses of pods with Heat",
    { driver: "heat", network: { nodes: "10.100.7.0/24" } },
    /overlaps 10\.100\.0\.0\/16, .* pods; .* like 10\.0\.0\.0\/24, or set dask:cluster\.labels\.calico_ipv4pool/,
  ],
  [
    "Heat without a key",
    { driver: "heat", template: OWN, nodePools: { core: { machineType: "a", max: 1 } } },
    /cluster\.keypair is missing, and the Heat driver needs one; add it, or publicKey/,
  ],
  [
    "Heat with Cilium",
    { driver: "heat", keypair: "mine", template: { ...OWN, networkDriver: "cilium" } },
    /networkDriver is "cilium": is unknown to the Heat driver; use calico/,
  ],
  [
    "two flavours of masters",
    { template: OWN, masters: { machineType: "m1.tiny" } },
    /masters\.machineType is "m1\.tiny": contradicts template\.masterMachineType; remove it here/,
  ],
  [
    "addresses in a network that is there",
    { network: { existing: { name: "lan" }, nodes: "10.0.0.0/24" } },
    /network\.nodes .* is a matter of the existing network; remove it/,
  ],
  [
    "a label that is written",
    { labels: { max_node_count: "3" } },
    /labels\.max_node_count .* written from dask:cluster\.nodePools\.core\.max/,
  ],
  ["a label that is no text", { labels: { monitoring_enabled: true } }, /must be text; put it in quotes/],
  [
    "a template of an existing cluster",
    { existing: "prod" },
    /cluster\.template is "k8s": is a matter of the existing cluster; remove it here/,
  ],
  [
    "masters of an existing cluster",
    { existing: "prod", template: undefined, masters: { count: 3 }, api: { floatingIp: true } },
    /masters\.count is 3: is a matter of the existing cluster.*\n.*api\.floatingIp is true/,
  ],
  ["a zone that is none", { dns: { zone: "example" } }, /dns\.zone is "example": must be the name of a zone/],
  ["an unknown key", { flavour: "m1" }, /cluster\.flavour.*unknown key/],
  [
    "a broken pool name",
    { nodePools: { ...POOLS, Big: { machineType: "a", max: 1 } } },
    /lower-case letters, digits and dashes/,
  ],
];

for (const [title, own, message] of BAD) {
  test(`refused with its remedy: ${title}`, () => {
    assert.match(faults(own), message);
  });
}

test("a pool may be empty, and Heat's groups elastic, where the settings say that it works", () => {
  assert.equal(faults({ ...pool("worker", { min: 0 }), emptyPools: true }), "");
  assert.equal(faults({ driver: "heat", ...pool("worker", { min: 8 }) }), "");
});

test("nodes may have any addresses that the driver does not give to pods and Services, or the cloud's driver not", () => {
  const nodes = (cidr: string, own: object = {}) => faults({ network: { nodes: cidr }, ...own });
  assert.equal(nodes("10.0.0.0/24"), "");
  assert.equal(nodes("10.100.7.0/24"), "");
  const labels = { calico_ipv4pool: "10.244.0.0/16", service_cluster_ip_range: "10.96.0.0/12" };
  assert.equal(nodes("172.16.0.0/12", { labels }), "");
});

test("load balancers of ovn are refused where an endpoint says who may connect, because they let everybody in", () => {
  const ovn = { loadBalancer: { provider: "ovn" } };
  assert.match(
    faults(ovn, { batch: EXPOSED }),
    /batch\.scheduler\.expose\.allowFrom .* let everybody in; set .* amphora/,
  );
  const open = { kind: "dask", scheduler: { expose: { allowFrom: ["0.0.0.0/0"] } } };
  assert.equal(faults(ovn, { batch: open }), "");
});

test("a worker that is larger than its flavour is refused with the sizes that fit", () => {
  const message = faults({}, { batch: { kind: "dask", workers: { cores: 8, memory: "32G" } } });
  assert.match(message, /batch\.workers .* asks for 8 cores and 32G, .*\(worker 8 cores and 16G\)/);
});
