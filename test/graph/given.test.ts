import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { deploy } from "../../deploy.ts";
import { parseSettings } from "../../settings/parse.ts";
import { cloudCalls, cloudStates } from "./clouds.ts";
import { LOGIN, withEnvironment } from "./environment.ts";
import { type Calls, type Run, run } from "./mock-engine.ts";
import { refused } from "./refused.ts";

// What is in the cloud already and is named in the settings: it is looked for before anything is made.

/** A question that the cloud answers by an error, as the engine hands it down. */
function failing(details: string): () => never {
  return () => {
    throw Object.assign(new Error(), { details: `invocation of it returned an error: ${details}` });
  };
}

function accepted(cluster: object, calls: Calls): Promise<Run> {
  const settings = parseSettings({ cluster, smokeTest: false });
  return run(() => deploy(settings), { states: cloudStates, calls: { ...cloudCalls, ...calls } });
}

const GET_SUBNET = "aws:ec2/getSubnet:getSubnet";
const GET_VPC = "aws:ec2/getVpc:getVpc";
const GET_CLUSTERS = "aws:eks/getClusters:getClusters";

const amazon = (own: object = {}, existing: object = {}) => ({
  provider: "eks",
  region: "eu-central-1",
  auth: "token",
  nodePools: { core: { machineType: "m6i.xlarge", max: 3 } },
  network: {
    existing: { privateSubnets: ["subnet-0a", "subnet-0b"], publicSubnets: ["subnet-0c"], ...existing },
  },
  ...own,
});

/** Subnets by id, each in a zone of a VPC. */
const SUBNETS: Readonly<Record<string, readonly [zone: string, vpcId: string]>> = {
  "subnet-0a": ["eu-central-1a", "vpc-1"],
  "subnet-0b": ["eu-central-1b", "vpc-1"],
  "subnet-0c": ["eu-central-1a", "vpc-1"],
  "subnet-0d": ["eu-central-1b", "vpc-2"],
};

const AMAZON: Calls = {
  [GET_SUBNET]: ({ id }) => {
    const found = SUBNETS[String(id)];
    if (found === undefined) return failing("reading: no matching EC2 Subnet found")();
    const [availabilityZone, vpcId] = found;
    return { id, availabilityZone, vpcId };
  },
  [GET_VPC]: () => ({
    cidrBlock: "10.0.0.0/16",
    cidrBlockAssociations: [
      { cidrBlock: "10.0.0.0/16", state: "associated" },
      { cidrBlock: "100.64.0.0/16", state: "associated" },
      { cidrBlock: "172.20.0.0/16", state: "disassociated" },
    ],
  }),
  [GET_CLUSTERS]: () => ({ names: ["another"] }),
};

const AMAZON_REFUSES: Readonly<Record<string, readonly [cluster: object, expected: RegExp, calls?: Calls]>> =
  {
    "a subnet that is not there": [
      amazon({}, { publicSubnets: ["subnet-0c", "subnet-0f"] }),
      /existing\.publicSubnets\[1\] is "subnet-0f": is no subnet that this account has in eu-central-1; choose one of: aws ec2/,
    ],
    "subnets of two VPCs": [
      amazon({}, { privateSubnets: ["subnet-0a", "subnet-0d"] }),
      /existing\.privateSubnets\[1\] is "subnet-0d": is in vpc-2, and subnet-0a in vpc-1; choose a subnet of that VPC/,
    ],
    "two subnets of one zone": [
      amazon({}, { privateSubnets: ["subnet-0a", "subnet-0c"] }),
      /existing\.privateSubnets is \["subnet-0a","subnet-0c"\]: are all in eu-central-1a, and EKS wants two zones; add a subnet/,
    ],
    "a VPC with the Services' network": [
      amazon(),
      /network\.serviceCidr is "172\.20\.0\.0\/16": overlaps 172\.20\.0\.0\/14 of vpc-1; set it to 10\.100\.0\.0\/16/,
      { [GET_VPC]: () => ({ cidrBlock: "172.20.0.0/14", cidrBlockAssociations: [] }) },
    ],
    "nodes outside the VPC of their existing cluster": [
      amazon({ existing: "team" }, { privateSubnets: ["subnet-0d"] }),
      /existing\.privateSubnets\[0\] is "subnet-0d": is in vpc-2, and team in vpc-1; choose a subnet of that VPC/,
      {
        "aws:eks/getCluster:getCluster": () => ({
          endpoint: "https://192.0.2.1",
          certificateAuthorities: [{ data: "Q0E=" }],
          vpcConfig: { vpcId: "vpc-1" },
        }),
        "aws:eks/getClusterAuth:getClusterAuth": () => ({ token: "k8s-aws-v1.token" }),
      },
    ],
  };

for (const [what, [cluster, expected, calls]] of Object.entries(AMAZON_REFUSES))
  test(`${what} is refused on EKS before anything is made`, () =>
    withEnvironment(LOGIN, async () =>
      assert.match(await refused({ cluster }, { ...AMAZON, ...calls }), expected),
    ));

test("subnets that fit are taken, and so are those of which nobody may ask", () =>
  withEnvironment(LOGIN, async () => {
    const denied = failing("UnauthorizedOperation: You are not authorized");
    for (const calls of [AMAZON, { [GET_SUBNET]: denied, [GET_CLUSTERS]: denied, [GET_VPC]: denied }]) {
      const { inputs } = (await accepted(amazon(), calls)).find("aws:eks/cluster:Cluster");
      assert.deepEqual((inputs.vpcConfig as { subnetIds: unknown }).subnetIds, ["subnet-0a", "subnet-0b"]);
    }
  }));

test("the ranges of a VPC are no matter of a cluster that stands", () =>
  withEnvironment(LOGIN, async () => {
    const calls = {
      ...AMAZON,
      [GET_CLUSTERS]: () => ({ names: ["dask-test"] }),
      [GET_VPC]: failing("asked"),
    };
    assert.ok((await accepted(amazon(), calls)).find("aws:eks/cluster:Cluster"));
  }));

const GET_SUBNETWORK = "gcp:compute/getSubnetwork:getSubnetwork";
const LAN = { name: "lan", subnetwork: "nodes", pods: "p", services: "s" };

const google = (existing: object = {}) => ({
  provider: "gke",
  project: "my-project",
  location: "europe-west1-b",
  auth: "token",
  nodePools: { core: { machineType: "e2-standard-4", max: 3 } },
  network: { existing: { ...LAN, ...existing } },
});

const GOOGLE: Calls = {
  [GET_SUBNETWORK]: ({ name, project, region }) =>
    name === "nodes"
      ? {
          network: `https://www.googleapis.com/compute/v1/projects/${project}/global/networks/lan`,
          secondaryIpRanges: [{ rangeName: "p" }, { rangeName: "s" }],
        }
      : failing(`projects/${project}/regions/${region}/subnetworks/${name} not found`)(),
};

const GOOGLE_REFUSES: Readonly<Record<string, readonly [cluster: object, expected: RegExp]>> = {
  "a subnetwork that is not there": [
    google({ subnetwork: "node" }),
    /existing\.subnetwork is "node": is no subnetwork of europe-west1 in my-project; choose one of: gcloud compute/,
  ],
  "a subnetwork of another region": [
    google({ subnetwork: "projects/host/regions/us-east1/subnetworks/nodes" }),
    /existing\.subnetwork is .*: is no subnetwork of europe-west1 in host; choose one of/,
  ],
  "a network that is not the subnetwork's": [
    google({ name: "wan" }),
    /existing\.name is "wan": is not the network of the subnetwork nodes, which is lan; write that/,
  ],
  "secondary ranges that are not there": [
    google({ pods: "pods", services: "services" }),
    /existing\.pods is "pods": is no secondary range of .* nodes, which has p, s; choose one .*\n.*existing\.services is "services"/,
  ],
};

for (const [what, [cluster, expected]] of Object.entries(GOOGLE_REFUSES))
  test(`${what} is refused on GKE before anything is made`, () =>
    withEnvironment(LOGIN, async () => assert.match(await refused({ cluster }, GOOGLE), expected)));

test("a subnetwork that fits is taken, and so is one of which nobody may ask", () =>
  withEnvironment(LOGIN, async () => {
    const denied = failing("googleapi: Error 403: Required 'compute.subnetworks.get' permission");
    const shared = "projects/host/regions/europe-west1/subnetworks/nodes";
    for (const [subnetwork, calls] of [
      ["nodes", GOOGLE],
      [shared, GOOGLE],
      ["nodes", { [GET_SUBNETWORK]: denied }],
    ] as const) {
      const { inputs } = (await accepted(google({ subnetwork }), calls)).find(
        "gcp:container/cluster:Cluster",
      );
      assert.equal(inputs.subnetwork, subnetwork);
    }
  }));

const GET_NETWORK = "openstack:networking/getNetwork:getNetwork";
const GET_OPENSTACK_SUBNET = "openstack:networking/getSubnet:getSubnet";
const GET_MAGNUM = "openstack:containerinfra/getCluster:getCluster";

const openstack = (own: object) => ({
  provider: "magnum",
  template: "k8s-1.34",
  nodePools: { core: { machineType: "m1.large", max: 3, resources: { cores: 3.5, memory: "6G" } } },
  ...own,
});
const lan = (subnet?: string, name = "lan") => openstack({ network: { existing: { name, subnet } } });

const none = failing("Your query returned no results. Please change your search criteria and try again.");

/** A network and a subnet of it, each found by name and by id. */
const OPENSTACK: Calls = {
  [GET_NETWORK]: ({ name, networkId }) =>
    name === "lan" || networkId === "uuid-of-lan" ? { id: "uuid-of-lan" } : none(),
  [GET_OPENSTACK_SUBNET]: ({ name, subnetId, networkId }) =>
    networkId === "uuid-of-lan" && (name === "v4" || subnetId === "uuid-of-v4")
      ? { id: "uuid-of-v4" }
      : none(),
};

test("a network or a subnet that is not there is refused on Magnum before anything is made", () =>
  withEnvironment(LOGIN, async () => {
    const network = await refused({ cluster: lan("v4", "wan") }, OPENSTACK);
    assert.match(
      network,
      /existing\.name is "wan": is no network that this project sees; choose one of: openstack network list$/,
    );
    assert.match(
      await refused({ cluster: lan("v6") }, OPENSTACK),
      /existing\.subnet is "v6": is no subnet of the network lan; choose one of: openstack subnet list --network lan$/,
    );
  }));

test("a network is taken by name or id, and one that several are called by is left to Magnum", () =>
  withEnvironment(LOGIN, async () => {
    const several = { [GET_NETWORK]: failing("Your query returned more than one result.") };
    for (const [cluster, calls] of [
      [lan(), OPENSTACK],
      [lan("v4"), OPENSTACK],
      [lan("uuid-of-v4", "uuid-of-lan"), OPENSTACK],
      [lan("v4"), several],
    ] as const)
      assert.ok((await accepted(cluster, calls)).find("openstack:containerinfra/cluster:Cluster"));
  }));

const existing = openstack({ existing: "team", template: undefined, nodePools: {} });

test("an existing cluster of Magnum that is not the only one, or has not come up, is a clear error", () =>
  withEnvironment(LOGIN, async () => {
    const refusal = (getCluster: Calls[string]) =>
      refused({ cluster: existing }, { [GET_MAGNUM]: getCluster });
    assert.match(
      await refusal(failing("Multiple clusters exist with same name. Please use the cluster uuid instead.")),
      /cluster\.existing is "team": was not found \(Multiple clusters .*\); correct it, or look at it with: openstack/,
    );
    const notUp =
      /cluster\.existing is "team": has no kubeconfig, so it has not come up; look at it with: openstack coe cluster show team$/;
    const building = "Error building kubeconfig for x: but got 404 instead";
    const addressless = { kubeconfig: { raw_config: kubeconfigOf("") } };
    for (const answer of [failing(building), () => ({ kubeconfig: {} }), () => addressless])
      assert.match(await refusal(answer), notUp);
  }));

function kubeconfigOf(server: string): string {
  const named = (content: object) => [{ name: "team", ...content }];
  return JSON.stringify({
    clusters: named({ cluster: { server } }),
    users: named({ user: { token: "t" } }),
    contexts: named({ context: { cluster: "team", user: "team" } }),
    "current-context": "team",
  });
}

const TEAM_ID = "0d0a1d3e-7a4c-4d52-9f3c-0f6f4a2b7c11";
const TAKEN = "/api/v1/namespaces/of-somebody";

/** The API of a cluster in which somebody has a namespace. */
async function apiServer(): Promise<string> {
  const namespaces: Readonly<Record<string, object>> = {
    [TAKEN]: { metadata: { labels: {} } },
    "/api/v1/namespaces/kube-system": { metadata: { uid: "11111111-2222-3333-4444-555555555555" } },
  };
  const server = createServer(({ url = "" }, response) => {
    response.statusCode = url in namespaces ? 200 : 404;
    response.end(JSON.stringify(namespaces[url] ?? {}));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : undefined}`;
}

test("an existing cluster of Magnum is asked for taken namespaces, by its own kubeconfig or one of the settings", () =>
  withEnvironment(LOGIN, async () => {
    const raw_config = kubeconfigOf(await apiServer());
    const releases = { "of-somebody": { kind: "dask" } };
    const taken = /releases\.of-somebody\.namespace is .*: exists and is not this stack's/;
    const signed = { [GET_MAGNUM]: () => ({ id: TEAM_ID, kubeconfig: { raw_config } }) };
    assert.match(await refused({ cluster: existing, releases }, signed), taken);
    const secrets = { cluster: { kubeconfig: raw_config } };
    const unsigned = { [GET_MAGNUM]: () => ({ id: TEAM_ID, kubeconfig: {} }) };
    assert.match(await refused({ cluster: existing, releases, secrets }, unsigned), taken);
  }));

test("Magnum signs one certificate in a run, and the cluster is known by its id as in the stack's state", () =>
  withEnvironment(LOGIN, async () => {
    const raw_config = kubeconfigOf(await apiServer());
    let asked = 0;
    const state = {
      type: "pulumi:providers:kubernetes",
      outputs: { clusterIdentifier: TEAM_ID },
    };
    const made = await accepted(existing, {
      [GET_MAGNUM]: () => {
        asked++;
        return { id: TEAM_ID, masterAddresses: [], kubeconfig: { raw_config } };
      },
      "pulumi:pulumi:readStackResourceOutputs": () => ({
        outputs: { "urn:pulumi:test::dask::pulumi:providers:kubernetes::cluster": state },
      }),
    });
    const { inputs } = made.find("pulumi:providers:kubernetes", "cluster");
    assert.equal(inputs.clusterIdentifier, TEAM_ID);
    assert.deepEqual(inputs.kubeconfig, { secret: raw_config });
    assert.equal(asked, 1);
  }));
