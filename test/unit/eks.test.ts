import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { tagList } from "../../providers/eks/expose.ts";
import { partitionOf } from "../../providers/eks/iam.ts";
import { eksKubeconfig } from "../../providers/eks/kubeconfig.ts";
import { profilesOf, requireAwsLogin } from "../../providers/eks/login.ts";
import { nodeGroupArgs } from "../../providers/eks/node-groups.ts";
import { scalingTags } from "../../providers/eks/scaling-tags.ts";
import { subnetCidr } from "../../providers/eks/subnets.ts";
import { selectContext } from "../../providers/existing/kubeconfig.ts";
import { isGpuMachine, machineGpus, nodeImage } from "../../settings/clusters/eks-facts.ts";
import { aligned, holds, overlaps, part } from "../../settings/clusters/networks.ts";
import { placementOf } from "../../settings/clusters/pool-marks.ts";
import { parseSettings } from "../../settings/parse.ts";
import { roles } from "../../settings/placement.ts";
import { cloudStack } from "./refusals.ts";

const CORE = { machineType: "m6i.xlarge", max: 3 };
const WORKER = { machineType: "m6i.2xlarge", max: 10 };

const { settings, pools, problems, refuses } = cloudStack(
  { provider: "eks", region: "eu-central-1" },
  { core: CORE, worker: WORKER },
);
const network = (own: object) => ({ network: own });

test("a cluster on Amazon needs a region and pools, and has a default for everything else", () => {
  const { cluster } = parseSettings(settings());
  assert.ok(cluster.provider === "eks");
  const { nodePools, ...rest } = cluster;
  assert.deepEqual(Object.keys(nodePools), ["core", "worker"]);
  assert.deepEqual(rest, {
    provider: "eks",
    region: "eu-central-1",
    tags: {},
    version: "1.35",
    network: { cidr: "10.0.0.0/16", serviceCidr: "172.20.0.0/16" },
    endpoint: { public: true, allowFrom: ["0.0.0.0/0"] },
    auth: "plugin",
    admins: [],
    loadBalancer: { static: false, internal: false },
    autoscaler: { scaleDownAfter: "10m", values: {} },
    devicePlugin: { values: {} },
    addons: {},
    deletionProtection: false,
  });
  refuses({ region: undefined }, /region is missing; set it to the name of a region, like eu-central-1/);
  refuses({ region: "eu-central-1a" }, /region must be the name of a region; write one like eu-central-1/);
  refuses({ nodePools: {} }, /no pool for what must stay up; add core/);
});

test("the version is a minor version as text", () => {
  refuses({ version: 1.35 }, /must be text; put it in quotes: "1.35"/);
  refuses({ version: "1.35.2" }, /must be a minor version of Kubernetes in quotes/);
  refuses(
    { version: "1.29" },
    /is older than 1\.30, the first that the charts work with; name one in standard/,
  );
});

test("EKS wants two zones of the region, and so do we", () => {
  const zones = (...names: string[]) => network({ zones: names });
  refuses(zones("eu-central-1a"), /must be two zones, .* add another \(nodes stay in the first\)/);
  refuses(zones("eu-central-1a", "eu-central-1a"), /names a zone twice/);
  refuses(zones("eu-central-1a", "eu-west-1b"), /"eu-west-1b", which is no zone of eu-central-1/);
  refuses(zones("eu-central-1a", "eu-central-1-ham-1a"), /is no zone of eu-central-1/);
  const four = ["a", "b", "c", "d"].map((letter) => `eu-central-1${letter}`);
  refuses(zones(...four), /at most three zones/);
  assert.deepEqual(problems(zones("eu-central-1b", "eu-central-1a")), []);
});

test("subnets that are there already stand in two zones, and say themselves in which", () => {
  const existing = { privateSubnets: ["subnet-0a", "subnet-0b"] };
  refuses(network({ existing: { privateSubnets: ["subnet-0a"] } }), /names one subnet, .* add another/);
  refuses(network({ existing: { privateSubnets: ["vpc-1"] } }), /must be the id of a subnet/);
  refuses(
    network({ existing, zones: ["eu-central-1a", "eu-central-1b"] }),
    /zones follow from the subnets of network.existing; remove them/,
  );
  refuses(network({ existing, cidr: "10.0.0.0/16" }), /cidr is a matter of the existing VPC; remove it here/);
  assert.deepEqual(problems(network({ existing })), []);
});

test("networks that overlap, are too small or too large, or start within, are refused with one that does", () => {
  refuses(network({ cidr: "172.20.0.0/16" }), /serviceCidr overlaps .* choose one .* like 10.100.0.0\/16/);
  refuses(network({ serviceCidr: "10.0.0.0/20" }), /overlaps the VPC's network .* like 172.20.0.0\/16/);
  refuses(network({ cidr: "10.0.0.0/8" }), /larger than a VPC can be; write 10.0.0.0\/16/);
  refuses(network({ cidr: "10.0.0.0/24" }), /too few addresses for pods/);
  refuses(network({ cidr: "10.0.3.0/16" }), /not the first address of its network; write 10.0.0.0\/16/);
  refuses(network({ serviceCidr: "172.20.1.0/16" }), /write 172.20.0.0\/16/);
  refuses(network({ serviceCidr: "100.64.0.0/16" }), /must lie within 10.0.0.0\/8/);
  refuses(network({ serviceCidr: "10.64.0.0/11" }), /must be of size \/12 to \/24/);
  refuses(network({ cidr: "fd00::/56" }), /must be an IPv4 network/);
});

test("a VPC has addresses for the nodes of all pools and the interfaces that they hold ready", () => {
  const worker = (machineType: string, max: number) => pools({ worker: { machineType, max } });
  // 3 core nodes and 40 workers of 2 x 15 addresses: 1290, of the 1019 that a quarter of a /20 has.
  refuses(
    { ...network({ cidr: "10.0.0.0/20" }), ...worker("m6i.2xlarge", 40) },
    /network\.cidr leaves 1019 addresses .* take 1290 when .*; widen it to a \/19, or lower max/,
  );
  refuses(worker("m6i.8xlarge", 300), /leaves 16379 addresses .* take 18090 .*; lower max/);
  assert.deepEqual(problems({ ...network({ cidr: "10.0.0.0/19" }), ...worker("m6i.2xlarge", 40) }), []);
  assert.deepEqual(problems({ ...network({ cidr: "10.0.0.0/20" }), ...worker("m6i.large", 40) }), []);
  const existing = { privateSubnets: ["subnet-0a", "subnet-0b"] };
  assert.deepEqual(problems({ ...network({ existing }), ...worker("m6i.8xlarge", 300) }), []);
});

test("networks that may reach the API server are written as Amazon takes them", () => {
  refuses(
    { endpoint: { allowFrom: ["203.0.113.7/24"] } },
    /endpoint\.allowFrom\[0\] is not the first address of its network; write 203\.0\.113\.0\/24/,
  );
  assert.deepEqual(problems({ endpoint: { allowFrom: ["203.0.113.7/32"] } }), []);
});

test("a static address stands in one public subnet", () => {
  const loadBalancer = (own: object, more: object = {}) => ({ loadBalancer: own, ...more });
  refuses(loadBalancer({ static: true }), /static needs one subnet, .* add subnets: 1/);
  refuses(loadBalancer({ static: true, subnets: 2 }), /static needs one subnet/);
  refuses(loadBalancer({ static: true, subnets: 1, internal: true }), /remove internal/);
  refuses(loadBalancer({ subnets: 3 }), /more than the 2 public subnets/);
  refuses(loadBalancer({ internal: true, subnets: 1 }), /internal load balancers stand in none/);
  const existing = { privateSubnets: ["subnet-0a", "subnet-0b"] };
  refuses(
    loadBalancer({ static: true, subnets: 1 }, network({ existing })),
    /add network.existing.publicSubnets/,
  );
  assert.deepEqual(problems(loadBalancer({ static: true, subnets: 1 })), []);
});

test("an endpoint of EKS takes no address by number and no IPv6 networks", () => {
  const release = (expose: object) => ({ batch: { kind: "dask", scheduler: { expose } } });
  refuses(
    {},
    /expose.address cannot be asked for on Amazon; .* \{ static: true, subnets: 1 \}/,
    release({ allowFrom: ["192.0.2.0/24"], address: "192.0.2.1" }),
  );
  refuses({}, /allowFrom names IPv6 networks/, release({ allowFrom: ["2001:db8::/32"] }));
});

test("administrators are roles or users, each once", () => {
  const session = "arn:aws:sts::123456789012:assumed-role/Admin/ada";
  refuses({ admins: [session] }, /is a session; name its role, like arn:aws:iam::123456789012:role\/Admin/);
  refuses({ admins: ["ada"] }, /admins\[0\] must be the ARN of an IAM role or user/);
  const role = "arn:aws:iam::123456789012:role/path/Admin";
  refuses({ admins: [role, role] }, /admins\[1\] stands there twice/);
  assert.deepEqual(problems({ admins: [role, "arn:aws-us-gov:iam::123456789012:user/ada"] }), []);
});

test("an existing cluster says where its nodes go, and may have no pools of ours", () => {
  refuses({ existing: "Team_1" }, /network does not say where nodes of an existing cluster go/);
  assert.deepEqual(problems({ existing: "Team_1", nodePools: {} }, { batch: { kind: "dask" } }), []);
  const given = network({ existing: { privateSubnets: ["subnet-0a"] } });
  assert.deepEqual(problems({ existing: "Team_1", ...given, nodePools: { worker: WORKER } }), []);
});

test("what an existing cluster has decided itself is refused, defaults that are written out too", () => {
  const remedy = "is a matter of the existing cluster; remove it here";
  const given: Record<string, object> = {
    version: { version: "1.35" },
    "network.cidr": network({ cidr: "10.0.0.0/16" }),
    "network.serviceCidr": network({ serviceCidr: "172.20.0.0/16" }),
    "network.zones": network({ zones: ["eu-central-1a", "eu-central-1b"] }),
    endpoint: { endpoint: { public: true } },
    admins: { admins: ["arn:aws:iam::123456789012:role/Admin"] },
    addons: { addons: { coredns: "v1.12.1-eksbuild.2" } },
    logs: { logs: { types: ["api"] } },
    deletionProtection: { deletionProtection: true },
  };
  for (const [key, own] of Object.entries(given))
    assert.deepEqual(problems({ existing: "Team_1", nodePools: {}, ...own }), [
      `dask:cluster.${key} ${remedy}`,
    ]);
});

test("tags have values that Amazon takes, in the list of a load balancer too", () => {
  refuses({ tags: { team: "a,b" } }, /tags.team has characters/);
  refuses({ owner: "ada=admin" }, /owner has characters/);
  assert.deepEqual(problems({ owner: "Ada Lovelace, née Byron".replace(",", "") }), []);
  assert.equal(tagList({ "dask:stack": "a/b/c", team: "x y" }), "dask:stack=a/b/c,team=x y");
});

test("everything has room for its tags: those of the settings, and on a pool's group those for the autoscaler", () => {
  const tags = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`t${i}`, "x"]));
  refuses({ tags: tags(43) }, /tags are 43, and with those of stack and cluster only 42 fit; remove some/);
  refuses({ tags: tags(36) }, /worker has 7 labels and taints; with dask:cluster.tags only 6 fit/);
  assert.deepEqual(problems({ tags: tags(35) }), []);
});

test("machine types of other clouds, and disks that no image fits on, are refused by name", () => {
  for (const foreign of ["e2-standard-4", "m1.4c8g", "g1.a100", "M6i.xlarge"])
    refuses(
      pools({ worker: { ...WORKER, machineType: ["m6i.xlarge", foreign] } }),
      new RegExp(
        `worker.machineType names "${foreign}", which is no machine type of Amazon; write m6i.xlarge`,
      ),
    );
  const real = ["u-6tb1.112xlarge", "m7i.metal-24xl", "x2iedn.xlarge", "m7i-flex.large"];
  for (const machineType of real)
    assert.deepEqual(problems(pools({ worker: { ...WORKER, machineType } })), []);
  refuses(pools({ worker: { ...WORKER, disk: "20G" } }), /worker.disk is too small .*; use at least 22G/);
});

test("a pool that EKS cannot make, or that would never start from nothing, is refused with the remedy", () => {
  refuses(pools({ "a-pool-of-25-characters-xx": WORKER }), /at most 24 characters/);
  refuses(pools({ Worker: WORKER }), /lower-case letters/);
  const mixed = { machineType: ["m6i.xlarge", "m7g.xlarge"], max: 3 };
  refuses(pools({ mixed }), /machineType names machine types with different processors or GPUs/);
  refuses(pools({ gpu: WORKER }), /machineType has no GPU; name one that has, like g5.xlarge/);
  refuses(pools({ a: { ...WORKER, gpu: {} } }), /machineType has no GPU/);
  refuses(pools({ worker: { ...WORKER, diskType: "pd-ssd" } }), /diskType must be gp3/);
  const taints = [{ key: "k8s.dask.org/dedicated", value: "mine" }];
  refuses(pools({ worker: { ...WORKER, taints } }), /have the key k8s.dask.org\/dedicated twice/);
  refuses(pools({ worker: { ...WORKER, labels: { "node.kubernetes.io/x": "y" } } }), /EKS keeps for itself/);
  refuses(pools({ worker: { ...WORKER, labels: { x: "" } } }), /has no value, and EKS wants one/);
  const long = { [`dask.research.example.org/${"x".repeat(63)}`]: "y" };
  refuses(
    pools({ worker: { ...WORKER, labels: long } }),
    /key of 89 characters; the autoscaler reads at most 82/,
  );
  refuses(pools({ core: { ...CORE, spot: true } }), /would take the core away at any time/);
});

test("a kind of GPU is a label of the nodes, so it must be one that Kubernetes takes", () => {
  const gpu = (type: string) => pools({ gpu: { machineType: "g5.xlarge", max: 2, gpu: { type } } });
  for (const type of ["NVIDIA A10G", "nvidia/a10g", "a".repeat(64), "-a10g"])
    refuses(gpu(type), /gpu\.gpu\.type cannot be a label .*; write at most 63 letters, .* nvidia-tesla-t4/);
  assert.deepEqual(problems(gpu("nvidia-tesla-t4")), []);
});

test("a pod that fits no pool is refused with the sizes that fit", () => {
  const big = { batch: { kind: "dask", workers: { cores: 8, memory: "16G" } } };
  refuses({}, /workers asks for 8 cores and 16G, more than a node has for it \(worker 7\.\d+ cores/, big);
});

test("a notebook asks for no more GPUs than a node has, whichever of its machine types it is", () => {
  const four = {
    name: "GPUs",
    image: "example.org/notebook:1.0",
    cores: { guarantee: 1, limit: 2 },
    memory: { guarantee: "2G", limit: "4G" },
    gpus: 4,
  };
  const hub = { hub: { kind: "jupyterhub", expose: { type: "ClusterIP" }, profiles: [four] } };
  const gpu = (machineType: string | string[], own: object = {}) =>
    pools({ gpu: { machineType, max: 2, resources: { cores: 8, memory: "32G" }, ...own } });
  const tooFew = /profiles\[0\] asks for 4 GPUs, more than a node has for it \(gpu 1\)/;
  refuses(gpu("g5.2xlarge"), tooFew, hub);
  refuses(gpu(["g5.12xlarge", "g5.2xlarge"]), tooFew, hub);
  assert.deepEqual(problems(gpu(["g5.12xlarge", "p3.8xlarge"]), hub), []);
  // A family that is not known here has what the settings say, and else whatever is asked for.
  assert.deepEqual(problems(gpu("g9.xlarge"), hub), []);
  refuses(gpu("g9.xlarge", { gpu: { count: 1 } }), tooFew, hub);
  refuses(
    gpu("g5.2xlarge", { gpu: { count: 4 } }),
    /gpu\.count is not what g5\.2xlarge has, .* with 1; remove/,
  );
  assert.deepEqual(problems(gpu("g5.12xlarge", { gpu: { count: 4 } })), []);
});

test("the GPUs of a machine type follow from its family and size", () => {
  const gpus = {
    "m6i.xlarge": 0,
    "g4ad.xlarge": 0,
    "g4dn.16xlarge": 1,
    "g4dn.12xlarge": 4,
    "g6e.48xlarge": 8,
    "g5g.16xlarge": 2,
    "p4d.24xlarge": 8,
    "p5.4xlarge": 1,
    "p6-b200.48xlarge": 8,
    "g9.xlarge": undefined,
    "p6e-gb200.36xlarge": undefined,
  };
  for (const [type, count] of Object.entries(gpus)) assert.equal(machineGpus(type), count, type);
});

test("the image of a node follows from the letters of its machine type", () => {
  const images = {
    "m6i.xlarge": "AL2023_x86_64_STANDARD",
    "m7i-flex.large": "AL2023_x86_64_STANDARD",
    "c7gn.xlarge": "AL2023_ARM_64_STANDARD",
    "t4g.small": "AL2023_ARM_64_STANDARD",
    "im4gn.large": "AL2023_ARM_64_STANDARD",
    "g4dn.xlarge": "AL2023_x86_64_NVIDIA",
    "g5g.xlarge": "AL2023_ARM_64_NVIDIA",
    "gr6.4xlarge": "AL2023_x86_64_NVIDIA",
    "p5.48xlarge": "AL2023_x86_64_NVIDIA",
    "p6-b200.48xlarge": "AL2023_x86_64_NVIDIA",
    "p6e-gb200.36xlarge": "AL2023_ARM_64_NVIDIA",
    "g4ad.xlarge": "AL2023_x86_64_STANDARD",
  };
  for (const [type, image] of Object.entries(images)) assert.equal(nodeImage(type), image, type);
  assert.ok(isGpuMachine("g6e.xlarge"));
  assert.ok(!isGpuMachine("m6i.xlarge"));
});

test("regions have the partition that stands in their ARNs", () => {
  assert.equal(partitionOf("eu-central-1"), "aws");
  assert.equal(partitionOf("cn-north-1"), "aws-cn");
  assert.equal(partitionOf("us-gov-west-1"), "aws-us-gov");
});

test("subnets lie within their VPC and apart from each other, whatever its size", () => {
  const vpc = fc.tuple(fc.integer({ min: 16, max: 20 }), fc.nat(255), fc.nat(255));
  fc.assert(
    fc.property(vpc, ([prefix, second, third]) => {
      const cidr = aligned(`10.${second}.${third}.0/${prefix}`);
      const subnets = Object.fromEntries(
        (["public", "private"] as const).flatMap((kind) =>
          [0, 1, 2].map((index) => [`${kind}-${index}`, subnetCidr(cidr, kind, index)]),
        ),
      );
      for (const each of Object.values(subnets)) assert.ok(holds(cidr, each) && aligned(each) === each, each);
      assert.deepEqual(overlaps(subnets), []);
    }),
  );
  assert.throws(() => part("10.0.0.0/16", 18, 4), RangeError);
});

test("a taint without a value has none in the API, and an empty one in the tag that the autoscaler reads", () => {
  const { cluster } = parseSettings(settings(pools({ odd: { ...WORKER, taints: [{ key: "a/b" }] } })));
  assert.ok(cluster.provider === "eks");
  const { odd } = cluster.nodePools;
  assert.ok(odd);
  assert.deepEqual(nodeGroupArgs("odd", odd).taints, [{ key: "a/b", effect: "NO_SCHEDULE" }]);
  const tags = scalingTags("odd", odd, {});
  assert.equal(tags["k8s.io/cluster-autoscaler/node-template/taint/a/b"], ":NoSchedule");
});

const pool = fc.record(
  {
    machineType: fc.constantFrom("m6i.xlarge", ["m6i.4xlarge", "m5.4xlarge"], "g5.xlarge", "m7g.large"),
    role: fc.option(fc.constantFrom(...roles), { nil: undefined }),
    min: fc.nat(3),
    max: fc.integer({ min: 1, max: 100 }),
    spot: fc.boolean(),
    labels: fc.dictionary(
      fc.stringMatching(/^[a-z]{1,8}(\.org\/[a-z]{1,60})?$/),
      fc.constantFrom("x", "true"),
    ),
    taints: fc.array(fc.record({ key: fc.stringMatching(/^[a-z]{1,9}\/[a-z]{1,9}$/) }), { maxLength: 2 }),
  },
  { requiredKeys: ["machineType", "max"] },
);
const nodePools = fc
  .dictionary(fc.stringMatching(/^[a-z]([-a-z0-9]{0,22}[a-z0-9])?$/), pool, { maxKeys: 4 })
  .map((more) => ({ ...more, core: CORE }));

test("pools that are accepted make groups with names, tags and nodes that fit what Amazon and Kubernetes take", () => {
  let accepted = 0;
  fc.assert(
    fc.property(nodePools, (wanted) => {
      fc.pre(problems({ nodePools: wanted }).length === 0);
      accepted++;
      const { cluster } = parseSettings(settings({ nodePools: wanted }));
      assert.ok(cluster.provider === "eks");
      const groups = Object.entries(cluster.nodePools).map(([name, each]) => {
        assert.ok(`${name}-`.length <= 37, "Amazon adds 26 characters to at most 63");
        const tags = Object.keys(scalingTags(name, each, {}));
        for (const key of tags) assert.ok(key.length <= 128, key);
        assert.ok(tags.length <= 50);
        return nodeGroupArgs(name, each);
      });
      for (const role of roles) {
        const { nodeSelector, tolerations } = placementOf(role, cluster.nodePools);
        const takes = groups.some(
          ({ labels, taints }) =>
            Object.entries(nodeSelector).every(([key, value]) => labels[key as never] === value) &&
            taints.every((taint) =>
              tolerations.some(({ key, value }) => key === taint.key && value === (taint.value ?? "")),
            ),
        );
        assert.ok(takes, `${role} finds no node`);
      }
    }),
    { numRuns: 200, maxSkipsPerRun: 100 },
  );
  assert.ok(accepted >= 200);
});

const LOGIN = {
  name: "dask-dev",
  region: "eu-central-1",
  endpoint: "https://0A1B.gr7.eu-central-1.eks.amazonaws.com",
  certificateAuthority: "Q0E=",
};

test("the kubeconfig is one that the stack itself can read", () => {
  const context = selectContext(eksKubeconfig(LOGIN), "test", "/");
  assert.equal(context.cluster.server, LOGIN.endpoint);
  assert.equal(context.user.exec?.command, "aws");
  const withToken = selectContext(eksKubeconfig({ ...LOGIN, token: "k8s-aws-v1.x" }), "test", "/");
  assert.equal(withToken.user.token, "k8s-aws-v1.x");
});

test("a login to Amazon is looked for where the AWS CLI looks", () => {
  const home = mkdtempSync(join(tmpdir(), "home-"));
  const config = join(home, "config");
  writeFileSync(config, "[default]\nregion = x\n[profile dev]\nsso_session = a\n[sso-session a]\n");
  assert.throws(() => requireAwsLogin("dev", { HOME: home }), /dask:cluster.profile names dev/);
  assert.throws(
    () => requireAwsLogin(undefined, { HOME: home, AWS_PROFILE: "ops" }),
    /AWS_PROFILE names ops/,
  );
  assert.throws(() => requireAwsLogin("ops", { HOME: home, AWS_CONFIG_FILE: config }), /names ops/);
  requireAwsLogin("dev", { HOME: home, AWS_CONFIG_FILE: config });
  requireAwsLogin(undefined, { HOME: home, AWS_CONFIG_FILE: config });
  requireAwsLogin(undefined, { HOME: home, AWS_ACCESS_KEY_ID: "AKIA" });
  assert.deepEqual(profilesOf("[default]\n  [ profile a b ]\n[c]\n#[d]\n"), ["default", "a b", "c"]);
  rmSync(home, { recursive: true });
});

test("a machine without a login is told how to get one, unless it is Amazon's own", () => {
  const env = { HOME: join(tmpdir(), "nobody-lives-here") };
  assert.throws(
    () => requireAwsLogin(undefined, env, () => false),
    /nothing here signs in to Amazon Web Services; run: aws configure sso/,
  );
  requireAwsLogin(undefined, env, () => true);
});
