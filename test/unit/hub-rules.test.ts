import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSettings } from "../../settings/parse.ts";
import { SettingsError } from "../../settings/problems.ts";

type Input = Record<string, unknown>;

/** The problems of a stack with one hub, as lines; `more` are other keys of the stack. */
function problems(hub: Input, more: Input = {}, kind = "jupyterhub"): string[] {
  const { releases = {}, ...rest } = more as { releases?: Input };
  const input = {
    cluster: { provider: "existing", expose: "LoadBalancer" },
    releases: { hub: { kind, ...hub }, ...releases },
    ...rest,
  };
  try {
    parseSettings(input);
    return [];
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.problems.map(({ key, value, message }) => `${key} ${value ?? ""} ${message}`);
  }
}

function refused(found: string[], ...expected: RegExp[]): void {
  assert.equal(found.length, expected.length, found.join("\n"));
  for (const [index, each] of expected.entries()) assert.match(found[index] ?? "", each);
}

const offload = { tls: { kind: "offload" } };
const github = { kind: "github", clientId: "id", organizations: ["example"] };
const secret = { secrets: { hub: { clientSecret: "shh" } } };

test("a hub with TLS, a host and a client secret passes, and so does one inside the cluster without them", () => {
  refused(problems({ ...offload, host: "hub.example.org", auth: github }, secret));
  refused(problems({ expose: "ClusterIP" }));
  refused(problems({ expose: "ClusterIP", auth: { kind: "dummy" } }));
});

test("a password over plain HTTP on a public address is refused unless it is accepted in words", () => {
  refused(problems({}), /hub\.tls .*plain HTTP on a public address; set tls to/);
  refused(problems({ tls: { kind: "none", plainHttp: "accepted" } }));
  refused(problems({ expose: { allowFrom: ["10.0.0.0/8", "fd00::/8"] } }));
  refused(problems({ expose: { allowFrom: ["10.0.0.0/8", "203.0.113.0/24"] } }), /hub\.tls /);
  refused(problems({ expose: { allowFrom: ["172.16.0.0/8"] } }), /hub\.tls /);
  refused(problems({ tls: { kind: "none", plainHttp: true } }), /plainHttp .*must be the word accepted/);
});

test("a login without passwords is refused on a public address", () => {
  refused(
    problems({ ...offload, auth: { kind: "dummy" } }),
    /hub\.auth\.kind .*without a password on a public address; use another kind, or expose: ClusterIP/,
  );
});

test("a provider's login needs its secret, a host and somebody who may log in", () => {
  refused(
    problems({ ...offload, auth: { kind: "github", clientId: "id" } }),
    /hub\.auth\.kind .*dask:secrets\.hub\.clientSecret; set it with: pulumi config set --secret/,
    /hub\.host .*is missing: github sends people back/,
    /hub\.auth .*lets nobody in; set organizations, allowedUsers, admins, or anyone: true/,
  );
});

test("a client secret among the plain settings is refused and not shown", () => {
  const [found = "", ...others] = problems(
    { ...offload, host: "hub.example.org", auth: { ...github, clientSecret: "do-not-show" } },
    secret,
  );
  assert.deepEqual(others, []);
  assert.match(
    found,
    /hub\.auth\.clientSecret .*secret among the plain settings; .*'dask:secrets\.hub\.clientSecret'/,
  );
  assert.doesNotMatch(found, /do-not-show/);
});

test("secrets and names that the stack relies on are refused in values", () => {
  const values = {
    fullnameOverride: "x",
    proxy: { secretToken: "a" },
    hub: { config: { CryptKeeper: { keys: ["b"] }, GitHubOAuthenticator: { client_secret: "c" } } },
  };
  refused(
    problems({ ...offload, values }),
    /values\.fullnameOverride .*names that the stack relies on/,
    /values\.proxy\.secretToken .*secret among the plain settings/,
    /values\.hub\.config\.CryptKeeper\.keys .*secret among the plain settings/,
    /values\.hub\.config\.GitHubOAuthenticator\.client_secret .*secret among the plain settings/,
  );
});

const letsencrypt = { kind: "letsencrypt", email: "ops@example.org" };

test("Let's Encrypt needs a public host name, a load balancer, and to be let in itself", () => {
  refused(problems({ host: "hub.example.org", tls: letsencrypt }));
  refused(problems({ tls: letsencrypt }), /hub\.host .*is missing: Let's Encrypt certifies a host name/);
  refused(problems({ host: "localhost", tls: letsencrypt }), /hub\.host .*use a public one/);
  refused(
    problems({ host: "hub.example.org", tls: letsencrypt, expose: "ClusterIP" }),
    /hub\.tls\.kind .*needs a load balancer/,
  );
  const allowFrom = ["203.0.113.0/24"];
  refused(
    problems({ host: "hub.example.org", tls: letsencrypt, expose: { allowFrom } }),
    /hub\.expose\.allowFrom .*keeps Let's Encrypt out: .*remove allowFrom, or use tls secret or manual/,
  );
  refused(problems({ host: "hub.example.org", tls: letsencrypt, expose: { allowFrom: ["0.0.0.0/0"] } }));
});

test("an own certificate must stand among the secrets", () => {
  refused(
    problems({ tls: { kind: "manual" } }, { secrets: { hub: { tlsKey: "PEM" } } }),
    /hub\.tls\.kind .*set dask:secrets\.hub\.tlsCertificate, as PEM text/,
  );
});

test("native logins need an admin, and groups need the claim that lists them", () => {
  refused(problems({ ...offload, auth: { kind: "native" } }), /hub\.auth\.admins .*name at least one admin/);
  const urls = Object.fromEntries(
    ["authorizeUrl", "tokenUrl", "userdataUrl"].map((key) => [key, "https://id.example.org/x"]),
  );
  const auth = { kind: "generic-oauth", clientId: "id", ...urls, allowedGroups: ["students"] };
  refused(
    problems({ ...offload, host: "hub.example.org", auth }, secret),
    /hub\.auth\.allowedGroups .*needs groupsClaim/,
  );
});

test("one namespace holds one hub", () => {
  const other = { kind: "jupyterhub", ...offload, namespace: "hub" };
  refused(
    problems(offload, { releases: { second: other } }),
    /second .*and hub would both make the Services hub, proxy-public.* in namespace hub; .*another namespace/,
  );
});

test("sizes that JupyterHub cannot read, or that guarantee more than the limit, are refused", () => {
  refused(
    problems({ ...offload, user: { memory: { limit: "4Gi" } } }),
    /user\.memory\.limit "4Gi" .*write 4G/,
  );
  refused(
    problems({ ...offload, user: { cores: { limit: "500m" } } }),
    /user\.cores\.limit .*number of CPU cores/,
  );
  refused(
    problems({ ...offload, user: { memory: { guarantee: "3G" } } }),
    /hub\.user\.memory .*guarantees 3G and limits to 2G; raise limit/,
  );
});

test("a profile needs an image and its size, a name of its own, and one may be the default", () => {
  const size = { cores: { guarantee: 1, limit: 1 }, memory: { guarantee: "1G", limit: "1G" } };
  refused(
    problems({ ...offload, profiles: [{ name: "One", ...size }] }),
    /profiles\[0\]\.image .*a profile needs an image; set image, or images for a choice/,
  );
  refused(
    problems({ ...offload, profiles: [{ name: "One", ...size, memory: { limit: "much" }, images: null }] }),
    /profiles\[0\]\.images .*must be a map/,
    /profiles\[0\]\.memory\.guarantee/,
    /profiles\[0\]\.memory\.limit/,
    /profiles\[0\]\.image .*a profile needs an image/,
  );
  refused(problems({ ...offload, profiles: [[{ name: "One" }]] }), /profiles\[0\] .*must be a map/);
  refused(
    problems({ ...offload, profiles: [{ name: "One", image: "example.org/one:1" }] }),
    /profiles\[0\]\.cores .*a profile needs cores/,
    /profiles\[0\]\.memory .*a profile needs memory/,
  );
  const one = { name: "One", image: "example.org/one:1", default: true, ...size };
  refused(
    problems({ ...offload, profiles: [one, one] }),
    /profiles\[1\]\.name .*rename one/,
    /hub\.profiles .*several defaults/,
  );
  refused(
    problems({ ...offload, profiles: [{ ...one, images: { a: "example.org/a:1" } }] }),
    /profiles\[0\]\.image .*stands beside images/,
  );
});

test("images have a fixed tag or a digest", () => {
  refused(
    problems({ ...offload, image: "example.org/one:latest" }),
    /hub\.image .*must have a fixed tag, not latest/,
  );
  refused(problems({ ...offload, image: "localhost:5000/one" }), /hub\.image .*has no tag/);
  refused(problems({ ...offload, image: `localhost:5000/one@sha256:${"a".repeat(64)}` }));
});

test("a hub without a way out takes no networks and no address", () => {
  refused(
    problems({ expose: { type: "ClusterIP", allowFrom: ["10.0.0.0/8"] } }),
    /hub\.expose .*exposes nothing, because the type is ClusterIP/,
  );
});

const daskhub = (hub: Input, more: Input = {}) => problems({ ...offload, ...hub }, more, "daskhub");

test("a daskhub whose limits leave no room for a worker is refused", () => {
  refused(daskhub({}));
  refused(daskhub({ limits: { cores: 1 } }), /hub\.limits\.cores .*a scheduler and one worker need/);
});

test("a daskhub's notebooks must find their image for workers", () => {
  const profiles = [
    {
      name: "One",
      image: "example.org/one:1",
      cores: { guarantee: 1, limit: 1 },
      memory: { guarantee: "1G", limit: "1G" },
    },
  ];
  refused(daskhub({ profiles }));
  refused(daskhub({ profiles, options: { image: "fixed" } }), /profiles\[0\] .*set options\.image to free/);
  refused(
    daskhub({ profiles, options: { image: ["example.org/two:2"] } }),
    /profiles\[0\] .*add it to options\.image/,
  );
  refused(daskhub({ profiles, options: { image: ["example.org/one:1"] } }));
});

test("the umbrella is one chart, with one password for all", () => {
  refused(
    daskhub({
      distribution: "umbrella",
      auth: { kind: "password", admins: ["ada"] },
      gatewayChart: { version: "1" },
      gatewayValues: { a: 1 },
      values: { jupyterhub: { hub: { cookieSecret: "x" } }, "dask-gateway": { nameOverride: "x" } },
    }),
    /values\.jupyterhub\.hub\.cookieSecret .*secret among the plain settings/,
    /values\.dask-gateway\.nameOverride .*names that the stack relies on/,
    /gatewayChart .*use chart/,
    /gatewayValues .*use values\.dask-gateway/,
    /auth\.admins .*distribution: charts/,
  );
});

test("a gateway of its own and a hub's must not share their ClusterRoles", () => {
  const releases = { "hub-dask-gateway": { kind: "dask-gateway" } };
  refused(daskhub({}, { releases }), /hub-dask-gateway .*would both make the ClusterRole/);
});

test("a release of the name that a hub's gateway has is refused in its namespace, and only there", () => {
  const named = { kind: "dask" };
  refused(
    daskhub({}, { releases: { "hub-dask-gateway": { ...named, namespace: "hub" } } }),
    /hub-dask-gateway .*and hub would both make the Helm release hub-dask-gateway in namespace hub/,
  );
  refused(daskhub({}, { releases: { "hub-dask-gateway": named } }));
});

test("the umbrella beside a newer gateway is refused, because their CRDs disagree", () => {
  const releases = { batch: { kind: "dask-gateway" } };
  refused(
    daskhub({ distribution: "umbrella" }, { releases }),
    /batch\.chart .*different CRDs of DaskCluster/,
  );
});

test("a hub's name leaves room for the names that follow from it", () => {
  const name = "h".repeat(41);
  const releases = { [name]: { kind: "daskhub", ...offload, database: { kind: "sqlite" } } };
  refused(
    problems(offload, { releases }),
    /has 41 characters and names that follow from it would be too long; use at most 39$/,
  );
});

test("a hub's name leaves room for what ends its users' work, and with Postgres starts with a letter", () => {
  const named = (name: string, more: Input = {}) =>
    problems(offload, {
      releases: { [name]: { kind: "jupyterhub", namespace: "other", ...offload, ...more } },
    });
  const sqlite = { database: { kind: "sqlite" } };
  refused(named("h".repeat(47), sqlite));
  refused(named("h".repeat(48), sqlite), /would be too long; use at most 47$/);
  refused(named("1st", sqlite));
  refused(named("1st"), /1st .*must start with a letter/);
});

const ops = (more: Input = {}) => ({ releases: { ops: { kind: "dask-operator", ...more } } });
const inside = { expose: "ClusterIP", operator: "ops" };

test("the operator that a hub names must be one and serve the hub's namespace", () => {
  for (const kind of ["jupyterhub", "daskhub"]) {
    refused(problems(inside, ops({ namespaces: ["hub"] }), kind));
    refused(problems({ ...inside, namespace: "ops" }, ops(), kind));
    refused(
      problems(inside, ops(), kind),
      /^dask:releases\.hub\.operator "ops" does not serve namespace hub; add hub to releases\.ops\.namespaces$/,
    );
    refused(
      problems(inside, {}, kind),
      /hub\.operator "ops" must be the name of a release of kind dask-operator; add it: ops: \{ kind: dask-operator, namespaces: \[hub\] \}$/,
    );
    refused(
      problems({ ...inside, operator: "hub" }, ops({ namespaces: ["hub"] }), kind),
      /hub\.operator "hub" must be the name of a release of kind dask-operator; use ops$/,
    );
  }
});

test("a ServiceAccount of the user's own beside an operator is refused", () => {
  refused(
    problems({ ...inside, user: { serviceAccountName: "theirs" } }, ops({ namespaces: ["hub"] })),
    /hub\.user\.serviceAccountName "theirs" stands beside operator, .*; remove one of them$/,
  );
});
