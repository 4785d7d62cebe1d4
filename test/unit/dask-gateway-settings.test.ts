import assert from "node:assert/strict";
import { test } from "node:test";
import { takenClusterRoles } from "../../preflight/cluster-roles.ts";
import type { ApiClient } from "../../providers/existing/api-client.ts";
import { parseSettings } from "../../settings/parse.ts";

const cluster = { provider: "existing", expose: "LoadBalancer" };

function parse(gate: object, more: object = {}) {
  return parseSettings({ cluster, releases: { gate: { kind: "dask-gateway", ...gate } }, ...more });
}

/** Settings that are refused, with the words of the refusal. */
const refused: readonly (readonly [string, () => unknown, RegExp])[] = [
  [
    "limits in cores",
    () => parse({ limits: { cores: 1.5 } }),
    /limits\.cores is 1\.5: is less than a scheduler and one worker need; raise it to at least 2/,
  ],
  [
    "limits in memory",
    () => parse({ limits: { memory: "5G" } }),
    /limits\.memory is "5G": .*raise it to at least 6000M/,
  ],
  [
    "a range beyond the limits",
    () => parse({ limits: { cores: 9 }, options: { workerCores: { max: 16 } } }),
    /options\.workerCores\.max is 16: does not fit limits\.cores beside the scheduler; lower it to 8/,
  ],
  [
    "a range without the default",
    () => parse({ options: { workerMemory: { min: "8G", max: "16G" } } }),
    /options\.workerMemory .*leaves out worker\.memory.*\(4000M\); widen the range/,
  ],
  [
    "an idle timeout of zero",
    () => parse({ limits: { idle: "0m" } }),
    /limits\.idle is "0m": must be a whole number with s, m, h or d; write 30m/,
  ],
  [
    "an idle timeout that is a number",
    () => parse({ limits: { idle: 0 } }),
    /limits\.idle is 0: must be a whole number/,
  ],
  ["binary memory", () => parse({ worker: { memory: "4Gi" } }), /worker\.memory is "4Gi": .*write 4G/],
  [
    "the image tag latest",
    () => parse({ image: "example.org/dask:latest" }),
    /image .*must have a fixed tag, not latest; name a release/,
  ],
  [
    "an image without a tag",
    () => parse({ image: "example.org/dask" }),
    /image .*has no tag; add a fixed one, like :2025\.11\.13, or a digest/,
  ],
  [
    "an image of the options without a tag",
    () => parse({ options: { image: ["dask"] } }),
    /options\.image\[0\] .*has no tag; add a fixed one/,
  ],
  [
    "a variable of the gateway's own",
    () => parse({ environment: { DASK_GATEWAY_API_TOKEN: "x" } }),
    /environment\.DASK_GATEWAY_API_TOKEN is set by the gateway itself; remove it/,
  ],
  ["the image's variable", () => parse({ environment: { DASK_CLUSTER_IMAGE: "x" } }), /is set by the stack/],
  [
    "HTTP's port for schedulers",
    () => parse({ proxy: { schedulerPort: 80 } }),
    /schedulerPort is 80: is HTTP's own port/,
  ],
  [
    "exposure to anybody",
    () => parse({ expose: {} }),
    /expose .*sends password and cluster keys in clear over HTTP; add allowFrom/,
  ],
  [
    "exposure where there is none",
    () => parse({ expose: { allowFrom: ["10.0.0.0/8"] } }, { cluster: { provider: "existing" } }),
    /exposes nothing/,
  ],
  [
    "a password in plain values",
    () => parse({ values: { gateway: { auth: { simple: { password: "hunter2" } } } } }),
    /values\.gateway\.auth\.simple\.password is a secret among the plain settings/,
  ],
  [
    "other names in values",
    () => parse({ values: { fullnameOverride: "x" } }),
    /values\.fullnameOverride .*changes the names/,
  ],
  [
    "a hub without a token",
    () => parse({ auth: "jupyterhub", smokeTest: false }),
    /auth needs the gateway's token at the hub; name its Secret in auth\.secret, or set dask:secrets\.gate\.apiToken/,
  ],
  [
    "a hub without an address",
    () => parse({ auth: "jupyterhub", smokeTest: false }),
    /auth\.apiUrl is missing, and the hub is not known/,
  ],
  [
    "two tokens",
    () =>
      parse(
        { auth: { kind: "jupyterhub", secret: {} }, smokeTest: false },
        { secrets: { gate: { apiToken: "hunter2" } } },
      ),
    /auth\.secret .*stands beside dask:secrets\.gate\.apiToken; keep one/,
  ],
  [
    "a Secret in a namespace that the stack makes",
    () => parse({ auth: { kind: "jupyterhub", secret: {} }, smokeTest: false }),
    /auth\.secret .*cannot be there in time, .*namespace: \{ name: gate, create: false \}.*set apiUrl and dask:secrets\.gate\.apiToken/,
  ],
  [
    "the Secret of a hub of the same stack",
    () => {
      const namespace = { name: "team", create: false };
      const gate = {
        kind: "dask-gateway",
        namespace,
        auth: { kind: "jupyterhub", secret: {} },
        smokeTest: false,
      };
      const hub = { kind: "jupyterhub", namespace, expose: "ClusterIP" };
      return parseSettings({ cluster, releases: { hub, gate } });
    },
    /gate\.auth\.secret .*asks for a token of hub, a hub of this stack.*; use kind: daskhub/,
  ],
  [
    "a hub and a test without a user",
    () => parse({ auth: { kind: "jupyterhub", secret: {} } }),
    /smokeTest needs a user's token at the hub; set dask:secrets\.gate\.smokeTestToken/,
  ],
  [
    "an unknown way to sign in",
    () => parse({ auth: "kerberos" }),
    /auth is "kerberos": must be password, jupyterhub or/,
  ],
  [
    "a path with a slash at its end",
    () => parse({ prefix: "/dask/" }),
    /prefix .*without a slash at its end; write \/dask/,
  ],
  [
    "a long name",
    () => parseSettings({ cluster, releases: { ["g".repeat(40)]: { kind: "dask-gateway" } } }),
    /has 40 characters and names that follow from it would be too long; use at most 39/,
  ],
  ["an unknown key", () => parse({ idleTimeout: "30m" }), /unknown key/],
];
for (const [what, read, words] of refused) {
  test(`${what} is refused with the remedy`, () => {
    assert.throws(read, (error: Error) => {
      assert.match(error.message, words);
      assert.ok(!error.message.includes("hunter2"), error.message);
      return true;
    });
  });
}

test("two gateways whose cluster-wide objects would have one name are refused, in whatever namespaces", () => {
  const releases = { a: { kind: "dask-gateway" }, "a-dask-gateway": { kind: "dask-gateway" } };
  assert.throws(
    () => parseSettings({ cluster, releases }),
    /dask:releases\.a-dask-gateway and a would both make the ClusterRole api-a-dask-gateway; rename one/,
  );
});

test("gateways of different charts are refused while the stack keeps the CRDs, and no longer", () => {
  const releases = {
    a: { kind: "dask-gateway" },
    b: { kind: "dask-gateway", chart: { version: "2025.4.0" } },
  };
  assert.throws(
    () => parseSettings({ cluster, releases }),
    /dask:releases\.b\.chart and a would bring different CRDs of DaskCluster and Traefik to one cluster/,
  );
  assert.ok(parseSettings({ cluster, releases, crds: "present" }));
});

test("a hub elsewhere is taken with its address and its tokens among the secrets", () => {
  const auth = { kind: "jupyterhub", apiUrl: "https://hub.example.org/hub/api" };
  const secrets = { gate: { apiToken: "a", smokeTestToken: "b" } };
  const { gate } = parse({ auth }, { secrets }).releases;
  assert.equal(gate?.kind === "dask-gateway" && gate.auth.kind, "jupyterhub");
});

/** An API server that holds one ClusterRole of a Helm release. */
function api(role: string, namespace?: string, release?: string): ApiClient {
  const annotations = { "meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": namespace };
  const object = { metadata: namespace === undefined ? {} : { annotations } };
  const get = async (path: string) =>
    path === `/apis/rbac.authorization.k8s.io/v1/clusterroles/${role}`
      ? { kind: "found" as const, object }
      : { kind: "absent" as const };
  return { server: "https://cluster", get };
}

test("a ClusterRole of another Helm release stands in the way, one of our own or none does not", async () => {
  const settings = parse({});
  const role = "api-gate-dask-gateway";
  assert.deepEqual(await takenClusterRoles(settings, api("other")), []);
  assert.deepEqual(await takenClusterRoles(settings, api(role, "gate", "gate")), []);
  const [taken] = await takenClusterRoles(settings, api(role, "team", "gate"));
  assert.match(
    taken?.message ?? "",
    /ClusterRole api-gate-dask-gateway, which belongs to the Helm release team\/gate/,
  );
  const [foreign] = await takenClusterRoles(settings, api(role));
  assert.match(
    foreign?.message ?? "",
    /was made by other means; choose another name for this release, like gate-2, and keep its namespace with namespace: gate/,
  );
});

test("so does the ClusterRole of a hub's own scheduler, and of a hub without one nothing does", async () => {
  const hub = (kind: string, more: object) =>
    parseSettings({ cluster, releases: { team: { kind, expose: "ClusterIP", ...more } } });
  const server = api("team-user-scheduler", "elsewhere", "team");
  for (const [kind, more] of [
    ["jupyterhub", {}],
    ["daskhub", {}],
    ["daskhub", { distribution: "umbrella" }],
  ] as const) {
    const [taken, ...others] = await takenClusterRoles(hub(kind, { ...more, userScheduler: true }), server);
    assert.match(
      taken?.message ?? "",
      /ClusterRole team-user-scheduler, which belongs to the Helm release elsewhere\/team/,
    );
    assert.deepEqual(others, []);
    assert.deepEqual(await takenClusterRoles(hub(kind, more), server), []);
  }
});
