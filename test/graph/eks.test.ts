import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../../components/cluster.ts";
import * as aws from "../../providers/eks/aws.ts";
import { FIXED_INPUTS } from "../../providers/eks/fixed.ts";
import { agentWarning } from "../../providers/eks/pod-identity.ts";
import { checkAwsConfig } from "../../providers/eks/provider.ts";
import {
  awsCalls,
  awsStates,
  cloudCalls,
  cloudStates,
  duplicateNames,
  isInCluster,
  isOfCloud,
} from "./clouds.ts";
import { type Registered, type Run, reaches, run, type States, value } from "./mock-engine.ts";
import { kubeconfigOf, onPlanned, type PlannedOptions } from "./planned-cluster.ts";
import { refusedChange } from "./refused.ts";

const POOLS = {
  core: { machineType: "m6i.xlarge", max: 3 },
  user: { machineType: "r6i.xlarge", max: 20 },
  worker: { machineType: ["m6i.4xlarge", "m5.4xlarge", "m6a.4xlarge"], max: 50, spot: true, disk: "200G" },
  gpu: { machineType: "g5.2xlarge", max: 4 },
};
const BATCH = { kind: "dask", scheduler: { expose: { allowFrom: ["203.0.113.0/24"] } } };
const ADMIN = "arn:aws:iam::123456789012:role/Admin";

/** The program with all the pools above and nothing else: what most tests look at, run once. */
let plain: Promise<Run> | undefined;
function plainProgram(): Promise<Run> {
  plain ??= program({ nodePools: POOLS });
  return plain;
}

function program(
  own: Record<string, unknown> = {},
  options: PlannedOptions = {},
  releases: object = { batch: BATCH },
): Promise<Run> {
  const cluster = {
    provider: "eks",
    region: "eu-central-1",
    nodePools: { core: POOLS.core, worker: POOLS.worker },
    owner: "Ada Lovelace",
    tags: { costCentre: "42" },
    ...own,
  };
  return onPlanned({ cluster, releases }, { states: awsStates, calls: awsCalls, ...options });
}

/** What a use of the contract answers, with all outputs resolved. */
async function answer<Value>(own: Record<string, unknown>, use: (made: Cluster) => pulumi.Input<Value>) {
  const kept: pulumi.Input<Value>[] = [];
  const made = await program(own, { use: (cluster) => kept.push(use(cluster)) });
  return { ...made, answered: await value(kept[0] as pulumi.Input<Value>) };
}

const withKubeconfig = (own: Record<string, unknown>) => kubeconfigOf((use) => program(own, { use }));

const CLUSTER = "aws:eks/cluster:Cluster";
const GROUP = "aws:eks/nodeGroup:NodeGroup";
const ADDON = "aws:eks/addon:Addon";
const ROLE = "aws:iam/role:Role";
const EIP = "aws:ec2/eip:Eip";
const TAG = "aws:autoscaling/tag:Tag";
const RELEASE = "kubernetes:helm.sh/v3:Release";
const SERVICE = "kubernetes:core/v1:Service";
const STACK_TAGS = {
  costCentre: "42",
  "dask:stack": "organization/dask/test",
  "dask:owner": "Ada Lovelace",
};

test("a cluster on Amazon is a network, roles, a control plane, add-ons, node groups and their tags", async () => {
  const made = await plainProgram();
  const cloud = made.resources.filter(isOfCloud).filter(({ type }) => type !== TAG);
  assert.deepEqual(cloud.map(({ type, name }) => `${type.split(":")[2]} ${name}`).sort(), [
    "Addon aws-ebs-csi-driver",
    "Addon coredns",
    "Addon eks-pod-identity-agent",
    "Addon kube-proxy",
    "Addon vpc-cni",
    "Cluster cluster",
    "Eip nat",
    "InternetGateway internet",
    "LaunchTemplate dask-test-core",
    "LaunchTemplate dask-test-gpu",
    "LaunchTemplate dask-test-user",
    "LaunchTemplate dask-test-worker",
    "NatGateway nat",
    "NodeGroup core",
    "NodeGroup gpu",
    "NodeGroup user",
    "NodeGroup worker",
    "PodIdentityAssociation cluster-autoscaler",
    "Role dask-test-cluster",
    "Role dask-test-cluster-autoscaler",
    "Role dask-test-ebs-csi",
    "Role dask-test-node",
    "RolePolicy cluster-autoscaler",
    "RolePolicyAttachment cluster-AmazonEKSClusterPolicy",
    "RolePolicyAttachment ebs-csi-AmazonEBSCSIDriverPolicy",
    "RolePolicyAttachment node-AmazonEC2ContainerRegistryPullOnly",
    "RolePolicyAttachment node-AmazonEKSWorkerNodePolicy",
    "RolePolicyAttachment node-AmazonEKS_CNI_Policy",
    "RouteTable private",
    "RouteTable public",
    "RouteTableAssociation private-1",
    "RouteTableAssociation private-2",
    "RouteTableAssociation public-1",
    "RouteTableAssociation public-2",
    "Subnet private-1",
    "Subnet private-2",
    "Subnet public-1",
    "Subnet public-2",
    "Vpc vpc",
    "VpcEndpoint s3",
  ]);
  const parent = made.find("dask:index:Eks", "eks").urn;
  for (const each of made.resources.filter(isOfCloud)) assert.equal(each.parent, parent, each.urn);
  assert.deepEqual(duplicateNames(made), []);
  for (const { name } of made.resources) assert.doesNotMatch(name, /Output|\[object|undefined/);
});

test("everything of the cloud goes through one provider, which tags it with stack, owner and the settings' tags", async () => {
  const made = await plainProgram();
  const { inputs } = made.find("pulumi:providers:aws");
  assert.equal(inputs.region, "eu-central-1");
  assert.deepEqual(JSON.parse(String(inputs.defaultTags)), { tags: STACK_TAGS });
  for (const each of made.resources.filter(isOfCloud))
    assert.match(each.provider, /::aws::aws-id$/, each.urn);
});

test("what Amazon's provider does not tag by itself is tagged by name: nodes, their disks and interfaces, groups and volumes", async () => {
  const made = await plainProgram();
  const template = made.find("aws:ec2/launchTemplate:LaunchTemplate", "dask-test-worker").inputs;
  const tags = { ...STACK_TAGS, Name: "dask-test-worker" };
  assert.deepEqual(
    template.tagSpecifications,
    ["instance", "volume", "network-interface"].map((resourceType) => ({ resourceType, tags })),
  );
  assert.equal(tagsOf(made, "worker")["dask:stack"], "organization/dask/test");
  const csi = made.find(ADDON, "aws-ebs-csi-driver").inputs;
  assert.deepEqual(JSON.parse(String(csi.configurationValues)), {
    controller: { extraVolumeTags: STACK_TAGS },
  });
  const cni = JSON.parse(String(made.find(ADDON, "vpc-cni").inputs.configurationValues));
  assert.equal(cni.enableNetworkPolicy, "true", "the add-on's schema wants the text");
  assert.deepEqual(JSON.parse(cni.env.ADDITIONAL_ENI_TAGS), STACK_TAGS);
});

test("public and private subnets in two zones carry the tags by which load balancers find them", async () => {
  const made = await program({ network: { cidr: "10.8.0.0/16" } });
  const subnet = (name: string) => made.find("aws:ec2/subnet:Subnet", name).inputs;
  const shared = { "kubernetes.io/cluster/dask-test": "shared" };
  assert.deepEqual(subnet("public-1"), {
    vpcId: "vpc-id",
    availabilityZone: "eu-central-1a",
    cidrBlock: "10.8.0.0/21",
    mapPublicIpOnLaunch: true,
    tags: { Name: "dask-test-public-1", ...shared, "kubernetes.io/role/elb": "1" },
  });
  assert.deepEqual(subnet("private-2"), {
    vpcId: "vpc-id",
    availabilityZone: "eu-central-1b",
    cidrBlock: "10.8.128.0/18",
    mapPublicIpOnLaunch: false,
    tags: { Name: "dask-test-private-2", ...shared, "kubernetes.io/role/internal-elb": "1" },
  });
});

test("zones of the settings are taken as they stand", async () => {
  const made = await program({ network: { zones: ["eu-central-1c", "eu-central-1a", "eu-central-1b"] } });
  const subnets = made.all("aws:ec2/subnet:Subnet");
  assert.equal(subnets.length, 6);
  const first = made.find("aws:ec2/subnet:Subnet", "private-1");
  assert.equal(first.inputs.availabilityZone, "eu-central-1c");
});

test("nodes go out by one NAT gateway, load balancers by the internet gateway, and to S3 there is a free way", async () => {
  const made = await plainProgram();
  const routes = (name: string) => made.find("aws:ec2/routeTable:RouteTable", name).inputs.routes;
  assert.deepEqual(routes("public"), [{ cidrBlock: "0.0.0.0/0", gatewayId: "internet-id" }]);
  assert.deepEqual(routes("private"), [{ cidrBlock: "0.0.0.0/0", natGatewayId: "nat-id" }]);
  const nat = made.find("aws:ec2/natGateway:NatGateway");
  assert.equal(nat.inputs.allocationId, "eipalloc-nat");
  assert.equal(nat.inputs.subnetId, "public-1-id");
  assert.ok(reaches(made, nat).has(made.find("aws:ec2/internetGateway:InternetGateway").urn));
  const s3 = made.find("aws:ec2/vpcEndpoint:VpcEndpoint").inputs;
  assert.equal(s3.serviceName, "com.amazonaws.eu-central-1.s3");
  assert.deepEqual(s3.routeTableIds, ["private-id"]);
});

test("the control plane has API authentication, standard support and no add-ons of its own making", async () => {
  const made = await program({ endpoint: { allowFrom: ["198.51.100.0/24"] } });
  const { inputs, protect, dependencies } = made.find(CLUSTER);
  assert.deepEqual(inputs, {
    name: "dask-test",
    roleArn: "arn:aws:iam::123456789012:role/dask-test-cluster",
    version: "1.35",
    bootstrapSelfManagedAddons: false,
    accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: true },
    upgradePolicy: { supportType: "STANDARD" },
    vpcConfig: {
      subnetIds: ["private-1-id", "private-2-id"],
      endpointPrivateAccess: true,
      endpointPublicAccess: true,
      publicAccessCidrs: ["198.51.100.0/24"],
    },
    kubernetesNetworkConfig: { ipFamily: "ipv4", serviceIpv4Cidr: "172.20.0.0/16" },
    deletionProtection: false,
  });
  assert.equal(protect, false);
  const policy = made.find(
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "cluster-AmazonEKSClusterPolicy",
  );
  assert.ok(dependencies.includes(policy.urn), "without its policy EKS could not delete what it made");
});

test("a control plane without a public endpoint takes no networks for it", async () => {
  const { vpcConfig } = (await program({ endpoint: { public: false } })).find(CLUSTER).inputs as {
    vpcConfig: Record<string, unknown>;
  };
  assert.equal(vpcConfig.endpointPublicAccess, false);
  assert.ok(!("publicAccessCidrs" in vpcConfig));
});

test("logs of the control plane go to a group that the stack owns, so that it goes with it", async () => {
  const made = await program({ logs: { types: ["api", "audit"], days: 7 } });
  const group = made.find("aws:cloudwatch/logGroup:LogGroup");
  assert.deepEqual(group.inputs, { name: "/aws/eks/dask-test/cluster", retentionInDays: 7 });
  const cluster = made.find(CLUSTER);
  assert.deepEqual(cluster.inputs.enabledClusterLogTypes, ["api", "audit"]);
  assert.ok(cluster.dependencies.includes(group.urn), "EKS would else make it first");
});

test("further administrators get an access entry with the policy of administrators", async () => {
  const made = await program({ admins: [ADMIN, "arn:aws:iam::210987654321:role/Admin"] });
  const entry = made.find("aws:eks/accessEntry:AccessEntry", "123456789012/role/Admin");
  assert.deepEqual(entry.inputs, { clusterName: "dask-test", principalArn: ADMIN });
  const association = made.find("aws:eks/accessPolicyAssociation:AccessPolicyAssociation", entry.name);
  assert.deepEqual(association.inputs, {
    clusterName: "dask-test",
    principalArn: ADMIN,
    policyArn: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
    accessScope: { type: "cluster" },
  });
  assert.equal(made.all("aws:eks/accessEntry:AccessEntry").length, 2);
});

test("add-ons that nodes need come before them, and those that need nodes after them", async () => {
  const made = await program({ addons: { coredns: "v1.12.1-eksbuild.2" } });
  const groups = made.all(GROUP);
  assert.equal(groups.length, 2);
  const addon = (name: string) => made.find(ADDON, name);
  for (const name of ["vpc-cni", "kube-proxy", "eks-pod-identity-agent"]) {
    for (const group of groups) assert.ok(reaches(made, group).has(addon(name).urn), `${name} ${group.name}`);
    assert.ok(!groups.some(({ urn }) => reaches(made, addon(name)).has(urn)), name);
  }
  for (const name of ["coredns", "aws-ebs-csi-driver"])
    for (const { urn } of groups) assert.ok(reaches(made, addon(name)).has(urn), name);
  assert.equal(addon("coredns").inputs.addonVersion, "v1.12.1-eksbuild.2");
  assert.deepEqual(addon("aws-ebs-csi-driver").inputs.podIdentityAssociations, [
    { roleArn: "arn:aws:iam::123456789012:role/dask-test-ebs-csi", serviceAccount: "ebs-csi-controller-sa" },
  ]);
});

test("roles are taken by the service they are for, and hold the policies that it needs", async () => {
  const made = await plainProgram();
  const trust = (name: string) =>
    JSON.parse(String(made.find(ROLE, `dask-test-${name}`).inputs.assumeRolePolicy)).Statement;
  const statement = (service: string, ...actions: string[]) => [
    { Effect: "Allow", Action: ["sts:AssumeRole", ...actions], Principal: { Service: service } },
  ];
  assert.deepEqual(trust("cluster"), statement("eks.amazonaws.com"));
  assert.deepEqual(trust("node"), statement("ec2.amazonaws.com"));
  for (const pods of ["ebs-csi", "cluster-autoscaler"])
    assert.deepEqual(trust(pods), statement("pods.eks.amazonaws.com", "sts:TagSession"));
  const csi = made.find(
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "ebs-csi-AmazonEBSCSIDriverPolicy",
  );
  assert.equal(csi.inputs.policyArn, "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy");
});

test("a worker pool is spot with several machine types, tainted, labelled, in one subnet and goes down to nothing", async () => {
  const made = await plainProgram();
  const group = made.find(GROUP, "worker");
  assert.deepEqual(group.inputs, {
    clusterName: "dask-test",
    nodeGroupNamePrefix: "worker-",
    nodeRoleArn: "arn:aws:iam::123456789012:role/dask-test-node",
    subnetIds: ["private-1-id"],
    version: "1.35",
    launchTemplate: { id: "dask-test-worker-id", version: "3" },
    capacityType: "SPOT",
    instanceTypes: ["m6i.4xlarge", "m5.4xlarge", "m6a.4xlarge"],
    amiType: "AL2023_x86_64_STANDARD",
    scalingConfig: { minSize: 0, desiredSize: 0, maxSize: 50 },
    labels: { "dask/node-pool": "worker", "k8s.dask.org/node-purpose": "worker" },
    taints: [{ key: "k8s.dask.org/dedicated", value: "worker", effect: "NO_SCHEDULE" }],
    updateConfig: { maxUnavailablePercentage: 33 },
    nodeRepairConfig: { enabled: true },
  });
  assert.deepEqual(group.ignoreChanges, ["scalingConfig.desiredSize"]);
  const core = made.find(GROUP, "core").inputs;
  assert.equal(core.capacityType, "ON_DEMAND");
  assert.deepEqual(core.taints, []);
  assert.deepEqual(core.scalingConfig, { minSize: 1, desiredSize: 1, maxSize: 3 });
  const fixed = await program({ nodePools: { core: { ...POOLS.core, min: 2, max: 2 } } });
  assert.deepEqual(fixed.find(GROUP, "core").ignoreChanges, []);
});

test("nodes have an encrypted disk of the asked size, and their metadata service is out of the pods' reach", async () => {
  const { inputs } = (await plainProgram()).find("aws:ec2/launchTemplate:LaunchTemplate", "dask-test-worker");
  assert.deepEqual(inputs.blockDeviceMappings, [
    {
      deviceName: "/dev/xvda",
      // 200 GB in GiB.
      ebs: { volumeSize: 187, volumeType: "gp3", encrypted: "true", deleteOnTermination: "true" },
    },
  ]);
  assert.deepEqual(inputs.metadataOptions, {
    httpEndpoint: "enabled",
    httpTokens: "required",
    httpPutResponseHopLimit: 1,
  });
});

/** Tags of a pool's autoscaling group. */
function tagsOf(made: Run, pool: string): Record<string, string> {
  const tags = made.all(TAG).filter(({ inputs }) => inputs.autoscalingGroupName === `eks-${pool}-asg`);
  return Object.fromEntries(
    tags.map(({ inputs }) => {
      const { key, value, propagateAtLaunch } = inputs.tag as Record<string, string>;
      assert.equal(propagateAtLaunch, false);
      return [key, value];
    }),
  );
}

test("an autoscaling group says what its nodes will be like, so that the autoscaler can start from nothing", async () => {
  const made = await plainProgram();
  const template = "k8s.io/cluster-autoscaler/node-template";
  assert.deepEqual(tagsOf(made, "worker"), {
    ...STACK_TAGS,
    [`${template}/label/dask/node-pool`]: "worker",
    [`${template}/label/k8s.dask.org/node-purpose`]: "worker",
    [`${template}/taint/k8s.dask.org/dedicated`]: "worker:NoSchedule",
    [`${template}/resources/ephemeral-storage`]: "200G",
  });
  for (const pool of Object.keys(POOLS)) {
    const { labels, taints } = made.find(GROUP, pool).inputs as {
      labels: Record<string, string>;
      taints: { key: string }[];
    };
    const tags = tagsOf(made, pool);
    for (const [key, each] of Object.entries(labels)) assert.equal(tags[`${template}/label/${key}`], each);
    for (const { key } of taints) assert.ok(`${template}/taint/${key}` in tags);
  }
});

test("whatever pools and tags are called, each tag of a group has a name of its own, and had one with a dash before", async () => {
  const made = await program({
    nodePools: { core: POOLS.core, "core-big": POOLS.user },
    tags: { team: "a", "big-team": "b" },
  });
  assert.deepEqual(duplicateNames(made), []);
  const [first] = made.all(TAG).filter(({ inputs }) => inputs.autoscalingGroupName === "eks-core-big-asg");
  assert.equal(first?.name, "core-big/team");
  assert.deepEqual(first.aliases, ["core-big-team"]);
});

test("the autoscaler is a pinned release beside core pods, and has its identity before it starts", async () => {
  const made = await program({ autoscaler: { scaleDownAfter: "5m", values: { extraArgs: { v: 2 } } } });
  const release = made.find(RELEASE, "cluster-autoscaler");
  const { chart, version, repositoryOpts, namespace } = release.inputs;
  assert.deepEqual(
    { chart, version, repositoryOpts, namespace },
    {
      chart: "cluster-autoscaler",
      version: "9.59.0",
      repositoryOpts: { repo: "https://kubernetes.github.io/autoscaler" },
      namespace: "kube-system",
    },
  );
  assert.deepEqual(release.inputs.values, {
    cloudProvider: "aws",
    awsRegion: "eu-central-1",
    autoDiscovery: { clusterName: "dask-test" },
    fullnameOverride: "cluster-autoscaler",
    rbac: { serviceAccount: { name: "cluster-autoscaler" } },
    nodeSelector: { "k8s.dask.org/node-purpose": "core" },
    tolerations: [],
    resources: { requests: { cpu: "100m", memory: "300M" }, limits: { memory: "1G" } },
    extraArgs: {
      expander: "least-waste",
      "scale-down-unneeded-time": "300s",
      "skip-nodes-with-local-storage": "false",
      "skip-nodes-with-system-pods": "false",
      v: 2,
    },
  });
  const association = made.find("aws:eks/podIdentityAssociation:PodIdentityAssociation");
  assert.deepEqual(association.inputs, {
    clusterName: "dask-test",
    namespace: "kube-system",
    serviceAccount: "cluster-autoscaler",
    roleArn: "arn:aws:iam::123456789012:role/dask-test-cluster-autoscaler",
  });
  const needed = [
    association,
    ...made.all(TAG),
    ...made.all(ADDON),
    made.find("aws:iam/rolePolicy:RolePolicy"),
  ];
  for (const { urn } of needed) assert.ok(reaches(made, release).has(urn), urn);
});

test("the autoscaler may change the groups of its own cluster only", async () => {
  const made = await plainProgram();
  const policy = JSON.parse(String(made.find("aws:iam/rolePolicy:RolePolicy").inputs.policy));
  const changing = policy.Statement.filter((each: { Action: string[] }) =>
    each.Action.some((action) => !/:(Describe|Get)/.test(action)),
  );
  assert.deepEqual(changing, [
    {
      Effect: "Allow",
      Action: ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"],
      Resource: "*",
      Condition: { StringEquals: { "aws:ResourceTag/k8s.io/cluster-autoscaler/dask-test": "owned" } },
    },
  ]);
});

/** Releases that the provider itself makes. */
function ownCharts(made: Run): string[] {
  const parent = made.find("dask:index:Eks", "eks").urn;
  return made
    .all(RELEASE)
    .filter((each) => each.parent === parent)
    .map(({ name }) => name);
}

test("a pool of GPU machines has the image with the driver, the labels and the device plugin it needs", async () => {
  const made = await plainProgram();
  const { amiType, labels, taints } = made.find(GROUP, "gpu").inputs;
  assert.equal(amiType, "AL2023_x86_64_NVIDIA");
  assert.deepEqual(labels, {
    "dask/node-pool": "gpu",
    "k8s.dask.org/node-purpose": "gpu",
    "nvidia.com/gpu.present": "true",
    "k8s.amazonaws.com/accelerator": "nvidia",
  });
  assert.deepEqual(taints, [{ key: "nvidia.com/gpu", value: "present", effect: "NO_SCHEDULE" }]);
  assert.deepEqual(made.find(RELEASE, "nvidia-device-plugin").inputs.values, {
    resources: { requests: { cpu: "50m", memory: "100M" }, limits: { memory: "500M" } },
    tolerations: [{ operator: "Exists" }],
  });
  const without = await program({ nodePools: { core: POOLS.core } });
  assert.deepEqual(ownCharts(without), ["cluster-autoscaler"]);
});

test("volumes have an encrypted default class that waits for the pod's zone", async () => {
  const { answered, find } = await answer({}, ({ storageClass }) => storageClass ?? "none");
  assert.equal(answered, "gp3");
  const { inputs, provider } = find("kubernetes:storage.k8s.io/v1:StorageClass", "gp3");
  assert.deepEqual(inputs.metadata, {
    name: "gp3",
    annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
  });
  assert.deepEqual(
    { provisioner: inputs.provisioner, parameters: inputs.parameters, mode: inputs.volumeBindingMode },
    {
      provisioner: "ebs.csi.aws.com",
      parameters: { type: "gp3", encrypted: "true" },
      mode: "WaitForFirstConsumer",
    },
  );
  assert.match(provider, /::cluster::cluster-id$/);
  const own = await answer({ storageClass: "fast" }, ({ storageClass }) => storageClass ?? "none");
  assert.equal(own.answered, "fast");
  assert.deepEqual(own.all("kubernetes:storage.k8s.io/v1:StorageClass"), []);
});

test("everything in the cluster depends on all that its removal needs", async () => {
  const made = await program({ admins: [ADMIN], logs: { types: ["api"] } });
  // The autoscaler's identity is needed by the autoscaler, and by all that comes after it.
  const early = (each: Registered) => /^(cluster-autoscaler|nvidia-device-plugin|gp3)$/.test(each.name);
  const needed = made.resources.filter(isOfCloud);
  assert.ok(needed.length > 50, String(needed.length));
  const inside = made.resources.filter(isInCluster).filter((each) => !early(each));
  assert.ok(inside.length >= 5);
  for (const each of inside) {
    const reached = reaches(made, each);
    for (const { urn } of needed) assert.ok(reached.has(urn), `${each.name} does not depend on ${urn}`);
  }
  const forAll = needed.filter(({ name }) => !/^(dask-test-)?cluster-autoscaler$/.test(name));
  for (const each of made.resources.filter(isInCluster).filter(early))
    for (const { urn } of forAll) assert.ok(reaches(made, each).has(urn), `${each.name}: ${urn}`);
});

test("nothing of the cloud depends on what is in the cluster, so that the network goes last", async () => {
  const made = await program({ loadBalancer: { static: true, subnets: 1 } });
  const inside = new Set(made.resources.filter(isInCluster).map(({ urn }) => urn));
  for (const each of made.resources.filter(isOfCloud)) {
    const reached = [...reaches(made, each)].filter((urn) => inside.has(urn));
    assert.deepEqual(reached, [], each.name);
  }
  const network = made.resources.filter(
    ({ type }) => type.startsWith("aws:ec2/") && !/Template|eip/.test(type),
  );
  for (const type of [CLUSTER, GROUP, ADDON])
    for (const each of made.all(type))
      for (const { urn } of network) assert.ok(reaches(made, each).has(urn), `${each.name}: ${urn}`);
});

const NLB = "service.beta.kubernetes.io/aws-load-balancer";
const TAG_LIST = "costCentre=42,dask:stack=organization/dask/test,dask:owner=Ada Lovelace";

test("an endpoint is a network load balancer in the public subnets, tagged, with the name that Amazon gives", async () => {
  const made = await plainProgram();
  const { inputs } = made.find(SERVICE, "batch-scheduler-external");
  const { annotations } = inputs.metadata as { annotations: Record<string, string> };
  const ours = Object.fromEntries(Object.entries(annotations).filter(([key]) => key.startsWith(NLB)));
  assert.deepEqual(ours, {
    [`${NLB}-type`]: "nlb",
    [`${NLB}-additional-resource-tags`]: TAG_LIST,
    [`${NLB}-subnets`]: "public-1-id,public-2-id",
  });
  assert.deepEqual(
    made.all(EIP).map(({ name }) => name),
    ["nat"],
  );
});

test("a static endpoint has an Elastic IP in one subnet, known before the Service and kept until it is gone", async () => {
  const own = { loadBalancer: { static: true, subnets: 1 } };
  const made = await answer(own, ({ expose }) => expose("hub", { annotations: { mine: "1" } }) as never);
  assert.deepEqual(made.answered, {
    type: "LoadBalancer",
    annotations: {
      [`${NLB}-type`]: "nlb",
      [`${NLB}-additional-resource-tags`]: TAG_LIST,
      [`${NLB}-subnets`]: "public-1-id",
      [`${NLB}-eip-allocations`]: "eipalloc-endpoint-hub",
      mine: "1",
    },
    address: "203.0.113.20",
  });
  const service = made.find(SERVICE, "batch-scheduler-external");
  const address = made.find(EIP, "endpoint-batch-scheduler");
  assert.ok(reaches(made, service).has(address.urn));
  assert.ok(reaches(made, address).has(made.find("aws:ec2/internetGateway:InternetGateway").urn));
});

test("teardown: an address goes after the nodes, minutes after its load balancer, whose interfaces hold it so long", async () => {
  const hub = { kind: "jupyterhub", tls: { kind: "none", plainHttp: "accepted" } };
  const releases = { hub, batch: BATCH };
  const options = { states: cloudStates, calls: cloudCalls };
  const made = await program({ loadBalancer: { static: true, subnets: 1 } }, options, releases);
  const addresses = made.all(EIP);
  assert.deepEqual(addresses.map(({ name }) => name).sort(), [
    "endpoint-batch-scheduler",
    "endpoint-hub-hub",
    "nat",
  ]);
  const inside = made.resources.filter(isInCluster);
  for (const each of [...made.all(GROUP), ...inside])
    for (const { urn } of addresses)
      assert.ok(reaches(made, each).has(urn), `${each.urn} could outlive ${urn}`);
});

test("an internal endpoint stands in the private subnets, and one that is no load balancer gets nothing", async () => {
  const internal = await answer(
    { loadBalancer: { internal: true } },
    ({ expose }) => expose("hub", { annotations: {} }).annotations as never,
  );
  assert.deepEqual(internal.answered, {
    [`${NLB}-type`]: "nlb",
    [`${NLB}-additional-resource-tags`]: TAG_LIST,
    [`${NLB}-internal`]: "true",
    [`${NLB}-subnets`]: "private-1-id,private-2-id",
  });
  const inside = await answer(
    {},
    ({ expose }) => expose("hub", { type: "ClusterIP", annotations: {} }) as never,
  );
  assert.deepEqual(inside.answered, { type: "ClusterIP", annotations: {} });
});

test("a host gets a record in the zone of the settings: an alias of the load balancer, or the address it keeps", async () => {
  const record = async (own: object, target: string) => {
    const made = await program(
      { dns: { zone: "example.org" }, ...own },
      { use: ({ dns }) => dns?.("hub.example.org", target) },
    );
    return made.find("aws:route53/record:Record", "hub.example.org").inputs;
  };
  const common = { name: "hub.example.org", zoneId: "Z0123", type: "A" };
  const name = "abc.elb.eu-central-1.amazonaws.com";
  assert.deepEqual(await record({}, name), {
    ...common,
    aliases: [{ name, zoneId: "Z0NLB", evaluateTargetHealth: false }],
  });
  const isStatic = { loadBalancer: { static: true, subnets: 1 } };
  assert.deepEqual(await record(isStatic, "203.0.113.20"), {
    ...common,
    ttl: 300,
    records: ["203.0.113.20"],
  });
  await program({}, { use: (made) => assert.equal(made.dns, undefined) });
});

test("the kubeconfig runs the AWS CLI, is secret, and the provider knows the cluster by its ARN", async () => {
  const { find, config } = await withKubeconfig({ profile: "dev" });
  assert.deepEqual(config.clusters, [
    {
      name: "dask-test",
      cluster: {
        server: "https://0A1B.gr7.eu-central-1.eks.amazonaws.com",
        "certificate-authority-data": "Q0E=",
      },
    },
  ]);
  assert.deepEqual(config.users[0].user.exec, {
    apiVersion: "client.authentication.k8s.io/v1beta1",
    command: "aws",
    args: [
      ...["--profile", "dev", "--region", "eu-central-1"],
      ...["eks", "get-token", "--output", "json", "--cluster-name", "dask-test"],
    ],
    interactiveMode: "Never",
  });
  const { inputs } = find("pulumi:providers:kubernetes", "cluster");
  assert.equal(inputs.clusterIdentifier, "arn:aws:eks:eu-central-1:123456789012:cluster/dask-test");
  assert.match(JSON.stringify(inputs.kubeconfig), /^\{"secret":/);
  assert.equal(find("pulumi:providers:aws").inputs.profile, "dev");
});

/** Runs with `aws:` keys in the stack's configuration. */
async function withAwsConfig(config: Record<string, string>, work: () => Promise<void>): Promise<void> {
  pulumi.runtime.setAllConfig(config);
  await work().finally(() => pulumi.runtime.setAllConfig({}));
}

test("the provider follows the stack's aws: configuration beside region and profile", () =>
  withAwsConfig(
    {
      "aws:allowedAccountIds": '["123456789012"]',
      "aws:endpoints": '[{"ec2":"http://127.0.0.1:1"}]',
      "aws:skipRequestingAccountId": "true",
      "aws:region": "eu-central-1",
      "aws:defaultTags": '{"tags":{"team":"data","costCentre":"7"}}',
    },
    async () => {
      const { inputs } = (await program()).find("pulumi:providers:aws");
      assert.equal(inputs.allowedAccountIds, '["123456789012"]');
      assert.equal(inputs.endpoints, '[{"ec2":"http://127.0.0.1:1"}]');
      assert.equal(inputs.skipRequestingAccountId, "true");
      assert.deepEqual(JSON.parse(String(inputs.defaultTags)), { tags: { team: "data", ...STACK_TAGS } });
    },
  ));

test("an aws: configuration that the AWS CLI of the kubeconfig could not follow is refused with words", async () => {
  const refusedWith = (config: Record<string, string>, expected: RegExp) =>
    withAwsConfig(config, async () => {
      assert.throws(() => checkAwsConfig({ region: "eu-central-1" }), expected);
    });
  const signs =
    /would sign in Pulumi alone, and not the AWS CLI, .*; run: pulumi config rm aws:\w+, and name a profile/;
  await refusedWith({ "aws:profile": "dev" }, signs);
  await refusedWith({ "aws:secretKey": "x" }, signs);
  await refusedWith({ "aws:assumeRoles": '[{"roleArn":"arn:aws:iam::123456789012:role/x"}]' }, signs);
  await refusedWith(
    { "aws:region": "eu-west-1" },
    /aws:region is eu-west-1, and dask:cluster\.region is eu-central-1; run: pulumi config rm aws:region/,
  );
  checkAwsConfig({ region: "eu-central-1" });
});

test("an autoscaler in an existing cluster needs the add-on that gives it rights, and a warning says so", async () => {
  const warningOf = async (getAddon: () => Record<string, unknown>) => {
    const kept: (string | undefined)[] = [];
    await run(
      async () => {
        kept.push(await agentWarning("team", new aws.Provider("aws", { region: "eu-central-1" })));
        return {};
      },
      { calls: { "aws:eks/getAddon:getAddon": getAddon } },
    );
    return kept[0];
  };
  const failing = (details: string) => () => {
    // As the engine hands down what a cloud answered.
    throw Object.assign(new Error(), { details });
  };
  assert.match(
    (await warningOf(failing("ResourceNotFoundException: No addon"))) ?? "",
    /team has no add-on .*; run: aws eks create-addon --cluster-name team --addon-name eks-pod-identity-agent/,
  );
  assert.equal(await warningOf(failing("AccessDeniedException")), undefined);
  assert.equal(await warningOf(() => ({ addonVersion: "v1.3.0" })), undefined);
});

test("with auth: token the kubeconfig holds a token and runs nothing", async () => {
  const { config } = await withKubeconfig({ auth: "token" });
  assert.deepEqual(config.users[0].user, { token: "k8s-aws-v1.token" });
});

/** A cluster as Amazon has it; `more` are outputs that differ from what the settings want. */
function standing(more: object): States {
  return {
    ...awsStates,
    [CLUSTER]: (name, inputs) => ({ ...awsStates[CLUSTER]?.(name, inputs), region: "eu-central-1", ...more }),
  };
}

test("what Amazon cannot change of a cluster keeps its value, so that no change makes the cluster anew", async () => {
  const made = await program({ logs: { types: ["api"] } });
  for (const [type, fixed] of Object.entries(FIXED_INPUTS))
    for (const each of made.all(type))
      for (const input of fixed) assert.ok(each.ignoreChanges.includes(input), `${each.urn} ${input}`);
  for (const input of ["name", "roleArn", "kubernetesNetworkConfig", "vpcConfig.subnetIds"])
    assert.ok(made.find(CLUSTER).ignoreChanges.includes(input), input);
  assert.deepEqual(made.find("pulumi:providers:aws").ignoreChanges, ["region"]);
});

/** Changed settings by what the refusal says of them: settings, and what Amazon has. */
const CHANGED: Readonly<Record<string, readonly [own: Record<string, unknown>, has: States]>> = {
  "name is new, and the cluster has dask-test": [{ name: "new" }, standing({ name: "dask-test" })],
  "region is eu-west-1, and the cluster has eu-central-1": [
    { region: "eu-west-1" },
    standing({ region: "eu-central-1" }),
  ],
  "network\\.serviceCidr is 10\\.100\\.0\\.0/16, and the cluster has 172\\.20\\.0\\.0/16": [
    { network: { serviceCidr: "10.100.0.0/16" } },
    standing({ kubernetesNetworkConfig: { serviceIpv4Cidr: "172.20.0.0/16" } }),
  ],
  "network\\.cidr is 10\\.8\\.0\\.0/16, and the cluster has 10\\.0\\.0\\.0/16": [
    { network: { cidr: "10.8.0.0/16" } },
    { ...awsStates, "aws:ec2/vpc:Vpc": () => ({ cidrBlock: "10.0.0.0/16" }) },
  ],
  "network\\.zones is eu-central-1a, eu-central-1b, eu-central-1c, and the cluster has eu-central-1a, eu-central-1b":
    [
      { network: { zones: ["eu-central-1a", "eu-central-1b", "eu-central-1c"] } },
      standing({ vpcConfig: { subnetIds: ["private-1-id", "private-2-id"] } }),
    ],
  "network\\.zones is eu-central-1a, eu-central-1b, and the cluster has eu-central-1a, eu-central-1b, 1 more":
    [
      { network: { zones: ["eu-central-1a", "eu-central-1b"] } },
      standing({ vpcConfig: { subnetIds: ["private-1-id", "private-2-id", "private-3-id"] } }),
    ],
  "network\\.existing is none, and the cluster has { privateSubnets: \\[subnet-0a, subnet-0b\\] }": [
    {},
    standing({ vpcConfig: { vpcId: "vpc-0f", subnetIds: ["subnet-0a", "subnet-0b"] } }),
  ],
  "network\\.existing\\.privateSubnets is subnet-0a, subnet-0b, and the cluster has subnet-0d, subnet-0e": [
    { network: { existing: { privateSubnets: ["subnet-0b", "subnet-0a"] } } },
    standing({ vpcConfig: { subnetIds: ["subnet-0d", "subnet-0e"] } }),
  ],
};

const REFUSED = /^Amazon cannot change these .*; put them back, or destroy the stack/;

for (const [words, [own, states]] of Object.entries(CHANGED))
  test(`a change that would need another cluster stops the preview: ${words.replaceAll("\\", "")}`, async () => {
    const change = (found: States) => program(own, { states: found, preview: true });
    const message = await refusedChange(change, states, [GROUP, ADDON, RELEASE]);
    assert.match(message, new RegExp(`dask:cluster\\.${words}$`, "m"));
    assert.match(message, REFUSED);
  });

test("a change that would need another cluster stops an up before nodes, add-ons and releases", async () => {
  const change = (found: States) => program({ name: "new" }, { states: found });
  const untouched = [GROUP, ADDON, RELEASE, TAG, "kubernetes:core/v1:Namespace"];
  assert.match(await refusedChange(change, standing({ name: "dask-test" }), untouched), REFUSED);
});

test("subnets in another order are the same cluster, whose nodes move to the first", async () => {
  const existing = { privateSubnets: ["subnet-0b", "subnet-0a", "subnet-0b"] };
  const states = standing({ vpcConfig: { subnetIds: ["subnet-0a", "subnet-0b"] } });
  const made = await program({ network: { existing } }, { states });
  assert.deepEqual(made.find(GROUP, "core").inputs.subnetIds, ["subnet-0b"]);
});

test("deletion protection holds at Amazon and in Pulumi, which refuses before it deletes anything", async () => {
  const { inputs, protect } = (await program({ deletionProtection: true })).find(CLUSTER);
  assert.equal(inputs.deletionProtection, true);
  assert.equal(protect, true);
});

const SUBNETS = { privateSubnets: ["subnet-0a", "subnet-0b"], publicSubnets: ["subnet-0c", "subnet-0d"] };

test("subnets that are there already are used as they are", async () => {
  const made = await program({ network: { existing: SUBNETS } });
  assert.deepEqual(
    made.resources.filter(({ type }) => type.startsWith("aws:ec2/") && !type.includes("launchTemplate")),
    [],
  );
  const { vpcConfig } = made.find(CLUSTER).inputs as { vpcConfig: { subnetIds: string[] } };
  assert.deepEqual(vpcConfig.subnetIds, ["subnet-0a", "subnet-0b"]);
  assert.deepEqual(made.find(GROUP, "worker").inputs.subnetIds, ["subnet-0a"]);
  const { metadata } = made.find(SERVICE, "batch-scheduler-external").inputs as {
    metadata: { annotations: Record<string, string> };
  };
  assert.equal(metadata.annotations[`${NLB}-subnets`], "subnet-0c,subnet-0d");
});

test("an existing cluster gets the pools of the settings and nothing else", async () => {
  const own = { existing: "Team_1", network: { existing: SUBNETS }, nodePools: { worker: POOLS.worker } };
  const made = await program(own);
  const types = new Set(made.resources.filter(isOfCloud).map(({ type }) => type.split(":")[2]));
  assert.deepEqual([...types].sort(), ["LaunchTemplate", "NodeGroup", "Role", "RolePolicyAttachment", "Tag"]);
  const { clusterName, version } = made.find(GROUP).inputs;
  assert.deepEqual({ clusterName, version }, { clusterName: "Team_1", version: "1.34" });
  assert.deepEqual(made.all("kubernetes:storage.k8s.io/v1:StorageClass"), []);
  assert.deepEqual(ownCharts(made), []);
  const bare = await program({ existing: "Team_1", nodePools: {} });
  assert.deepEqual(bare.resources.filter(isOfCloud), []);
});

test("an existing cluster without an autoscaler gets one where it is asked for", async () => {
  const made = await program({
    existing: "Team_1",
    network: { existing: SUBNETS },
    nodePools: { gpu: POOLS.gpu },
    autoscaler: { install: true },
    devicePlugin: { install: true },
  });
  const { values } = made.find(RELEASE, "cluster-autoscaler").inputs as {
    values: { autoDiscovery: { clusterName: string } };
  };
  assert.equal(values.autoDiscovery.clusterName, "Team_1");
  assert.ok(made.find(RELEASE, "nvidia-device-plugin"));
});

test("in China and in GovCloud the ARNs have the partition of the region", async () => {
  const made = await program({ region: "cn-north-1" });
  for (const { inputs } of made.all("aws:iam/rolePolicyAttachment:RolePolicyAttachment"))
    assert.match(String(inputs.policyArn), /^arn:aws-cn:iam::aws:policy\//);
  assert.match(String(made.find(ROLE, "dask-test-node").inputs.assumeRolePolicy), /ec2\.amazonaws\.com\.cn/);
  assert.match(
    String(made.find("aws:iam/rolePolicy:RolePolicy").inputs.policy),
    /arn:aws-cn:eks:cn-north-1:/,
  );
});

/** Pulumi's mark of a value that a preview does not know. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

test("a preview from nothing, where no output is known, goes through", async () => {
  const outputs = ["arn", "name", "endpoint", "certificateAuthority", "version", "resources"];
  const more = ["latestVersion", "allocationId", "publicIp", "metadata", "status", "spec", "hex"];
  const unknown = () => Object.fromEntries([...outputs, ...more].map((key) => [key, UNKNOWN]));
  const known = await program({ dns: { zone: "example.org" }, loadBalancer: { static: true, subnets: 1 } });
  const types = new Set(known.resources.map(({ type }) => type));
  const made = await program(
    { dns: { zone: "example.org" }, loadBalancer: { static: true, subnets: 1 } },
    { preview: true, states: Object.fromEntries([...types].map((type) => [type, unknown])) },
  );
  assert.deepEqual(
    made.resources.map(({ urn }) => urn).sort(),
    known.resources.map(({ urn }) => urn).sort(),
    "a preview shows what an up makes",
  );
});
