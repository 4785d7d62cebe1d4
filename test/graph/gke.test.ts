import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { FIXED_INPUTS } from "../../providers/gke/fixed.ts";
import { planCluster } from "../../providers/index.ts";
import { parseSettings } from "../../settings/parse.ts";
import {
  cloudCalls,
  cloudStates,
  duplicateNames,
  gcpCalls,
  gcpStates,
  isInCluster,
  isOfCloud,
} from "./clouds.ts";
import { withEnvironment } from "./environment.ts";
import { type Run, reaches, type States } from "./mock-engine.ts";
import { kubeconfigOf, onPlanned, type PlannedOptions } from "./planned-cluster.ts";
import { refusedChange } from "./refused.ts";

const POOLS = {
  core: { machineType: "e2-standard-4", max: 3 },
  user: { machineType: "n2-highmem-4", max: 20 },
  worker: { machineType: "n2-standard-16", max: 50, spot: true },
  gpu: { machineType: "g2-standard-8", max: 4 },
};
const BATCH = { kind: "dask", scheduler: { expose: { allowFrom: ["203.0.113.0/24"] } } };

function cluster(own: Record<string, unknown> = {}) {
  return {
    provider: "gke",
    project: "my-project",
    location: "europe-west1-b",
    nodePools: POOLS,
    owner: "Ada Lovelace",
    tags: { costCentre: "42" },
    ...own,
  };
}

function program(
  own: Record<string, unknown> = {},
  { releases = { batch: BATCH }, ...options }: PlannedOptions & { releases?: object } = {},
): Promise<Run> {
  return onPlanned({ cluster: cluster(own), releases }, { states: gcpStates, calls: gcpCalls, ...options });
}

/** The program with all the pools above and nothing else: what most tests look at, run once. */
let plain: Promise<Run> | undefined;
function plainProgram(): Promise<Run> {
  plain ??= program();
  return plain;
}

const withKubeconfig = (own: Record<string, unknown>) => kubeconfigOf((use) => program(own, { use }));

const CLUSTER = "gcp:container/cluster:Cluster";
const POOL = "gcp:container/nodePool:NodePool";
const SERVICE = "kubernetes:core/v1:Service";

test("a cluster on Google Cloud is a network, an account of its nodes, a control plane and its pools", async () => {
  const made = await plainProgram();
  const types = made.resources.filter(isOfCloud).map(({ type, name }) => `${type.split(":")[2]} ${name}`);
  assert.deepEqual(types.sort(), [
    "Account nodes",
    "Address batch-scheduler",
    "Cluster cluster",
    "Firewall webhooks",
    "IAMMember node-role",
    "IAMMember registry-role",
    "Network network",
    "NodePool core",
    "NodePool gpu",
    "NodePool user",
    "NodePool worker",
    "Router router",
    "RouterNat nat",
    "Service cloudresourcemanager-api",
    "Service compute-api",
    "Service container-api",
    "Service iam-api",
    "Subnetwork subnetwork",
  ]);
  assert.deepEqual(duplicateNames(made), []);
  const parent = made.find("dask:index:Gke");
  for (const each of made.resources.filter(isOfCloud)) assert.equal(each.parent, parent.urn, each.name);
});

test("the control plane is private, guarded by IAM, with Dataplane V2 and Workload Identity", async () => {
  const { find } = await plainProgram();
  const { inputs, ignoreChanges, protect } = find(CLUSTER);
  assert.deepEqual(inputs, {
    name: "dask-test",
    project: "my-project",
    description: "Stack organization/dask/test",
    location: "europe-west1-b",
    resourceLabels: {
      "dask-stack": "organization-dask-test",
      "dask-owner": "ada-lovelace",
      costcentre: "42",
    },
    deletionProtection: false,
    removeDefaultNodePool: true,
    initialNodeCount: 1,
    releaseChannel: { channel: "REGULAR" },
    datapathProvider: "ADVANCED_DATAPATH",
    workloadIdentityConfig: { workloadPool: "my-project.svc.id.goog" },
    enableShieldedNodes: true,
    clusterAutoscaling: { autoscalingProfile: "OPTIMIZE_UTILIZATION" },
    addonsConfig: { gcePersistentDiskCsiDriverConfig: { enabled: true } },
    controlPlaneEndpointsConfig: { dnsEndpointConfig: { allowExternalTraffic: true } },
    masterAuthorizedNetworksConfig: { cidrBlocks: [], gcpPublicCidrsAccessEnabled: false },
    privateClusterConfig: {
      enablePrivateNodes: true,
      enablePrivateEndpoint: false,
      masterIpv4CidrBlock: "172.16.0.0/28",
    },
    networkingMode: "VPC_NATIVE",
    network: "network-id",
    subnetwork: "subnetwork-id",
    ipAllocationPolicy: { clusterSecondaryRangeName: "pods", servicesSecondaryRangeName: "services" },
    nodeConfig: {
      machineType: "e2-medium",
      diskSizeGb: 30,
      serviceAccount: "dask-test-nodes@my-project.iam.gserviceaccount.com",
      resourceLabels: {
        "dask-stack": "organization-dask-test",
        "dask-owner": "ada-lovelace",
        costcentre: "42",
      },
      shieldedInstanceConfig: { enableSecureBoot: true, enableIntegrityMonitoring: true },
    },
  });
  for (const first of ["nodeConfig", "initialNodeCount"]) assert.ok(ignoreChanges.includes(first), first);
  assert.equal(protect, false);
});

test("the subnetwork has ranges for pods and Services, and private nodes leave it through NAT", async () => {
  const { find } = await plainProgram();
  const { inputs } = find("gcp:compute/subnetwork:Subnetwork");
  assert.equal(inputs.region, "europe-west1");
  assert.equal(inputs.ipCidrRange, "10.0.0.0/20");
  assert.equal(inputs.privateIpGoogleAccess, true);
  assert.deepEqual(inputs.secondaryIpRanges, [
    { rangeName: "pods", ipCidrRange: "10.4.0.0/14" },
    { rangeName: "services", ipCidrRange: "10.8.0.0/20" },
  ]);
  assert.equal(find("gcp:compute/network:Network").inputs.autoCreateSubnetworks, false);
  const nat = find("gcp:compute/routerNat:RouterNat").inputs;
  assert.equal(nat.natIpAllocateOption, "AUTO_ONLY");
  assert.equal(nat.sourceSubnetworkIpRangesToNat, "ALL_SUBNETWORKS_ALL_IP_RANGES");
});

test("the control plane reaches webhooks on private nodes, that of the database operator among them", async () => {
  const { find } = await plainProgram();
  const { inputs } = find("gcp:compute/firewall:Firewall");
  assert.deepEqual(inputs.sourceRanges, ["172.16.0.0/28"]);
  assert.deepEqual(inputs.targetServiceAccounts, ["dask-test-nodes@my-project.iam.gserviceaccount.com"]);
  assert.deepEqual(inputs.allows, [{ protocol: "tcp", ports: ["8443", "9443"] }]);
});

test("nodes run as an account that may write logs and metrics and pull images, and nothing else", async () => {
  const { all, find } = await plainProgram();
  assert.equal(find("gcp:serviceaccount/account:Account").inputs.accountId, "dask-test-nodes");
  assert.deepEqual(
    all("gcp:projects/iAMMember:IAMMember").map(({ inputs }) => [inputs.role, inputs.member]),
    [
      [
        "roles/container.defaultNodeServiceAccount",
        "serviceAccount:dask-test-nodes@my-project.iam.gserviceaccount.com",
      ],
      ["roles/artifactregistry.reader", "serviceAccount:dask-test-nodes@my-project.iam.gserviceaccount.com"],
    ],
  );
});

test("a worker pool is spot, tainted, labelled and goes down to nothing", async () => {
  const { find } = await plainProgram();
  const { inputs, ignoreChanges } = find(POOL, "worker");
  assert.equal(
    inputs.name,
    undefined,
    "Pulumi names pools, so that a new one can come before the old one goes",
  );
  assert.equal(inputs.cluster, "cluster-id");
  assert.deepEqual(inputs.autoscaling, {
    totalMinNodeCount: 0,
    totalMaxNodeCount: 50,
    locationPolicy: "ANY",
  });
  assert.equal(inputs.initialNodeCount, 0);
  assert.deepEqual(ignoreChanges, ["initialNodeCount"]);
  assert.deepEqual(inputs.nodeConfig, {
    machineType: "n2-standard-16",
    diskSizeGb: 100,
    spot: true,
    labels: { "dask/node-pool": "worker", "k8s.dask.org/node-purpose": "worker" },
    taints: [{ key: "k8s.dask.org/dedicated", value: "worker", effect: "NO_SCHEDULE" }],
    resourceLabels: {
      "dask-stack": "organization-dask-test",
      "dask-owner": "ada-lovelace",
      costcentre: "42",
      "dask-node-pool": "worker",
    },
    serviceAccount: "dask-test-nodes@my-project.iam.gserviceaccount.com",
    oauthScopes: ["https://www.googleapis.com/auth/cloud-platform"],
    workloadMetadataConfig: { mode: "GKE_METADATA" },
    shieldedInstanceConfig: { enableSecureBoot: true, enableIntegrityMonitoring: true },
  });
});

test("a pool of GPU machines has GKE install the driver", async () => {
  const { find } = await plainProgram();
  const config = find(POOL, "gpu").inputs.nodeConfig as Record<string, unknown>;
  assert.deepEqual(config.guestAccelerators, [
    { type: "nvidia-l4", count: 1, gpuDriverInstallationConfig: { gpuDriverVersion: "DEFAULT" } },
  ]);
  assert.deepEqual(config.taints, [{ key: "nvidia.com/gpu", value: "present", effect: "NO_SCHEDULE" }]);
  assert.deepEqual(config.shieldedInstanceConfig, {
    enableSecureBoot: false,
    enableIntegrityMonitoring: true,
  });
});

test("a regional cluster keeps its nodes in one zone", async () => {
  const { find } = await program({ location: "europe-west1", nodePools: { core: POOLS.core } });
  assert.deepEqual(find(CLUSTER).inputs.nodeLocations, ["europe-west1-b"]);
  assert.deepEqual(find(POOL, "core").inputs.nodeLocations, ["europe-west1-b"]);
  assert.equal(find("gcp:compute/address:Address").inputs.region, "europe-west1");
});

/** A cluster as Google has it; `more` are outputs that differ from what the settings want. */
function standing(more: object): States {
  return { ...gcpStates, [CLUSTER]: (name, inputs) => ({ ...gcpStates[CLUSTER]?.(name, inputs), ...more }) };
}

test("what Google cannot change of a cluster keeps its value, so that no change makes the cluster anew", async () => {
  const made = await plainProgram();
  for (const [type, fixed] of Object.entries(FIXED_INPUTS)) {
    assert.ok(made.all(type).length > 0, type);
    for (const each of made.all(type))
      for (const input of fixed) assert.ok(each.ignoreChanges.includes(input), `${each.urn} ${input}`);
  }
  // The names of a network and of an address are ours too, and a description tells the name of the stack.
  for (const type of [CLUSTER, "gcp:compute/network:Network", "gcp:compute/address:Address"])
    for (const input of ["name", "description"])
      assert.ok(made.find(type).ignoreChanges.includes(input), `${type} ${input}`);
});

const LAN = { name: "lan", subnetwork: "nodes", pods: "lan-pods", services: "lan-services" };
const LAN_PATHS = {
  network: "projects/my-project/global/networks/lan",
  subnetwork: "projects/my-project/regions/europe-west1/subnetworks/nodes",
};

/** Changed settings by what the refusal says of them: settings, and what Google has. */
const CHANGED: Readonly<Record<string, readonly [own: Record<string, unknown>, has: States]>> = {
  "name is new, and the cluster has dask-test": [{ name: "new" }, standing({ name: "dask-test" })],
  "project is my-project, and the cluster has another": [{}, standing({ project: "another" })],
  "location is europe-west1-b, and the cluster has europe-west1": [
    {},
    standing({ location: "europe-west1" }),
  ],
  "network.privateNodes is false, and the cluster has true": [
    { network: { privateNodes: false } },
    standing({ privateClusterConfig: { enablePrivateNodes: true } }),
  ],
  "network.controlPlane is 172.16.0.16/28, and the cluster has 172.16.0.0/28": [
    { network: { controlPlane: "172.16.0.16/28" } },
    standing({ privateClusterConfig: { enablePrivateNodes: true, masterIpv4CidrBlock: "172.16.0.0/28" } }),
  ],
  "network.existing is none, and the cluster has lan/nodes": [{}, standing(LAN_PATHS)],
  "network.existing is lan/nodes, and the cluster has dask-test/dask-test": [
    { network: { existing: LAN } },
    standing({ network: "dask-test", subnetwork: "dask-test" }),
  ],
  "network.existing.pods is lan-pods, and the cluster has pods": [
    { network: { existing: LAN } },
    standing({ ...LAN_PATHS, ipAllocationPolicy: { clusterSecondaryRangeName: "pods" } }),
  ],
  "network.pods is 10.16.0.0/14, and the cluster has 10.4.0.0/14": [
    { network: { pods: "10.16.0.0/14" } },
    {
      ...gcpStates,
      "gcp:compute/subnetwork:Subnetwork": () => ({
        secondaryIpRanges: [{ rangeName: "pods", ipCidrRange: "10.4.0.0/14" }],
      }),
    },
  ],
};

for (const [words, [own, states]] of Object.entries(CHANGED))
  test(`a change that would need another cluster stops the preview: ${words}`, async () => {
    const change = (found: States) => program(own, { states: found, preview: true });
    const message = await refusedChange(change, states, [POOL, SERVICE]);
    assert.ok(message.split("\n").includes(`  dask:cluster.${words}`), message);
    assert.match(message, /^Google Cloud cannot change these .*; put them back, or destroy the stack/);
  });

test("a change that would need another cluster stops an up before pools and releases", async () => {
  const change = (found: States) => program({ name: "new" }, { states: found });
  const untouched = [POOL, SERVICE, "kubernetes:core/v1:Namespace"];
  assert.match(await refusedChange(change, standing({ name: "dask-test" }), untouched), /name is new/);
});

test("everything in the cluster depends on all that its removal needs", async () => {
  const made = await program({ dns: { zone: "example" } });
  const needed = made.resources.filter(isOfCloud).filter(({ type }) => !/Address$|RecordSet$/.test(type));
  assert.equal(needed.length, 18);
  const inside = made.resources.filter(isInCluster);
  assert.ok(inside.length >= 5);
  for (const each of inside) {
    const reached = reaches(made, each);
    for (const { urn } of needed) assert.ok(reached.has(urn), `${each.name} does not depend on ${urn}`);
  }
});

test("nothing of the cloud depends on what is in the cluster, so that the network goes last", async () => {
  const made = await plainProgram();
  const inside = new Set(made.resources.filter(isInCluster).map(({ urn }) => urn));
  for (const each of made.resources.filter(isOfCloud)) {
    const reached = [...reaches(made, each)].filter((urn) => inside.has(urn));
    assert.deepEqual(reached, [], each.name);
  }
  const network = made.find("gcp:compute/network:Network").urn;
  for (const type of [CLUSTER, "gcp:compute/subnetwork:Subnetwork", "gcp:compute/routerNat:RouterNat"])
    assert.ok(reaches(made, made.find(type)).has(network), type);
});

test("a load balancer has an address of its own, tied to it by name and there before it", async () => {
  const made = await plainProgram();
  const address = made.find("gcp:compute/address:Address");
  assert.equal(address.inputs.name, "dask-test-batch-scheduler");
  assert.equal(address.inputs.addressType, "EXTERNAL");
  assert.deepEqual(address.inputs.labels, {
    "dask-stack": "organization-dask-test",
    "dask-owner": "ada-lovelace",
    costcentre: "42",
  });
  const service = made.find(SERVICE, "batch-scheduler-external");
  const { annotations } = service.inputs.metadata as { annotations: Record<string, string> };
  assert.equal(annotations["cloud.google.com/l4-rbs"], "enabled");
  assert.equal(annotations["networking.gke.io/load-balancer-ip-addresses"], address.inputs.name);
  assert.ok(service.dependencies.includes(address.urn));
});

test("an address of the user's own, and an internal load balancer, take none of ours", async () => {
  let exposures: Record<string, unknown> = {};
  const annotations = { "networking.gke.io/load-balancer-type": "Internal" };
  const made = await program(
    {},
    {
      use: ({ expose }) => {
        exposures = {
          own: expose("own", { address: "203.0.113.80", annotations: {} }),
          internal: expose("internal", { annotations }),
          inside: expose("inside", { type: "ClusterIP", annotations: {} }),
        };
      },
    },
  );
  assert.deepEqual(exposures, {
    own: { type: "LoadBalancer", annotations: {}, loadBalancerIP: "203.0.113.80", address: "203.0.113.80" },
    internal: { type: "LoadBalancer", annotations },
    inside: { type: "ClusterIP", annotations: {} },
  });
  assert.equal(made.all("gcp:compute/address:Address").length, 1);
});

test("a host gets a record in the zone of the settings, of the kind that its target is", async () => {
  const made = await program(
    { dns: { zone: "example", project: "dns-project" } },
    {
      use: ({ dns, expose }) => {
        const { address } = expose("hub", { annotations: {} });
        dns?.("hub.example.org", address ?? "");
        dns?.("alias.example.org", "elsewhere.example.net");
      },
    },
  );
  const inputsOf = (host: string) => made.find("gcp:dns/recordSet:RecordSet", host).inputs;
  const common = { project: "dns-project", managedZone: "example", ttl: 300 };
  assert.deepEqual(inputsOf("hub.example.org"), {
    ...common,
    name: "hub.example.org.",
    type: "A",
    rrdatas: ["198.51.100.13"],
  });
  assert.deepEqual(inputsOf("alias.example.org"), {
    ...common,
    name: "alias.example.org.",
    type: "CNAME",
    rrdatas: ["elsewhere.example.net."],
  });
  assert.equal(made.find("gcp:projects/service:Service", "dns-api").inputs.service, "dns.googleapis.com");
});

test("address first, then host: the address of the first run is that of the second", async () => {
  const closed = { kind: "jupyterhub", expose: { allowFrom: ["10.0.0.0/8"] } };
  const open = {
    kind: "jupyterhub",
    host: "hub.example.org",
    tls: { kind: "letsencrypt", email: "ops@example.org" },
  };
  const addressOf = async (hub: object) => {
    const made = await program({}, { releases: { hub }, calls: cloudCalls, states: cloudStates });
    const { urn, inputs } = made.find("gcp:compute/address:Address", "hub-hub");
    return { urn, inputs, endpoints: made.outputs.endpoints as Record<string, Record<string, string>> };
  };
  const first = await addressOf(closed);
  const second = await addressOf(open);
  assert.equal(first.endpoints.hub?.hub, "http://203.0.113.10");
  assert.equal(second.endpoints.hub?.hub, "https://hub.example.org");
  assert.deepEqual([first.urn, first.inputs], [second.urn, second.inputs]);
});

test("the record of a hub stands before its chart asks for a certificate", async () => {
  const tls = { kind: "letsencrypt", email: "ops@example.org" };
  const hub = { kind: "jupyterhub", host: "hub.example.org", tls };
  const options = { releases: { hub }, calls: cloudCalls, states: cloudStates };
  const made = await program({ dns: { zone: "example" } }, options);
  const record = made.find("gcp:dns/recordSet:RecordSet", "hub.example.org");
  assert.ok(made.find("kubernetes:helm.sh/v3:Release", "hub").dependencies.includes(record.urn));
});

test("only a cluster that the stack made waits for disks and load balancers when it goes", async () => {
  const waits = async (own: Record<string, unknown>) =>
    (await program(own)).resources.some(({ name }) => name === "dask-settle");
  assert.equal(await waits({}), true);
  assert.equal(await waits({ existing: "team", nodePools: {} }), false);
});

test("without a zone the cluster makes no records", async () => {
  await program({}, { use: (made) => assert.equal(made.dns, undefined) });
});

test("the kubeconfig logs in by the plugin, is secret and goes to the DNS endpoint", async () => {
  const { find, config } = await withKubeconfig({});
  assert.deepEqual(config.clusters, [
    { name: "dask-test", cluster: { server: "https://gke-0123.europe-west1.gke.goog" } },
  ]);
  assert.equal(config.users[0].user.exec.command, "gke-gcloud-auth-plugin");
  const { inputs } = find("pulumi:providers:kubernetes", "cluster");
  assert.equal(inputs.clusterIdentifier, "cluster-id", "the id stays, whatever becomes of the address");
});

test("with auth: token and the address as endpoint the kubeconfig holds both token and authority", async () => {
  const own = {
    auth: "token",
    controlPlane: { endpoint: "ip", authorizedNetworks: ["203.0.113.0/24"] },
  };
  const { find, config } = await withKubeconfig(own);
  assert.deepEqual(config.users[0].user, { token: "ya29.token" });
  assert.deepEqual(config.clusters[0].cluster, {
    server: "https://203.0.113.5",
    "certificate-authority-data": "Q0E=",
  });
  const { inputs } = find(CLUSTER);
  assert.deepEqual(inputs.controlPlaneEndpointsConfig, {
    dnsEndpointConfig: { allowExternalTraffic: false },
  });
  assert.deepEqual(inputs.masterAuthorizedNetworksConfig, {
    cidrBlocks: [{ cidrBlock: "203.0.113.0/24" }],
    gcpPublicCidrsAccessEnabled: false,
  });
});

test("deletion protection holds at Google and in Pulumi, which refuses before it deletes anything", async () => {
  const { find } = await program({ deletionProtection: true });
  assert.equal(find(CLUSTER).inputs.deletionProtection, true);
  assert.equal(find(CLUSTER).protect, true);
});

test("an existing network is used as it is, with NAT where it is asked for", async () => {
  const existing = { name: "office", subnetwork: "office-west1", pods: "p", services: "s", nat: true };
  const { all, find } = await program({ network: { existing } });
  assert.deepEqual(all("gcp:compute/network:Network"), []);
  assert.deepEqual(all("gcp:compute/subnetwork:Subnetwork"), []);
  const { inputs } = find(CLUSTER);
  assert.equal(inputs.network, "office");
  assert.equal(inputs.subnetwork, "office-west1");
  assert.deepEqual(inputs.ipAllocationPolicy, {
    clusterSecondaryRangeName: "p",
    servicesSecondaryRangeName: "s",
  });
  assert.equal(find("gcp:compute/router:Router").inputs.network, "office");
});

test("an existing cluster gets the pools of the settings and nothing else", async () => {
  const made = await program({ existing: "team", nodePools: { worker: POOLS.worker } });
  const types = new Set(made.resources.filter(isOfCloud).map(({ type }) => type.split(":")[2]));
  assert.deepEqual([...types].sort(), ["Account", "Address", "IAMMember", "NodePool", "Service"]);
  assert.equal(made.find(POOL).inputs.cluster, "projects/my-project/locations/europe-west1-b/clusters/team");
  const bare = await program({ existing: "team", nodePools: {}, enableApis: false });
  assert.deepEqual(
    bare.resources.filter(isOfCloud).map(({ name }) => name),
    ["batch-scheduler"],
  );
});

test("pools ask for the identities of pods only where an existing cluster knows them", async () => {
  const modeIn = async (workloadIdentityConfigs: object[]) => {
    const found = "gcp:container/getCluster:getCluster";
    const calls = {
      ...gcpCalls,
      [found]: (inputs: Record<string, unknown>) => ({
        ...gcpCalls[found]?.(inputs),
        workloadIdentityConfigs,
      }),
    };
    const made = await program({ existing: "team", nodePools: { worker: POOLS.worker } }, { calls });
    return (made.find(POOL).inputs.nodeConfig as Record<string, unknown>).workloadMetadataConfig;
  };
  assert.deepEqual(await modeIn([{ workloadPool: "my-project.svc.id.goog" }]), { mode: "GKE_METADATA" });
  assert.equal(await modeIn([]), undefined);
  assert.equal(await modeIn([{ workloadPool: "" }]), undefined);
});

test("nodes with public addresses need no NAT and no firewall for webhooks", async () => {
  const made = await program({ network: { privateNodes: false } });
  assert.deepEqual(made.all("gcp:compute/routerNat:RouterNat"), []);
  assert.deepEqual(made.all("gcp:compute/firewall:Firewall"), []);
  assert.equal(made.find(CLUSTER).inputs.privateClusterConfig, undefined);
});

test("a preview from nothing, where no output is known, goes through", async () => {
  const unknown = { dnsEndpointConfig: { endpoint: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" } };
  const states = standing({ controlPlaneEndpointsConfig: unknown });
  const made = await program({ dns: { zone: "example" } }, { preview: true, states });
  assert.ok(made.find(POOL, "worker"));
  assert.ok(made.find(SERVICE, "batch-scheduler-external"));
});

test("the preview of an up that adds the DNS endpoint knows no kubeconfig yet", async () => {
  const state = { masterAuth: {}, controlPlaneEndpointsConfig: { dnsEndpointConfig: {} } };
  const made = await program({}, { preview: true, states: standing(state) });
  const { inputs } = made.find("pulumi:providers:kubernetes", "cluster");
  assert.match(JSON.stringify(inputs.kubeconfig), new RegExp(pulumi.runtime.unknownValue));
});

test("without a project nothing is created and the remedy is named", async () => {
  const settings = parseSettings({ cluster: { ...cluster(), project: undefined }, liveChecks: false });
  const none = {
    GOOGLE_PROJECT: undefined,
    GOOGLE_CLOUD_PROJECT: undefined,
    GCLOUD_PROJECT: undefined,
    CLOUDSDK_CORE_PROJECT: undefined,
  };
  await withEnvironment(none, async () => {
    pulumi.runtime.setAllConfig({});
    await assert.rejects(
      planCluster(settings),
      /project is missing; set it with: pulumi config set gcp:project/,
    );
    pulumi.runtime.setAllConfig({ "gcp:project": "from-config" });
    assert.ok((await planCluster(settings)).create);
  });
});

test("without the plugin or a login nothing is created and the remedy is named", async () => {
  pulumi.runtime.setAllConfig({});
  const settings = (own: object) => parseSettings({ cluster: { ...cluster(), ...own } });
  const empty = { PATH: "/nowhere", HOME: "/nowhere", GOOGLE_CREDENTIALS: "{}" };
  await withEnvironment(empty, async () => {
    await assert.rejects(planCluster(settings({})), /gke-gcloud-auth-plugin is not on PATH; install it with/);
    assert.ok((await planCluster(settings({ auth: "token" }))).create);
  });
  const noLogin = {
    HOME: "/nowhere",
    GOOGLE_CREDENTIALS: undefined,
    GOOGLE_APPLICATION_CREDENTIALS: "/nowhere",
  };
  await withEnvironment(noLogin, async () => {
    await assert.rejects(planCluster(settings({ auth: "token" })), /gcloud auth application-default login/);
  });
});
