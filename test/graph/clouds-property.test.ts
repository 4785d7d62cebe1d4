import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { deploy } from "../../deploy.ts";
import type { CloudName } from "../../settings/clusters/machine-types.ts";
import { parseSettings } from "../../settings/parse.ts";
import { SettingsError } from "../../settings/problems.ts";
import type { Settings } from "../../settings/schema.ts";
import { cloudCalls, cloudStates, duplicateNames, isInCluster, isOfCloud } from "./clouds.ts";
import { type Registered, type Run, reaches, run } from "./mock-engine.ts";
import { FLAVOURS, fits, nodesOf } from "./nodes.ts";
import { podsOf } from "./pods.ts";

/** Machine types of a cloud, ordinary ones and those with GPUs, and what else its cluster needs. */
interface Cloud {
  readonly machines: readonly (string | string[])[];
  readonly gpus: readonly string[];
  readonly own: fc.Arbitrary<object>;
}

const CLOUDS: Readonly<Record<CloudName, Cloud>> = {
  gke: {
    machines: ["e2-standard-4", "n2-standard-8", "n2-highmem-4", "c2-standard-16"],
    gpus: ["g2-standard-8", "a2-highgpu-1g", "g2-standard-48", "n1-standard-8"],
    own: fc.record({
      project: fc.constant("my-project"),
      location: fc.constantFrom("europe-west1-b", "us-central1"),
    }),
  },
  eks: {
    machines: ["m6i.xlarge", "m7g.2xlarge", ["m6i.2xlarge", "m5.2xlarge", "m6a.2xlarge"], "r6i.xlarge"],
    gpus: ["g5.2xlarge", "g4dn.xlarge", "g4dn.12xlarge"],
    own: fc.record({
      region: fc.constantFrom("eu-central-1", "cn-north-1"),
      loadBalancer: fc.constantFrom({}, { static: true, subnets: 1 }),
      // With the pools' names they read the same in two ways.
      tags: fc.constantFrom({}, { team: "a", "big-team": "b" }),
    }),
  },
  magnum: {
    machines: Object.keys(FLAVOURS),
    gpus: ["m1.xlarge"],
    own: fc.record({ template: fc.constant("k8s-1.34"), floatingIpPool: fc.constant("public") }),
  },
};

/** A pool; Magnum's are the plainer ones, and say what is left of their flavour. */
function pool(cloud: CloudName, machines: Cloud["machines"]) {
  const common = { machineType: fc.constantFrom(...machines), max: fc.integer({ min: 2, max: 20 }) };
  if (cloud === "magnum")
    return fc.record({ ...common, min: fc.integer({ min: 1, max: 2 }) }).map((each) => {
      const { cores, memory } = FLAVOURS[String(each.machineType)] ?? { cores: 0, memory: 0 };
      return { ...each, resources: { cores, memory: `${memory / 1e9}G` } };
    });
  return fc.record(
    {
      ...common,
      min: fc.integer({ min: 0, max: 2 }),
      labels: fc.constantFrom({}, { size: "big" }),
      taints: fc.constantFrom([], [], [{ key: "team", value: "a" }]),
    },
    { requiredKeys: ["machineType", "max"] },
  );
}

/** Machines of Google that come without GPUs are given some. */
function withGpus<Pool extends { readonly machineType: unknown }>(each: Pool) {
  const isBare = String(each.machineType).startsWith("n1-");
  return isBare ? { ...each, gpu: { type: "nvidia-tesla-t4", count: 2 } } : each;
}

function clusterOf(cloud: CloudName) {
  const { machines, gpus, own } = CLOUDS[cloud];
  const any = pool(cloud, machines);
  const core = any.map((each) => ({ ...each, min: 1, labels: undefined, taints: undefined }));
  const pools = {
    core,
    user: any,
    scheduler: any,
    worker: any,
    gpu: pool(cloud, gpus).map(withGpus),
    "worker-big": any,
  };
  return fc
    .record({ own, nodePools: fc.record(pools, { requiredKeys: ["core"] }) })
    .map(({ own: rest, nodePools }) => ({ provider: cloud, ...rest, nodePools }));
}

const size = { cores: fc.constantFrom(0.5, 1, 2, 5), memory: fc.constantFrom("512M", "2G", "8G") };
const expose = fc.option(fc.constant({ allowFrom: ["203.0.113.0/24"] }), { nil: undefined });
const placement = fc.constantFrom(undefined, undefined, {
  nodeSelector: { size: "big" },
  tolerations: [{ key: "team", operator: "Exists" }],
});
const dask = fc.record({
  kind: fc.constant("dask"),
  scheduler: fc.record({ ...size, expose }),
  workers: fc.record({ replicas: fc.integer({ min: 1, max: 5 }), ...size }),
  workerGroups: fc.dictionary(fc.constantFrom("g1", "g2"), fc.record({ ...size, placement }), { maxKeys: 2 }),
  jupyter: fc.oneof(fc.constant(false), fc.record({ ...size, expose })),
});
/** What users of a gateway may choose: what follows from the pools, nothing, and ranges that fit some pools or none. */
const options = fc.record(
  {
    workerCores: fc.constantFrom(false as const, { max: 3 }, { max: 5 }, { max: 14 }),
    workerMemory: fc.constantFrom(false as const, { max: "9G" }, { max: "25G" }, { max: "60G" }),
  },
  { requiredKeys: [] },
);
const gateway = { scheduler: fc.record(size), worker: fc.record(size), options };
const profile = fc.record({ gpus: fc.constantFrom(0, 1, 2, 4), ...size }).map(({ gpus, cores, memory }) => ({
  name: `${cores} cores, ${gpus} GPUs`,
  image: "example.org/notebook:1.0",
  cores: { guarantee: cores, limit: cores },
  memory: { guarantee: memory, limit: memory },
  gpus,
}));
const hub = {
  tls: fc.constant({ kind: "none", plainHttp: "accepted" }),
  profiles: fc.uniqueArray(profile, { maxLength: 2, selector: ({ name }) => name }),
  placeholders: fc.constantFrom(0, 2),
  userScheduler: fc.boolean(),
  database: fc.constantFrom({ kind: "postgres" }, { kind: "sqlite" }),
};
const release = fc.oneof(
  dask,
  fc.record({ kind: fc.constant("dask-gateway"), expose, ...gateway }),
  fc.record({ kind: fc.constant("jupyterhub"), ...hub }),
  fc.record({
    kind: fc.constant("daskhub"),
    distribution: fc.constantFrom("charts", "umbrella"),
    ...hub,
    ...gateway,
  }),
  fc.record({ kind: fc.constant("dask-operator"), clusters: fc.record(size) }),
);
/** Names that are short, long, or like what a chart makes of another name. */
const names = fc.constantFrom(
  "a",
  "a-dask",
  "dask",
  "dask-a",
  "a-scheduler",
  "a-rather-long-release-name-01",
);
const stacks = fc.constantFrom(
  "dev",
  "Team_A.prod",
  "a-stack-name-that-is-longer-than-any-cloud-would-allow",
);

/** The settings, where they are accepted: what is refused cannot go wrong later. */
function accepted(raw: object): Settings | undefined {
  try {
    return parseSettings({ ...raw, liveChecks: false });
  } catch (error) {
    if (error instanceof SettingsError) return undefined;
    throw error;
  }
}

/** Most characters of names in a cloud, by type; most are the stack's, and Pulumi ends those that stand in `ENDED`. */
const LIMITS: Readonly<Record<string, number>> = {
  "gcp:container/cluster:Cluster": 40,
  "gcp:serviceaccount/account:Account": 30,
  "aws:eks/cluster:Cluster": 100,
  "openstack:containerinfra/cluster:Cluster": 30,
};
const ENDED: Readonly<Record<string, number>> = {
  "gcp:container/nodePool:NodePool": 40,
  "aws:iam/role:Role": 64,
  "aws:ec2/launchTemplate:LaunchTemplate": 128,
};
const AUTONAME_SUFFIX = 8;
/** Most characters of names in a cluster, where they are fewer than 253. */
const IN_CLUSTER: Readonly<Record<string, number>> = {
  "kubernetes:core/v1:Namespace": 63,
  "kubernetes:core/v1:Service": 63,
  "kubernetes:helm.sh/v3:Release": 53,
};

function checkNames(made: Run): void {
  assert.deepEqual(duplicateNames(made), []);
  const physical = made.resources.flatMap((each) => {
    const name = nameOf(each);
    return name === undefined ? [] : [`${each.type} ${name}`];
  });
  assert.deepEqual([...new Set(physical)], physical, "two objects share a name");
  for (const each of made.resources.filter(isOfCloud)) {
    const { type, name, inputs } = each;
    const ended = ENDED[type];
    if (ended !== undefined) assert.ok(name.length + AUTONAME_SUFFIX <= ended, `${type} ${name}`);
    if (type === "aws:eks/nodeGroup:NodeGroup")
      assert.ok(String(inputs.nodeGroupNamePrefix).length <= 37, name);
    const given = nameOf(each);
    if (given === undefined || /Tag|RecordSet|LogGroup/.test(type)) continue;
    assert.match(given, /^[a-z]([-a-z0-9]*[a-z0-9])?$/, type);
    assert.ok(given.length <= (LIMITS[type] ?? 63), `${type} ${given}`);
  }
  for (const each of made.resources.filter(isInCluster)) {
    const name = nameOf(each)?.split("/").at(-1) ?? "";
    assert.ok(name.length <= (IN_CLUSTER[each.type] ?? 253), `${each.type} ${name}`);
  }
}

/** The name that a resource has in its cloud or cluster, where the program gives one. */
function nameOf({ inputs }: Registered): string | undefined {
  const { name = inputs.name ?? inputs.accountId, namespace = inputs.namespace } = (inputs.metadata ??
    {}) as {
    name?: unknown;
    namespace?: unknown;
  };
  return typeof name === "string"
    ? [namespace, name].filter((part) => part !== undefined).join("/")
    : undefined;
}

/** Whether the parts of a stack go in an order in which each can go: as destroy follows the graph. */
function checkOrder(made: Run): void {
  const inside = made.resources.filter((each) => isInCluster(each));
  const outside = made.resources.filter(isOfCloud);
  const needs = new Map(inside.map((each) => [each.urn, reaches(made, each)]));
  for (const each of outside)
    for (const urn of reaches(made, each)) assert.ok(!needs.has(urn), `${each.urn} would go before ${urn}`);
  for (const { urn } of outside.filter(({ type }) => /:(Address|Eip|FloatingIp)$/.test(type)))
    assert.ok(
      [...needs.values()].some((needed) => needed.has(urn)),
      `${urn} would go while something has it`,
    );
  const nodes = outside.filter(({ type }) => /:(Cluster|NodePool|NodeGroup)$/.test(type));
  assert.ok(nodes.length > 0);
  for (const [urn, needed] of needs)
    for (const each of nodes) assert.ok(needed.has(each.urn), `${urn} would outlive ${each.urn}`);
}

/** Stacks of each cloud: as many as half a minute of this level has room for. */
const RUNS = Number(process.env.GRAPH_RUNS ?? 10);

for (const cloud of ["gke", "eks", "magnum"] as const)
  test(`${cloud}: settings that are accepted never give a pod without a node, a name twice or too long, or an order that destroy cannot keep`, async () => {
    const input = fc.record({
      cluster: clusterOf(cloud),
      releases: fc.dictionary(names, release, { minKeys: 1, maxKeys: 3 }),
    });
    let ran = 0;
    await fc.assert(
      fc.asyncProperty(input, stacks, async (raw, stack) => {
        const settings = accepted(raw);
        fc.pre(settings !== undefined);
        const made = await run(() => deploy(settings), { states: cloudStates, calls: cloudCalls, stack });
        const nodes = nodesOf[cloud](made);
        const pods = podsOf(made);
        assert.ok(pods.length > 0);
        for (const pod of pods)
          assert.ok(
            nodes.some((node) => fits(pod, node)),
            `no node for ${JSON.stringify(pod)} among ${JSON.stringify(nodes)}`,
          );
        checkNames(made);
        checkOrder(made);
        ran++;
      }),
      // A smaller example would cost minutes: every try is a whole program.
      { numRuns: RUNS, maxSkipsPerRun: 200, endOnFailure: true },
    );
    assert.ok(ran >= RUNS, `${ran} stacks ran`);
  });
