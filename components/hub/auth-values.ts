import type * as pulumi from "@pulumi/pulumi";
import type { HubAuth, OAuthSettings } from "../../settings/releases/hub-auth.ts";
import { isOAuth } from "../../settings/releases/hub-auth.ts";
import type { Values } from "../chart.ts";
import type { HubChartFacts } from "./chart.ts";

/** What the login of a hub is made of. */
export interface HubAuthFacts {
  readonly chart: HubChartFacts;
  /** Secret with the keys of `AUTH_KEYS`. */
  readonly secret: pulumi.Input<string>;
  /** Where an OAuth provider sends people back to; needed for OAuth. */
  readonly callback?: string;
}

/** The part of the chart's `hub` values that says how people log in. */
export interface HubAuthValues {
  readonly config: Readonly<Record<string, Values>>;
  readonly extraEnv: Values;
  readonly extraConfig: Readonly<Record<string, string>>;
}

/** Keys of the hub's Secret for the login, and the environment variables that the hub reads them from. */
export const AUTH_KEYS = {
  clientSecret: { key: "clientSecret", variable: "OAUTH_CLIENT_SECRET" },
  userPassword: { key: "userPassword", variable: "HUB_USER_PASSWORD" },
  adminPassword: { key: "adminPassword", variable: "HUB_ADMIN_PASSWORD" },
} as const;

/** A secret of the login. */
export type AuthSecret = keyof typeof AUTH_KEYS;

/** The secrets that a login needs. */
export function authSecrets(auth: HubAuth): readonly AuthSecret[] {
  if (isOAuth(auth)) return ["clientSecret"];
  switch (auth.kind) {
    case "password":
      return auth.admins.length > 0 ? ["userPassword", "adminPassword"] : ["userPassword"];
    case "native":
      return ["adminPassword"];
    default:
      return [];
  }
}

/** Values of the `jupyterhub` chart for a login; secrets reach the hub by its environment and stand in no value. */
export function hubAuthValues(auth: HubAuth, facts: HubAuthFacts): HubAuthValues {
  const { authenticator, config, extraConfig } = isOAuth(auth)
    ? oauthConfig(auth, facts)
    : passwordConfig(auth, facts.chart);
  const secrets = authSecrets(auth).map((secret) => AUTH_KEYS[secret]);
  return {
    config: {
      JupyterHub: { authenticator_class: authenticator, admin_access: false },
      Authenticator: people(auth),
      ...config,
    },
    extraEnv: Object.fromEntries(
      secrets.map(({ key, variable }) => [
        variable,
        { valueFrom: { secretKeyRef: { name: facts.secret, key } } },
      ]),
    ),
    extraConfig: extraConfig === undefined ? {} : { "10-login": extraConfig },
  };
}

interface Login {
  /** Name under which the hub knows the authenticator. */
  readonly authenticator: string;
  readonly config: Readonly<Record<string, Values>>;
  /** Python for what cannot be said in values. */
  readonly extraConfig?: string;
}

/** JupyterHub 5 lets nobody in unless told: by name, by what the provider says of people, or all. */
function people(auth: HubAuth): Values {
  return {
    ...(auth.admins.length > 0 ? { admin_users: auth.admins } : {}),
    ...(auth.allowedUsers.length > 0 ? { allowed_users: auth.allowedUsers } : {}),
    ...(allowsAll(auth) ? { allow_all: true } : {}),
  };
}

function allowsAll(auth: HubAuth): boolean {
  switch (auth.kind) {
    case "github":
    case "generic-oauth":
      return auth.anyone;
    case "google":
      // A hosted domain keeps others out and lets nobody in by itself.
      return auth.anyone || (auth.hostedDomains.length > 0 && auth.allowedUsers.length === 0);
    case "native":
      // Whoever an admin has approved: the authenticator itself refuses the others.
      return true;
    default:
      return auth.allowedUsers.length === 0;
  }
}

function oauthConfig(auth: OAuthSettings, { callback, chart }: HubAuthFacts): Login {
  const client = { client_id: auth.clientId, oauth_callback_url: callback };
  switch (auth.kind) {
    case "github": {
      const { organizations, url } = auth;
      const members = organizations.length > 0;
      return login("github", "GitHubOAuthenticator", {
        ...client,
        ...(url === undefined ? {} : { github_url: url.replace(/\/$/, "") }),
        // Without the scope only those count who show their membership to everybody.
        ...(members ? { allowed_organizations: organizations, scope: ["read:org"] } : {}),
      });
    }
    case "google": {
      const { hostedDomains } = auth;
      return login("google", "GoogleOAuthenticator", {
        ...client,
        // Else ada@one.org and ada@two.org would be one user.
        strip_domain: false,
        ...(hostedDomains.length > 0 ? { hosted_domain: hostedDomains } : {}),
      });
    }
    default:
      return login("generic-oauth", "GenericOAuthenticator", { ...client, ...genericConfig(auth, chart) });
  }
}

function genericConfig(auth: Extract<HubAuth, { kind: "generic-oauth" }>, chart: HubChartFacts): Values {
  const { groupsClaim, allowedGroups, adminGroups } = auth;
  return {
    authorize_url: auth.authorizeUrl,
    token_url: auth.tokenUrl,
    userdata_url: auth.userdataUrl,
    username_claim: auth.usernameClaim,
    scope: auth.scopes,
    login_service: auth.loginService,
    ...(groupsClaim === undefined
      ? {}
      : { manage_groups: true, [chart.groups.trait]: `${chart.groups.prefix}${groupsClaim}` }),
    ...(allowedGroups.length > 0 ? { allowed_groups: allowedGroups } : {}),
    ...(adminGroups.length > 0 ? { admin_groups: adminGroups } : {}),
  };
}

function passwordConfig(auth: Exclude<HubAuth, OAuthSettings>, chart: HubChartFacts): Login {
  switch (auth.kind) {
    case "password":
      return chart.sharedPassword
        ? {
            authenticator: "shared-password",
            config: {},
            extraConfig: sharedPassword(auth.admins.length > 0),
          }
        : { authenticator: "dummy", config: {}, extraConfig: DUMMY_PASSWORD };
    case "native":
      return {
        ...login("native", "NativeAuthenticator", {
          minimum_password_length: auth.minimumPasswordLength,
          check_common_password: true,
          // Wrong passwords until a user has to wait: a hub on the Internet is tried by robots.
          allowed_failed_logins: 5,
        }),
        extraConfig: NATIVE_ADMINS,
      };
    default:
      return { authenticator: "dummy", config: {} };
  }
}

function login(authenticator: string, section: string, values: Values): Login {
  return { authenticator, config: { [section]: values } };
}

function sharedPassword(admins: boolean): string {
  const lines = [
    "import os",
    `c.SharedPasswordAuthenticator.user_password = os.environ["${AUTH_KEYS.userPassword.variable}"]`,
    `c.SharedPasswordAuthenticator.admin_password = os.environ["${AUTH_KEYS.adminPassword.variable}"]`,
  ];
  return `${lines.slice(0, admins ? 3 : 2).join("\n")}\n`;
}

const DUMMY_PASSWORD = `import os
c.DummyAuthenticator.password = os.environ["${AUTH_KEYS.userPassword.variable}"]
`;

/** Gives the admins their first password: else whoever is first to sign up under an admin's name would be admin. */
const NATIVE_ADMINS = `import os
from nativeauthenticator import NativeAuthenticator

class AdminsHavePasswords(NativeAuthenticator):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in self.admin_users:
            if not self.user_exists(name):
                self.create_user(name, os.environ["${AUTH_KEYS.adminPassword.variable}"])

c.JupyterHub.authenticator_class = AdminsHavePasswords
`;
