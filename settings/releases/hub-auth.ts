import { z } from "zod";

/** A user name as JupyterHub knows it: lower case, as its authenticators normalise them. */
const username = z
  .string()
  .regex(/^[^\s,/A-Z]+$/, { error: "must be a user name in lower case, without spaces, commas and slashes" });

const people = {
  admins: z
    .array(username)
    .default([])
    .describe("Users that may log in and administer the hub: see, stop and delete other users' servers."),
  allowedUsers: z.array(username).default([]).describe("Users that may log in."),
};

const oauth = {
  ...people,
  clientId: z
    .string()
    .min(1)
    .describe("Client ID that the provider gave; the secret is `dask:secrets.<release>.clientSecret`."),
  anyone: z.boolean().default(false).describe("Lets in everybody who has an account at the provider."),
};

const https = z.url({
  protocol: /^https?$/,
  error: "must be a URL; write it as https://...",
});

const github = z
  .strictObject({
    kind: z.literal("github"),
    ...oauth,
    organizations: z
      .array(z.string().regex(/^[\w.-]+(:[\w.-]+)?$/, { error: "must be org or org:team, as in the URL" }))
      .default([])
      .describe("Organizations (`org`) and teams (`org:team`) whose members may log in."),
    url: https
      .optional()
      .describe("URL of a GitHub Enterprise server, like `https://github.example.org`. Default: github.com."),
  })
  .describe("Login with GitHub.");

const DOMAIN_MESSAGE = "must be a domain in lower case; write example.org";

const google = z
  .strictObject({
    kind: z.literal("google"),
    ...oauth,
    hostedDomains: z
      .array(z.hostname({ error: DOMAIN_MESSAGE }).lowercase({ error: DOMAIN_MESSAGE }))
      .default([])
      .describe("Google Workspace domains; with `allowedUsers` empty everybody of them may log in."),
  })
  .describe("Login with Google.");

const genericOAuth = z
  .strictObject({
    kind: z.literal("generic-oauth"),
    ...oauth,
    authorizeUrl: https.describe("The provider's authorization endpoint."),
    tokenUrl: https.describe("The provider's token endpoint."),
    userdataUrl: https.describe("The provider's userinfo endpoint."),
    usernameClaim: z.string().min(1).default("preferred_username").describe("Claim that is the user's name."),
    scopes: z
      .array(z.string().min(1))
      .min(1)
      .default(["openid", "profile", "email"])
      .describe("Scopes that are asked for."),
    groupsClaim: z.string().min(1).optional().describe("Claim that lists the user's groups."),
    allowedGroups: z
      .array(z.string().min(1))
      .default([])
      .describe("Groups whose members may log in; needs `groupsClaim`."),
    adminGroups: z
      .array(z.string().min(1))
      .default([])
      .describe("Groups whose members administer the hub; needs `groupsClaim`."),
    loginService: z
      .string()
      .min(1)
      .default("OpenID Connect")
      .describe("Name of the provider on the login button."),
  })
  .describe("Login with any OpenID Connect provider: Keycloak, Auth0, Okta, CILogon, ...");

const password = z
  .strictObject({ kind: z.literal("password"), ...people })
  .describe(
    "One generated password for all users and another for admins, for short courses: users are not kept apart. Both stand in the stack's `credentials`.",
  );

const native = z
  .strictObject({
    kind: z.literal("native"),
    ...people,
    minimumPasswordLength: z
      .int()
      .min(8)
      .max(128)
      .default(12)
      .describe("Characters of a password, at least."),
  })
  .describe(
    "Everybody signs up with a password of their own and an admin approves. The admins' first password is generated: see the stack's `credentials`.",
  );

const dummy = z
  .strictObject({ kind: z.literal("dummy"), ...people })
  .describe("No passwords at all; only where the hub has no public address.");

/** How people log in to a hub. */
export const hubAuth = z.discriminatedUnion("kind", [github, google, genericOAuth, password, native, dummy]);

/** How people log in to a hub. */
export type HubAuth = z.output<typeof hubAuth>;
/** Login through a provider that knows the people. */
export type OAuthSettings = Extract<HubAuth, { clientId: string }>;

/** Whether people log in through a provider: it needs a client secret and a callback URL. */
export function isOAuth(auth: HubAuth): auth is OAuthSettings {
  return "clientId" in auth;
}
