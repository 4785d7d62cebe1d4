import assert from "node:assert/strict";
import { test } from "node:test";
import type * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { heldCounts } from "../../providers/magnum/held-pools.ts";
import { createMagnum } from "../../providers/magnum.ts";
import { parseSettings } from "../../settings/parse.ts";
import { SettingsError } from "../../settings/problems.ts";
import { duplicateNames, isInCluster, isOfCloud, openstackCalls, openstackStates } from "./clouds.ts";
import { isSecret, type Run, reaches, run, type States, value } from "./mock-engine.ts";
import { onPlanned, type PlannedOptions } from "./planned-cluster.ts";
import { refusedChange } from "./refused.ts";

const CLUSTER = "openstack:containerinfra/cluster:Cluster";
const TEMPLATE = "openstack:containerinfra/clusterTemplate:ClusterTemplate";
const GROUP = "openstack:containerinfra/nodeGroup:NodeGroup";
const KEYPAIR = "openstack:compute/keypair:Keypair";
const GET_GROUP = "openstack:containerinfra/getNodeGroup:getNodeGroup";
const FLOATING_IP = "openstack:networking/floatingIp:FloatingIp";
const RECORD = "openstack:dns/recordSet:RecordSet";
const SERVICE = "kubernetes:core/v1:Service";
const STORAGE_CLASS = "kubernetes:storage.k8s.io/v1:StorageClass";
const PROVIDER = "pulumi:providers:kubernetes";

const resources = { cores: 8, memory: "32G" };
const POOLS = {
  core: { machineType: "m1.large", min: 1, max: 3, resources },
  user: { machineType: "m1.large", min: 1, max: 4, resources },
  worker: { machineType: "m1.xlarge", min: 2, max: 2, resources },
  gpu: { machineType: "g1.a100", min: 1, max: 2, resources },
};
/** Pools that the Heat driver can make: it scales the core pool alone. */
const HEAT_POOLS = { core: POOLS.core, worker: POOLS.worker };
const EXPOSE = { allowFrom: ["203.0.113.0/24"] };
const BATCH = { kind: "dask", scheduler: { expose: EXPOSE } };
const OWN = { image: "ubuntu-kube", externalNetwork: "public", masterMachineType: "m1.medium" };

interface Options extends PlannedOptions {
  readonly own?: Record<string, unknown>;
  readonly releases?: Record<string, unknown>;
  readonly secrets?: Record<string, Record<string, string>>;
}

function program({ own, releases = { batch: BATCH }, secrets = {}, ...options }: Options = {}) {
  const cluster = { provider: "magnum", template: "k8s", floatingIpPool: "public", nodePools: POOLS, ...own };
  return onPlanned(
    { cluster, releases, secrets },
    { states: openstackStates, calls: openstackCalls, ...options },
  );
}

test("a cluster is made from a template by name, its own workers being the core pool", async () => {
  const made = await program();
  const { inputs, ignoreChanges, parent, protect } = made.find(CLUSTER);
  assert.deepEqual(inputs, {
    name: "dask-test",
    clusterTemplateId: "uuid-of-k8s",
    masterCount: 1,
    nodeCount: 1,
    flavor: "m1.large",
    createTimeout: 60,
    mergeLabels: true,
    labels: {
      auto_scaling_enabled: "true",
      min_node_count: "1",
      max_node_count: "3",
      csi_cinder_reclaim_policy: "Delete",
    },
  });
  for (const each of ["labels", "flavor", "clusterTemplateId", "masterCount", "name", "keypair", "nodeCount"])
    assert.ok(ignoreChanges.includes(each), each);
  assert.equal(protect, false);
  assert.equal(parent, made.find("dask:index:Magnum").urn);
  assert.equal(made.all(TEMPLATE).length + made.all(KEYPAIR).length, 0);
});

test("a fixed core pool's count is the stack's, an elastic one's the autoscaler's", async () => {
  const fixed = { ...POOLS, core: { ...POOLS.core, min: 2, max: 2 } };
  const made = await program({ own: { nodePools: fixed } });
  assert.equal(made.find(CLUSTER).inputs.nodeCount, 2);
  assert.ok(!made.find(CLUSTER).ignoreChanges.includes("nodeCount"));
  assert.ok(made.find(GROUP, "user").ignoreChanges.includes("nodeCount"));
  assert.ok(!made.find(GROUP, "worker").ignoreChanges.includes("nodeCount"));
});

test("what a fixed pool has now is asked of Magnum, and its lower limit follows the count, never goes before it", async () => {
  const { cluster } = parseSettings({
    liveChecks: false,
    cluster: {
      ...{ provider: "magnum", name: "lab", template: "k8s" },
      nodePools: { ...POOLS, worker: { ...POOLS.worker, min: 3, max: 3 } },
    },
  });
  assert.ok(cluster.provider === "magnum");
  const asked: unknown[] = [];
  const getNodeGroup = (has: number) => (inputs: Record<string, unknown>) => {
    asked.push([inputs.clusterId, inputs.name]);
    return { nodeCount: has };
  };
  const limitWith = async (has: number) => {
    const calls = { ...openstackCalls, [GET_GROUP]: getNodeGroup(has) };
    const made = await run(
      async () => ({ made: createMagnum(cluster, undefined, await heldCounts(cluster, "lab")).madeByStack }),
      { states: openstackStates, calls },
    );
    const { minNodeCount, nodeCount } = made.find(GROUP, "worker").inputs;
    assert.ok(!made.find(GROUP, "worker").ignoreChanges.includes("minNodeCount"));
    return [minNodeCount, nodeCount];
  };
  assert.deepEqual(await limitWith(2), [2, 3]);
  assert.deepEqual(await limitWith(3), [3, 3]);
  assert.deepEqual(await limitWith(4), [3, 3]);
  assert.deepEqual(asked, Array(3).fill(["lab", "worker"]));
});

test("node groups are made one after the other, each with its flavour and limits", async () => {
  const made = await program();
  const groups = made.all(GROUP);
  assert.deepEqual(
    groups.map(({ name }) => name),
    ["user", "worker", "gpu"],
  );
  assert.deepEqual(made.find(GROUP, "user").inputs, {
    clusterId: "cluster-id",
    name: "user",
    flavorId: "m1.large",
    nodeCount: 1,
    minNodeCount: 1,
    maxNodeCount: 4,
    role: "worker",
    mergeLabels: true,
  });
  for (const [index, group] of groups.entries()) {
    assert.ok(group.dependencies.includes(made.find(CLUSTER).urn));
    for (const before of groups.slice(0, index)) assert.ok(reaches(made, group).has(before.urn), group.name);
  }
});

test("a template and a keypair of the stack's own come before the cluster and follow no change", async () => {
  const publicKey = "ssh-ed25519 AAAA ops@example.org";
  const made = await program({ own: { template: OWN, publicKey, deletionProtection: true } });
  const [template, keypair, cluster] = [made.find(TEMPLATE), made.find(KEYPAIR), made.find(CLUSTER)];
  assert.equal(template.inputs.image, "ubuntu-kube");
  assert.equal(template.inputs.name, "dask-test");
  for (const each of ["name", "image"]) assert.ok(template.ignoreChanges.includes(each), each);
  assert.deepEqual(keypair.ignoreChanges, ["name", "publicKey"]);
  assert.deepEqual(keypair.inputs, { name: "dask-test", publicKey });
  assert.equal(cluster.inputs.clusterTemplateId, "template-id");
  assert.equal(cluster.inputs.keypair, "dask-test");
  assert.ok(cluster.protect);
  for (const each of [template, keypair]) assert.ok(cluster.dependencies.includes(each.urn), each.name);
});

test("the Kubernetes provider has the signed kubeconfig as a secret and the cluster's id as its own", async () => {
  const kept: pulumi.Output<string>[] = [];
  const made = await program({ use: ({ kubeconfig }) => kept.push(kubeconfig) });
  const { inputs, ignoreChanges } = made.find(PROVIDER);
  assert.equal(inputs.clusterIdentifier, "cluster-id");
  assert.deepEqual(inputs.kubeconfig, { secret: "kubeconfig of cluster" });
  assert.deepEqual(ignoreChanges, []);
  assert.ok(await isSecret(kept[0]));
});

test("a kubeconfig of the secrets takes the place of one that has run out", async () => {
  const made = await program({ secrets: { cluster: { kubeconfig: "renewed" } } });
  assert.deepEqual(made.find(PROVIDER).inputs.kubeconfig, { secret: "renewed" });
  assert.equal(made.find(PROVIDER).inputs.clusterIdentifier, "cluster-id");
});

test("an endpoint has a floating IP from the pool, which the load balancer takes and leaves", async () => {
  const made = await program({ own: { owner: "ada", tags: { costCentre: "42" } } });
  const address = made.find(FLOATING_IP, "batch-scheduler");
  assert.equal(address.inputs.pool, "public");
  assert.match(String(address.inputs.description), /^dask-test: batch-scheduler/);
  assert.deepEqual(address.inputs.tags, [
    "costCentre=42",
    "dask:stack=organization.dask.test",
    "dask:owner=ada",
  ]);
  const service = made.find(SERVICE, "batch-scheduler-external");
  const { metadata, spec } = service.inputs as {
    metadata: { annotations: Record<string, string> };
    spec: object;
  };
  const { "pulumi.com/waitFor": _, ...annotations } = metadata.annotations;
  assert.deepEqual(annotations, {
    "loadbalancer.openstack.org/keep-floatingip": "true",
    "loadbalancer.openstack.org/timeout-client-data": "3600000",
    "loadbalancer.openstack.org/timeout-member-data": "3600000",
  });
  assert.equal(Reflect.get(spec, "loadBalancerIP"), "198.51.100.25");
  assert.deepEqual(Reflect.get(spec, "loadBalancerSourceRanges"), ["203.0.113.0/24"]);
  assert.ok(service.dependencies.includes(address.urn));
});

test("an address that was approved beforehand is taken as it is; without a pool Octavia gives one", async () => {
  const expose = { ...EXPOSE, address: "198.51.100.77" };
  const approved = await program({ releases: { batch: { kind: "dask", scheduler: { expose } } } });
  assert.equal(approved.all(FLOATING_IP).length, 0);
  const spec = approved.find(SERVICE, "batch-scheduler-external").inputs.spec as object;
  assert.equal(Reflect.get(spec, "loadBalancerIP"), "198.51.100.77");
  const unknown = await program({ own: { floatingIpPool: undefined } });
  const { inputs } = unknown.find(SERVICE, "batch-scheduler-external");
  assert.equal(unknown.all(FLOATING_IP).length, 0);
  assert.ok(!("loadBalancerIP" in (inputs.spec as object)));
});

test("an internal load balancer needs no floating IP, and one of ovn no timeouts", async () => {
  const annotations = { "service.beta.kubernetes.io/openstack-internal-load-balancer": "true" };
  const expose = { allowFrom: ["0.0.0.0/0"], annotations };
  const made = await program({
    own: { loadBalancer: { provider: "ovn" } },
    releases: { batch: { kind: "dask", scheduler: { expose } } },
  });
  assert.equal(made.all(FLOATING_IP).length, 0);
  const { metadata } = made.find(SERVICE, "batch-scheduler-external").inputs as {
    metadata: { annotations: Record<string, string> };
  };
  const { "pulumi.com/waitFor": _, ...found } = metadata.annotations;
  assert.deepEqual(found, annotations);
});

test("with the Heat driver a default storage class is made, on request for in-tree volumes", async () => {
  const heat = { driver: "heat", nodePools: HEAT_POOLS };
  const classes: unknown[] = [];
  const made = await program({ own: heat, use: ({ storageClass }) => classes.push(storageClass) });
  const { inputs, dependencies } = made.find(STORAGE_CLASS);
  assert.equal(inputs.provisioner, "cinder.csi.openstack.org");
  assert.deepEqual(inputs.metadata, {
    name: "cinder",
    annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
  });
  assert.equal(await value(classes[0]), "cinder");
  assert.ok(dependencies.includes(made.find(GROUP, "worker").urn));
  const old = { ...heat, storageClass: { provisioner: "kubernetes.io/cinder", availabilityZone: "nova" } };
  const inTree = (await program({ own: old })).find(STORAGE_CLASS).inputs;
  assert.equal(inTree.provisioner, "kubernetes.io/cinder");
  assert.deepEqual(inTree.parameters, { availability: "nova" });
  assert.equal((await program({ own: { storageClass: "ssd" } })).all(STORAGE_CLASS).length, 0);
});

test("ssh to the first master is a command, with a floating IP of its own where that is wanted", async () => {
  const heat = { driver: "heat", nodePools: HEAT_POOLS, keypair: "mine" };
  const inside = await program({ own: { ...heat, ssh: { user: "core" } } });
  assert.equal(await value(inside.stackOutputs.commands.ssh), "ssh core@198.51.100.5");
  const outside = await program({ own: { ...heat, ssh: { user: "core", floatingIp: true } } });
  const { inputs, dependencies } = outside.find(FLOATING_IP, "master");
  assert.equal(inputs.portId, "port-of-198.51.100.5");
  assert.ok(dependencies.includes(outside.find(CLUSTER).urn));
  assert.equal(await value(outside.stackOutputs.commands.ssh), "ssh core@198.51.100.16");
});

test("where Magnum tells no one port's address of the first master, a floating IP for it is refused with the remedy", async () => {
  const own = {
    ...{ driver: "heat", nodePools: HEAT_POOLS, keypair: "mine" },
    ssh: { user: "core", floatingIp: true },
  };
  const found = { "is a floating IP already": [], "belongs to several ports": ["a", "b"] };
  for (const [words, ids] of Object.entries(found)) {
    const calls = { ...openstackCalls, "openstack:networking/getPortIds:getPortIds": () => ({ ids }) };
    const refused = (states: States) => program({ own, calls, states, releases: {} });
    const message = await refusedChange(refused, openstackStates, [FLOATING_IP]);
    const expected = `the first master's address 198.51.100.5 ${words}; remove dask:cluster.ssh.floatingIp`;
    assert.ok(message.endsWith(expected), message);
  }
});

test("a host gets its record in the zone, with a dot at the end of all names", async () => {
  const made = await program({
    own: { dns: { zone: "example.org" } },
    use: ({ dns }) => [dns?.("hub.example.org", "198.51.100.7"), dns?.("lb.example.org", "lb.cloud.example")],
  });
  const { inputs } = made.find(RECORD, "hub.example.org");
  assert.deepEqual(
    { ...inputs, description: undefined },
    {
      zoneId: "zone-of-example.org.",
      name: "hub.example.org.",
      type: "A",
      ttl: 300,
      records: ["198.51.100.7"],
      description: undefined,
    },
  );
  assert.deepEqual(made.find(RECORD, "lb.example.org").inputs.records, ["lb.cloud.example."]);
});

test("an existing cluster gets the pools and nothing else, and its kubeconfig is not renewed with each run", async () => {
  const made = await program({
    own: { template: undefined, existing: "prod", nodePools: { worker: POOLS.worker } },
  });
  assert.equal(made.all(CLUSTER).length + made.all(TEMPLATE).length + made.all(STORAGE_CLASS).length, 0);
  assert.equal(made.find(GROUP).inputs.clusterId, "uuid-of-prod");
  const { inputs, ignoreChanges } = made.find(PROVIDER);
  assert.deepEqual(inputs, {
    clusterIdentifier: "uuid-of-prod",
    kubeconfig: { secret: "kubeconfig of prod" },
    upsertExistingObjects: "true",
  });
  assert.deepEqual(ignoreChanges, ["kubeconfig"]);
});

test("teardown: all that is in the cluster goes before any part of the cloud, and addresses after their Services", async () => {
  const own = { template: OWN, keypair: "mine", driver: "capi" };
  const made: Run = await program({ own });
  assert.deepEqual(duplicateNames(made), []);
  const inside = made.resources.filter(isInCluster);
  const needed = made.resources.filter(({ type }) => [CLUSTER, TEMPLATE, GROUP].includes(type));
  for (const each of inside.filter(({ type }) => type !== PROVIDER))
    for (const part of needed) assert.ok(reaches(made, each).has(part.urn), `${each.urn} before ${part.urn}`);
  const urns = new Set(inside.map(({ urn }) => urn));
  for (const each of made.resources.filter(isOfCloud))
    assert.deepEqual(
      [...reaches(made, each)].filter((urn) => urns.has(urn)),
      [],
      each.urn,
    );
});

test("a preview from nothing registers everything, with values that nobody knows yet", async () => {
  const own = {
    template: OWN,
    driver: "heat",
    nodePools: HEAT_POOLS,
    publicKey: "ssh-ed25519 AAAA",
    ssh: { user: "core", floatingIp: true },
    dns: { zone: "example.org" },
  };
  const made = await program({
    own,
    preview: true,
    states: { [CLUSTER]: () => ({ kubeconfig: undefined, masterAddresses: undefined }) },
    use: ({ dns, expose }) => dns?.("hub.example.org", expose("hub", { annotations: {} }).address ?? ""),
  });
  assert.equal(made.all(GROUP).length, 1);
  assert.equal(made.all(FLOATING_IP).length, 3);
  assert.equal(made.all(RECORD).length, 1);
});

test("with a stack of any name, the names of all parts keep the cloud's limits", async () => {
  const made = await program({ stack: "a-stack-with-a-very-long-name-that-goes-on-and-on" });
  const name = String(made.find(CLUSTER).inputs.name);
  assert.match(name, /^[a-z][-a-z0-9]{0,29}$/);
});

const size = fc.record({
  cores: fc.constantFrom(0.5, 2, 7, 9),
  memory: fc.constantFrom("1G", "8G", "30G", "40G"),
});
const randomPool = fc.record({
  machineType: fc.constantFrom("m1.large", "m1.xlarge"),
  min: fc.constantFrom(0, 1, 1, 2, 3),
  max: fc.constantFrom(3, 3, 5),
  resources: fc.constantFrom({ cores: 4, memory: "16G" }, resources),
});
const randomStack = fc.record({
  own: fc.record({
    driver: fc.constantFrom("capi", "heat"),
    emptyPools: fc.boolean(),
    nodePools: fc.record(
      { core: randomPool, user: randomPool, scheduler: randomPool, worker: randomPool, gpu: randomPool },
      { requiredKeys: ["core"] },
    ),
  }),
  releases: fc.dictionary(
    fc.constantFrom("a", "b", "dask-a"),
    fc.record({
      kind: fc.constant("dask"),
      workers: size,
      scheduler: size,
      jupyter: fc.constantFrom(false, { expose: EXPOSE }),
    }),
    { maxKeys: 2 },
  ),
});

test("whatever the pools and releases, what is accepted has names of one kind and a place for every pod", async () => {
  const property = fc.asyncProperty(randomStack, async (stack) => {
    const made = await program(stack).catch((error) => {
      if (error instanceof SettingsError) return undefined;
      throw error;
    });
    // Only what is accepted counts as a run.
    fc.pre(made !== undefined);
    assert.deepEqual(duplicateNames(made), []);
    const groups = ["default-worker", ...made.all(GROUP).map(({ inputs }) => String(inputs.name))];
    for (const { inputs } of made.all("kubernetes:helm.sh/v3:Release")) {
      if (inputs.chart !== "dask") continue;
      const { scheduler, worker } = inputs.values as Record<string, { nodeSelector: Record<string, string> }>;
      for (const pod of [scheduler, worker])
        assert.ok(groups.includes(Object.values(pod?.nodeSelector ?? {})[0] ?? ""), JSON.stringify(pod));
    }
  });
  await fc.assert(property, { numRuns: 10, maxSkipsPerRun: 100 });
});
