import assert from "node:assert/strict";
import { test } from "node:test";
import { onExisting } from "./existing-cluster.ts";
import { isSecret, type Registered, type RunOptions, reaches, value } from "./mock-engine.ts";

const RELEASE = "kubernetes:helm.sh/v3:Release";
const SECRET = "kubernetes:core/v1:Secret";
const JOB = "kubernetes:batch/v1:Job";
const CRD = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition";
const SERVICE = "kubernetes:core/v1:Service";
const TEMPLATE = "kubernetes:helm:template";

const crd = (name: string) => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name, annotations: { "controller-gen": "v1" } },
  spec: {
    group: "example.org",
    names: { plural: name.split(".")[0] },
    versions: [{ name: "v1", served: true }],
  },
});
const deployment = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "api" }, spec: {} };
const chart = [crd("daskclusters.gateway.dask.org"), deployment, crd("middlewares.traefik.io")];

/** The Service of a gateway's proxy as the cluster gives it. */
const service = (type: string) => () => ({
  spec: { type, ports: [{ port: 80, nodePort: 30080 }] },
  status: { loadBalancer: { ingress: [{ ip: "203.0.113.10" }] } },
});

function gateway(gate: object = {}, more: object = {}, options: RunOptions = {}) {
  const states = { [SERVICE]: service("LoadBalancer") };
  return onExisting(
    { releases: { gate: { kind: "dask-gateway", ...gate } }, ...more },
    { states, calls: { [TEMPLATE]: () => ({ result: chart }) }, ...options },
  );
}

interface Values {
  readonly gateway: {
    readonly env: readonly {
      readonly name: string;
      readonly valueFrom: { readonly secretKeyRef: { readonly name: string; readonly key: string } };
    }[];
    readonly auth: Record<string, unknown>;
    readonly prefix: string;
  };
  readonly traefik: { readonly service: Record<string, unknown> };
}
const values = (release: Registered) => release.inputs.values as Values;

/** The environment of a smoke test's container by name. */
function environment(job: Registered) {
  const { template } = job.inputs.spec as {
    template: { spec: { containers: { env: { name: string; value?: string; valueFrom?: unknown }[] }[] } };
  };
  const env = template.spec.containers[0]?.env ?? [];
  return Object.fromEntries(env.map((each) => [each.name, each.value ?? each.valueFrom]));
}

test("a gateway is one component with its release, password, Secret and smoke test as children", async () => {
  const run = await gateway();
  const { urn } = run.find("dask:index:DaskGateway", "gate");
  for (const type of [RELEASE, SECRET, JOB, "random:index/randomBytes:RandomBytes"])
    assert.equal(
      run
        .all(type)
        .find((each) => each.parent === urn)
        ?.name.split("-")[0],
      "gate",
      type,
    );
  assert.equal(run.find(RELEASE, "gate").inputs.skipCrds, true);
});

test("the password is generated, kept in an immutable Secret, read from there and put out as a secret", async () => {
  const run = await gateway();
  const secret = run.find(SECRET, "gate-password");
  assert.equal(secret.inputs.immutable, true);
  assert.deepEqual(secret.inputs.stringData, { secret: { password: "hex-of-gate-password" } });
  const [variable] = values(run.find(RELEASE, "gate")).gateway.env;
  assert.match(variable?.valueFrom.secretKeyRef.name ?? "", /^gate-password-/);
  assert.equal(variable?.valueFrom.secretKeyRef.key, "password");
  assert.ok(!JSON.stringify(run.find(RELEASE, "gate").inputs).includes("hex-of"));
  assert.ok(!JSON.stringify(run.find(JOB, "gate-smoke-test").inputs).includes("hex-of"));
  assert.ok(await isSecret(run.stackOutputs.credentials));
  assert.equal((await value(run.stackOutputs.credentials)).gate?.password, "hex-of-gate-password");
});

test("CRDs come from the release's chart, are applied by force before it and stay on destroy", async () => {
  const asked: unknown[] = [];
  const read = (inputs: Record<string, unknown>) => {
    asked.push(JSON.parse(String(inputs.jsonOpts)));
    return { result: chart };
  };
  const run = await gateway({ chart: { version: "2025.4.0" } }, {}, { calls: { [TEMPLATE]: read } });
  assert.equal((asked[0] as { version: string }).version, "2025.4.0");
  const crds = run.all(CRD);
  assert.deepEqual(
    crds.map(({ name }) => name),
    ["daskclusters.gateway.dask.org", "middlewares.traefik.io"],
  );
  const before = reaches(run, run.find(RELEASE, "gate"));
  for (const { urn, inputs, retainOnDelete } of crds) {
    assert.ok(retainOnDelete);
    assert.ok(before.has(urn));
    const { annotations } = inputs.metadata as { annotations: Record<string, string> };
    assert.equal(annotations["pulumi.com/patchForce"], "true");
    assert.equal(annotations["pulumi.com/patchFieldManager"], "pulumi-dask");
    assert.equal(annotations["controller-gen"], "v1");
  }
});

test("CRDs that stay are named in the outputs, those of a hub's Postgres too", async () => {
  const names = async (more: object) => {
    const { stackOutputs } = await gateway({}, more);
    return Promise.all((stackOutputs.kept.CustomResourceDefinitions ?? []).map((each) => value(each)));
  };
  const own = ["daskclusters.gateway.dask.org", "middlewares.traefik.io"];
  assert.deepEqual(await names({}), own);
  assert.deepEqual(await names({ crds: "own" }), []);
  assert.deepEqual(await names({ crds: "present" }), []);
  const hub = { kind: "jupyterhub", host: "hub.example.org", tls: { kind: "offload" } };
  const releases = { gate: { kind: "dask-gateway" }, hub };
  assert.deepEqual(await names({ releases }), [...own, "*.postgresql.cnpg.io"]);
});

test("CRDs that the stack owns carry its label and go with it, those of the database operator too", async () => {
  const hub = { kind: "jupyterhub", host: "hub.example.org", tls: { kind: "offload" }, smokeTest: false };
  const run = await gateway({}, { crds: "own", releases: { gate: { kind: "dask-gateway" }, hub } });
  const crds = run.all(CRD);
  assert.equal(crds.length, 2);
  for (const { inputs, retainOnDelete } of crds) {
    assert.ok(retainOnDelete !== true);
    const { labels } = inputs.metadata as { labels: Record<string, string> };
    assert.match(labels["dask-stack"] ?? "", /^\S+\.\S+\.\S+$/);
  }
  const operator = run.find(RELEASE, "cloudnative-pg");
  assert.deepEqual((operator.inputs.values as { crds: object }).crds, { create: false });
  for (const { urn } of crds) assert.ok(reaches(run, operator).has(urn));
});

test("the provider that reads charts knows no cluster, and CRDs that are present are left alone", async () => {
  const run = await gateway();
  assert.match(String(run.find("pulumi:providers:kubernetes", "charts").inputs.kubeconfig), /none/);
  const present = await gateway(
    {},
    { crds: "present" },
    { calls: { [TEMPLATE]: () => assert.fail("asked") } },
  );
  assert.deepEqual(present.all(CRD), []);
  assert.deepEqual(
    present.all("pulumi:providers:kubernetes").map(({ name }) => name),
    ["cluster"],
  );
});

test("two gateways share one set of CRDs", async () => {
  const releases = { a: { kind: "dask-gateway" }, b: { kind: "dask-gateway" } };
  const run = await gateway({}, { releases });
  assert.equal(run.all(CRD).length, 2);
  assert.equal(run.all(RELEASE).filter(({ inputs }) => inputs.chart === "dask-gateway").length, 2);
});

test("inside only, the gateway is a port-forward line and an address for pods", async () => {
  const { stackOutputs } = await gateway({ proxy: { schedulerPort: 8786 } });
  const endpoints = await value(stackOutputs.endpoints.gate ?? {});
  assert.deepEqual(endpoints, {
    gateway: "kubectl port-forward -n gate service/traefik-gate-dask-gateway 8000:80",
    proxy: "kubectl port-forward -n gate service/traefik-gate-dask-gateway 8786:8786",
    gatewayInCluster: "http://traefik-gate-dask-gateway.gate",
  });
});

test("exposed, its addresses are read from the chart's Service after the release", async () => {
  const expose = { allowFrom: ["198.51.100.0/24"], address: "203.0.113.10" };
  const run = await gateway({ expose, prefix: "/dask", proxy: { schedulerPort: 8786 } });
  assert.deepEqual(values(run.find(RELEASE, "gate")).traefik.service, {
    type: "LoadBalancer",
    annotations: {},
    spec: { loadBalancerIP: "203.0.113.10", loadBalancerSourceRanges: ["198.51.100.0/24"] },
    ports: { web: { port: 80 }, tcp: { port: 8786 } },
  });
  assert.deepEqual(await value(run.stackOutputs.endpoints.gate ?? {}), {
    gateway: "http://203.0.113.10/dask",
    proxy: "gateway://203.0.113.10:8786",
    gatewayInCluster: "http://traefik-gate-dask-gateway.gate/dask",
  });
});

test("on a node port, the address is the node's", async () => {
  const cluster = { expose: "NodePort", nodeAddress: "192.0.2.7" };
  const expose = { allowFrom: ["0.0.0.0/0"] };
  const run = await gateway(
    { expose },
    { cluster },
    {
      states: { [SERVICE]: service("NodePort") },
      calls: { [TEMPLATE]: () => ({ result: chart }) },
    },
  );
  const { gateway: address } = await value(run.stackOutputs.endpoints.gate ?? {});
  assert.equal(address, "http://192.0.2.7:30080");
});

test("the smoke test signs in with the password from the Secret, after the release", async () => {
  const run = await gateway();
  const job = run.find(JOB, "gate-smoke-test");
  const { ORDER, LOGIN_SECRET, ...rest } = environment(job);
  assert.deepEqual(rest, {
    GATEWAY: "http://traefik-gate-dask-gateway.gate",
    PROXY: "gateway://traefik-gate-dask-gateway.gate:80",
    LOGIN: "password",
  });
  assert.match(JSON.stringify(LOGIN_SECRET), /"key":"password","name":"gate-password-/);
  assert.equal(JSON.parse(String(ORDER)).workers, 2);
  assert.ok(reaches(run, job).has(run.find(RELEASE, "gate").urn));
  const without = await gateway({ smokeTest: false });
  assert.deepEqual(without.all(JOB), []);
});

test("a hub elsewhere is asked with the stack's own token, which only Secrets hold", async () => {
  const apiUrl = "https://hub.example.org/hub/api";
  const secrets = { gate: { apiToken: "token-of-gateway", smokeTestToken: "token-of-user" } };
  const run = await gateway({ auth: { kind: "jupyterhub", apiUrl } }, { secrets });
  const { auth, env } = values(run.find(RELEASE, "gate")).gateway;
  assert.deepEqual(env, []);
  const { apiTokenFromSecretName, ...hub } = auth.jupyterhub as Record<string, string>;
  assert.match(apiTokenFromSecretName ?? "", /^gate-apitoken-/);
  assert.deepEqual(hub, { apiUrl, apiTokenFromSecretKey: "apiToken", jupyterhubServiceName: "dask-gateway" });
  assert.equal(environment(run.find(JOB, "gate-smoke-test")).LOGIN, "jupyterhub");
  for (const { type, inputs } of run.resources)
    if (type !== SECRET) assert.ok(!/token-of-/.test(JSON.stringify(inputs)), type);
  assert.deepEqual(run.find(SECRET, "gate-apitoken").inputs.stringData, {
    secret: { apiToken: "token-of-gateway" },
  });
});

test("a hub of the same namespace is asked with the token in its Secret", async () => {
  const auth = { kind: "jupyterhub", secret: {} };
  const namespace = { name: "gate", create: false };
  const run = await gateway({ auth, namespace, smokeTest: false });
  assert.deepEqual(values(run.find(RELEASE, "gate")).gateway.auth.jupyterhub, {
    apiUrl: "http://hub:8081/hub/api",
    apiTokenFromSecretName: "hub",
    apiTokenFromSecretKey: "hub.services.dask-gateway.apiToken",
    jupyterhubServiceName: "dask-gateway",
  });
  assert.deepEqual(run.all(SECRET), []);
  assert.deepEqual(await value(run.stackOutputs.credentials), { gate: {} });
});

test("where the namespace stays, the clusters of a gateway end after it and before anything that they need", async () => {
  const drains = (run: Awaited<ReturnType<typeof gateway>>) =>
    run.all(RELEASE).filter(({ name }) => name.endsWith("-drain"));
  assert.deepEqual(drains(await gateway()), []);

  const run = await gateway({ namespace: { name: "lent", create: false } });
  const [drain] = drains(run);
  assert.equal(drain?.name, "gate-drain");
  assert.ok(reaches(run, run.find(RELEASE, "gate")).has(drain.urn));
  const { values } = drain.inputs as { values: { env: { OWNERS: string; TARGETS: string }; image: string } };
  assert.equal(values.image, "docker.io/library/python:3.13-alpine");
  const targets = JSON.parse(values.env.TARGETS) as { resource: string; labels: Record<string, string> }[];
  assert.deepEqual(
    targets.map(({ resource }) => resource),
    ["daskclusters", "pods", "pods"],
  );
  for (const { labels } of targets) assert.equal(labels["gateway.dask.org/instance"], "gate-dask-gateway");
  const owners = JSON.parse(values.env.OWNERS) as { name: string }[];
  assert.deepEqual(
    owners.map(({ name }) => name),
    ["api-gate-dask-gateway"],
  );
});
