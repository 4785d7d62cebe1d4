import assert from "node:assert/strict";
import { test } from "node:test";
import { onExisting } from "./existing-cluster.ts";
import { isSecret, type Registered, type Run, reaches } from "./mock-engine.ts";

const RELEASE = "kubernetes:helm.sh/v3:Release";
const SECRET = "kubernetes:core/v1:Secret";
const SERVICE = "kubernetes:core/v1:Service";
const JOB = "kubernetes:batch/v1:Job";
const TOKEN = "random:index/randomBytes:RandomBytes";

const hub = { host: "hub.example.org", tls: { kind: "offload" } };
/** What the program reads from the real parts: the Postgres' identity, and the Service that the chart made. */
const world = {
  states: {
    "kubernetes:postgresql.cnpg.io/v1:Cluster": withUid,
    [SERVICE]: () => ({
      spec: { type: "LoadBalancer" },
      status: { loadBalancer: { ingress: [{ ip: "203.0.113.10" }] } },
    }),
  },
};

function withUid(name: string, inputs: Record<string, unknown>): Record<string, unknown> {
  return { metadata: { ...(inputs.metadata as object), uid: `uid-of-${name}` } };
}

const stack = (releases: Record<string, unknown>, more: object = {}) =>
  onExisting({ releases, ...more }, world);
const daskhub = (more: object = {}) => stack({ team: { kind: "daskhub", ...hub, ...more } });

interface HubValues {
  readonly hub: { readonly existingSecret: string; readonly services: Record<string, { url: string }> };
  readonly proxy: { readonly secretToken: unknown };
}
interface GatewayValues {
  readonly gateway: {
    readonly prefix: string;
    readonly auth: { readonly jupyterhub: Record<string, string> };
  };
}
const values = <Of>(release: Registered) => release.inputs.values as Of;

/** Names of the resources of a type that a resource depends on, over however many others. */
function before(run: Run, resource: Registered, type: string): string[] {
  const urns = reaches(run, resource);
  return run.resources.filter((each) => each.type === type && urns.has(each.urn)).map((each) => each.name);
}

test("a daskhub is a hub and a gateway in one namespace, made beside each other; the smoke test comes after both", async () => {
  const run = await daskhub();
  const component = run.find("dask:index:DaskHub", "team").urn;
  const inner = run.find("dask:index:JupyterHub", "team");
  const gateway = run.find("dask:index:DaskGateway", "team-dask-gateway");
  assert.equal(inner.parent, component);
  assert.equal(gateway.parent, component);
  assert.equal(run.find(RELEASE, "team").parent, inner.urn);
  assert.equal(run.find(RELEASE, "team-dask-gateway").parent, gateway.urn);
  assert.deepEqual(
    ["team", "team-dask-gateway"].map((name) => run.find(RELEASE, name).inputs.namespace),
    ["team", "team"],
  );
  assert.ok(!before(run, run.find(RELEASE, "team-dask-gateway"), RELEASE).includes("team"));
  const tested = before(run, run.find(JOB, "team-smoke-test"), RELEASE);
  assert.ok(tested.includes("team") && tested.includes("team-dask-gateway"));
});

test("the hub waits for its Postgres, and that for the operator", async () => {
  const run = await daskhub();
  const release = run.find(RELEASE, "team");
  assert.deepEqual(before(run, release, "kubernetes:postgresql.cnpg.io/v1:Cluster").length, 1);
  assert.ok(before(run, release, RELEASE).length >= 1, "no operator stands before the hub");
  const own = await daskhub({ database: { kind: "sqlite" } });
  assert.deepEqual(before(own, own.find(RELEASE, "team"), RELEASE), []);
});

test("the gateway asks the hub with the token that the hub has for it, and demands the scope", async () => {
  const run = await daskhub();
  const { jupyterhub } = values<GatewayValues>(run.find(RELEASE, "team-dask-gateway")).gateway.auth;
  const { existingSecret, services } = values<HubValues>(run.find(RELEASE, "team")).hub;
  const key = "hub.services.dask-gateway.apiToken";
  assert.deepEqual(jupyterhub, {
    apiUrl: "http://hub:8081/hub/api",
    apiTokenFromSecretName: existingSecret,
    apiTokenFromSecretKey: key,
    jupyterhubServiceName: "dask-gateway",
  });
  assert.equal(services["dask-gateway"]?.url, "http://traefik-team-dask-gateway");
  const data = (run.find(SECRET, "team-hub").inputs.stringData as { secret: object }).secret;
  assert.deepEqual(Object.keys(data).sort(), [
    "hub.config.CryptKeeper.keys",
    "hub.config.JupyterHub.cookie_secret",
    key,
    "hub.services.smoke-test.apiToken",
    "userPassword",
  ]);
});

test("every token is generated, secret, and in no plain input of any resource", async () => {
  const run = await daskhub();
  const tokens = run.all(TOKEN).map((each) => each.name);
  for (const name of ["proxy-token", "cookie-secret", "crypt-key", "dask-gateway-token", "user-password"])
    assert.ok(tokens.includes(`team-${name}`), `${name} among ${tokens}`);
  for (const each of run.resources) assert.doesNotMatch(plainText(each.inputs), /hex-of-/, each.urn);
  assert.deepEqual(values<HubValues>(run.find(RELEASE, "team")).proxy.secretToken, {
    secret: "hex-of-team-proxy-token",
  });
  assert.ok(await isSecret(run.stackOutputs.credentials));
  assert.deepEqual(run.outputs.credentials, { team: { userPassword: "hex-of-team-user-password" } });
});

/** Inputs as text, with what is marked secret left out. */
function plainText(inputs: unknown): string {
  return JSON.stringify(inputs, (_, value: unknown) =>
    typeof value === "object" && value !== null && "secret" in value && Object.keys(value).length === 1
      ? "secret"
      : value,
  );
}

test("Secrets are immutable and named by the engine, so that pods follow a new value", async () => {
  const run = await daskhub();
  const { inputs } = run.find(SECRET, "team-hub");
  assert.equal(inputs.immutable, true);
  assert.ok(!("name" in (inputs.metadata as object)));
  assert.equal(values<HubValues>(run.find(RELEASE, "team")).hub.existingSecret, "team-hub-1a2b3c");
});

test("the secrets of the user's reach the hub by its Secret alone", async () => {
  const auth = { kind: "github", clientId: "id", organizations: ["example"] };
  const run = await stack(
    { team: { kind: "jupyterhub", host: "hub.example.org", tls: { kind: "manual" }, auth } },
    { secrets: { team: { clientSecret: "SHH", tlsKey: "KEY-PEM", tlsCertificate: "CRT-PEM" } } },
  );
  for (const each of run.resources)
    assert.doesNotMatch(plainText(each.inputs), /SHH|KEY-PEM|CRT-PEM/, each.urn);
  assert.match(JSON.stringify(run.find(SECRET, "team-hub").inputs), /"clientSecret":"SHH"/);
  assert.equal(run.find(SECRET, "team-tls").inputs.type, "kubernetes.io/tls");
  const { team } = run.outputs.endpoints as Record<string, Record<string, string>>;
  assert.equal(team?.callback, "https://hub.example.org/hub/oauth_callback");
  assert.equal(team?.hub, "https://hub.example.org");
});

test("the hub's address is read from its Service after the release", async () => {
  const run = await stack({
    one: { kind: "jupyterhub", tls: { kind: "offload" } },
    two: { kind: "jupyterhub", tls: { kind: "offload" } },
  });
  const { one, two } = run.outputs.endpoints as Record<string, Record<string, string>>;
  assert.deepEqual([one?.hub, two?.hub], ["https://203.0.113.10", "https://203.0.113.10"]);
});

test("a hub inside the cluster gives the line that forwards its port", async () => {
  const run = await stack({ team: { kind: "jupyterhub", expose: "ClusterIP" } });
  const { team } = run.outputs.endpoints as Record<string, Record<string, string>>;
  assert.equal(team?.hub, "kubectl port-forward -n team service/proxy-public 8000:80");
});

test("the smoke test has a token of its own from the Secret and goes through the hub's proxy", async () => {
  const env = async (kind: string, more: object) => {
    const run = await stack({ team: { kind, ...more } });
    const { spec } = run.find(JOB, "team-smoke-test").inputs as {
      spec: {
        template: {
          spec: { containers: { env: { name: string; value?: string; valueFrom?: unknown }[] }[] };
        };
      };
    };
    return Object.fromEntries(
      (spec.template.spec.containers[0]?.env ?? []).map(({ name, value, valueFrom }) => [
        name,
        value ?? valueFrom,
      ]),
    );
  };
  const token = { secretKeyRef: { name: "team-hub-1a2b3c", key: "hub.services.smoke-test.apiToken" } };
  const plain = await env("jupyterhub", { expose: "ClusterIP" });
  assert.deepEqual({ HUB: plain.HUB, TOKEN: plain.TOKEN }, { HUB: "http://proxy-public", TOKEN: token });
  const dask = await env("daskhub", {
    host: "hub.example.org",
    tls: { kind: "letsencrypt", email: "a@example.org" },
  });
  assert.equal(dask.GATEWAY, "http://proxy-http:8000/services/dask-gateway");
  assert.equal(dask.PROXY, "gateway://traefik-team-dask-gateway:80");
  assert.deepEqual(dask.LOGIN_SECRET, token);
});

test("without smoke test the hub knows no service for it", async () => {
  const run = await daskhub({ smokeTest: false });
  assert.deepEqual(run.all(JOB), []);
  assert.deepEqual(Object.keys(values<HubValues>(run.find(RELEASE, "team")).hub.services), ["dask-gateway"]);
  assert.doesNotMatch(JSON.stringify(run.find(SECRET, "team-hub").inputs), /smoke-test/);
});

test("the umbrella is one release with the same values nested, and without keys that it does not know", async () => {
  const run = await daskhub({ distribution: "umbrella" });
  const { inputs } = run.find(RELEASE, "team");
  assert.deepEqual(
    { chart: inputs.chart, version: inputs.version },
    { chart: "daskhub", version: "2024.1.1" },
  );
  const nested = inputs.values as { jupyterhub: HubValues; "dask-gateway": GatewayValues };
  assert.equal(nested.jupyterhub.hub.services["dask-gateway"]?.url, "http://traefik-team-dask-gateway");
  const { auth, prefix } = nested["dask-gateway"].gateway;
  assert.equal(prefix, "/services/dask-gateway");
  assert.equal(auth.jupyterhub.apiTokenFromSecretName, nested.jupyterhub.hub.existingSecret);
  assert.ok(!("jupyterhubServiceName" in auth.jupyterhub));
});

test("placeholders give way to users, nothing waits for them, and their image can be a mirror's", async () => {
  const pauseImage = `mirror.example.org/pause:3.10.1@sha256:${"a".repeat(64)}`;
  const run = await stack({ team: { kind: "jupyterhub", expose: "ClusterIP", placeholders: 2, pauseImage } });
  const priority = run.find("kubernetes:scheduling.k8s.io/v1:PriorityClass");
  assert.equal(priority.inputs.value, -10);
  const { inputs } = run.find("kubernetes:apps/v1:Deployment");
  assert.match(JSON.stringify(inputs.metadata), /"pulumi.com\/skipAwait":"true"/);
  const { replicas, template } = inputs.spec as PlaceholderSpec;
  assert.equal(replicas, 2);
  assert.deepEqual(
    template.spec.containers.map(({ image }) => image),
    [pauseImage],
  );
  const { name, tag } = hubPart(run.find(RELEASE, "team")).prePuller.pause.image;
  assert.equal(`${name}:${tag}`, pauseImage);
});

interface PlaceholderSpec {
  readonly replicas: number;
  readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
}

for (const [kind, distribution] of [["jupyterhub"], ["daskhub", "charts"], ["daskhub", "umbrella"]]) {
  test(`KubeCluster works in the notebooks of a ${kind} ${distribution ?? ""}, which goes before the operator it names`, async () => {
    const run = await stack({
      team: { kind, ...(distribution === undefined ? {} : { distribution }), ...hub, operator: "ops" },
      ops: { kind: "dask-operator", namespaces: ["team"] },
    });
    const release = run.find(RELEASE, "team");
    for (const needed of ["ops", "ops-end-clusters"])
      assert.ok(before(run, release, RELEASE).includes(needed), needed);
    assert.ok(before(run, release, "kubernetes:core/v1:ServiceAccount").includes("ops-user-team"));
    const account = run.find("kubernetes:core/v1:ServiceAccount", "ops-user-team").inputs.metadata;
    const { singleuser } = hubPart(release);
    assert.deepEqual(account, { name: singleuser.serviceAccountName, namespace: "team" });
    assert.equal(singleuser.extraEnv.DASK_KUBERNETES__NAME, "dask-{{user}}-{{uuid}}");
    assert.match(JSON.stringify(singleuser.networkPolicy), /"dask.org\/component":"scheduler"/);
    assert.deepEqual(Object.keys(run.outputs.endpoints as object), ["team", "ops"]);
  });
}

interface NotebookValues {
  readonly prePuller: { readonly pause: { readonly image: { readonly name: string; readonly tag: string } } };
  readonly singleuser: {
    readonly serviceAccountName: string;
    readonly extraEnv: Record<string, string>;
    readonly networkPolicy: object;
  };
}

/** The values of the `jupyterhub` chart, which the umbrella nests. */
function hubPart(release: Registered): NotebookValues {
  const all = release.inputs.values as NotebookValues & { readonly jupyterhub?: NotebookValues };
  return all.jupyterhub ?? all;
}

test("a hub that names no operator neither waits for one nor has its account", async () => {
  const run = await stack({
    ops: { kind: "dask-operator", namespaces: ["team"] },
    team: { kind: "jupyterhub", expose: "ClusterIP" },
  });
  const release = run.find(RELEASE, "team");
  assert.ok(!before(run, release, RELEASE).includes("ops"));
  assert.ok(!("serviceAccountName" in hubPart(release).singleuser));
});
