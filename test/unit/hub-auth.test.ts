import assert from "node:assert/strict";
import { test } from "node:test";
import { authSecrets, hubAuthValues } from "../../components/hub/auth-values.ts";
import { HUB_CHARTS } from "../../components/hub/chart.ts";
import { hubAuth } from "../../settings/releases/hub-auth.ts";

const callback = "https://hub.example.org/hub/oauth_callback";
const values = (auth: object, chart: keyof typeof HUB_CHARTS = "4.4.0") =>
  hubAuthValues(hubAuth.parse(auth), { chart: HUB_CHARTS[chart], secret: "hub-1a2b", callback });
const fromSecret = (key: string) => ({ valueFrom: { secretKeyRef: { name: "hub-1a2b", key } } });

test("GitHub lets in members of organizations and teams, hidden members too", () => {
  const auth = { kind: "github", clientId: "id", organizations: ["one", "two:team"], admins: ["ada"] };
  assert.deepEqual(values(auth), {
    config: {
      JupyterHub: { authenticator_class: "github", admin_access: false },
      Authenticator: { admin_users: ["ada"] },
      GitHubOAuthenticator: {
        client_id: "id",
        oauth_callback_url: callback,
        allowed_organizations: ["one", "two:team"],
        scope: ["read:org"],
      },
    },
    extraEnv: { OAUTH_CLIENT_SECRET: fromSecret("clientSecret") },
    extraConfig: {},
  });
});

test("Google lets in everybody of a domain under his whole address, or those who are named", () => {
  const google = (more: object) => values({ kind: "google", clientId: "id", ...more }).config;
  const client = { client_id: "id", oauth_callback_url: callback, strip_domain: false };
  assert.deepEqual(google({ hostedDomains: ["example.org"] }).GoogleOAuthenticator, {
    ...client,
    hosted_domain: ["example.org"],
  });
  assert.deepEqual(google({ hostedDomains: ["example.org"] }).Authenticator, { allow_all: true });
  const named = { hostedDomains: ["example.org"], allowedUsers: ["ada@example.org"] };
  assert.deepEqual(google(named).Authenticator, { allowed_users: ["ada@example.org"] });
});

const oidc = {
  kind: "generic-oauth",
  clientId: "id",
  authorizeUrl: "https://id.example.org/auth",
  tokenUrl: "https://id.example.org/token",
  userdataUrl: "https://id.example.org/userinfo",
  groupsClaim: "groups",
  allowedGroups: ["students"],
  adminGroups: ["staff"],
};

test("OpenID Connect lets in by groups, in the words of each version of the authenticator", () => {
  const section = (chart: keyof typeof HUB_CHARTS) => values(oidc, chart).config.GenericOAuthenticator;
  const common = {
    client_id: "id",
    oauth_callback_url: callback,
    authorize_url: "https://id.example.org/auth",
    token_url: "https://id.example.org/token",
    userdata_url: "https://id.example.org/userinfo",
    username_claim: "preferred_username",
    scope: ["openid", "profile", "email"],
    login_service: "OpenID Connect",
    manage_groups: true,
    allowed_groups: ["students"],
    admin_groups: ["staff"],
  };
  assert.deepEqual(section("4.4.0"), { ...common, auth_state_groups_key: "oauth_user.groups" });
  assert.deepEqual(section("3.2.1"), { ...common, claim_groups_key: "groups" });
});

test("nobody is let in by a provider unless the settings say so", () => {
  for (const auth of [{ kind: "github", clientId: "id" }, { kind: "google", clientId: "id" }, { ...oidc }])
    assert.ok(!("allow_all" in (values(auth).config.Authenticator ?? {})));
  assert.deepEqual(values({ kind: "github", clientId: "id", anyone: true }).config.Authenticator, {
    allow_all: true,
  });
});

test("a shared password comes from the Secret, and admins have one of their own", () => {
  const { config, extraEnv, extraConfig } = values({ kind: "password", admins: ["ada"] });
  assert.deepEqual(config.JupyterHub, { authenticator_class: "shared-password", admin_access: false });
  assert.deepEqual(config.Authenticator, { admin_users: ["ada"], allow_all: true });
  assert.deepEqual(extraEnv, {
    HUB_USER_PASSWORD: fromSecret("userPassword"),
    HUB_ADMIN_PASSWORD: fromSecret("adminPassword"),
  });
  assert.match(extraConfig["10-login"] ?? "", /admin_password = os\.environ\["HUB_ADMIN_PASSWORD"\]/);
});

test("the umbrella's JupyterHub 4 takes the shared password its own way", () => {
  const { config, extraConfig } = values({ kind: "password" }, "3.2.1");
  assert.deepEqual(config.JupyterHub, { authenticator_class: "dummy", admin_access: false });
  assert.equal(
    extraConfig["10-login"],
    'import os\nc.DummyAuthenticator.password = os.environ["HUB_USER_PASSWORD"]\n',
  );
});

test("admins of native logins have a generated first password", () => {
  const { config, extraEnv, extraConfig } = values({ kind: "native", admins: ["ada"] });
  assert.deepEqual(config.NativeAuthenticator, {
    minimum_password_length: 12,
    check_common_password: true,
    allowed_failed_logins: 5,
  });
  assert.deepEqual(extraEnv, { HUB_ADMIN_PASSWORD: fromSecret("adminPassword") });
  assert.match(extraConfig["10-login"] ?? "", /create_user\(name, os\.environ\["HUB_ADMIN_PASSWORD"\]\)/);
});

test("each login needs its secrets and no others", () => {
  const secrets = (auth: object) => authSecrets(hubAuth.parse(auth));
  assert.deepEqual(secrets({ kind: "github", clientId: "id" }), ["clientSecret"]);
  assert.deepEqual(secrets({ kind: "password" }), ["userPassword"]);
  assert.deepEqual(secrets({ kind: "password", admins: ["ada"] }), ["userPassword", "adminPassword"]);
  assert.deepEqual(secrets({ kind: "native", admins: ["ada"] }), ["adminPassword"]);
  assert.deepEqual(secrets({ kind: "dummy" }), []);
});
