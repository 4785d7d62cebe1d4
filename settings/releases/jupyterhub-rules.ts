import { LONGEST_RELEASE_NAME, SERVICES } from "../../components/hub/chart.ts";
import { type KeyPath, keyOf, type Problem, type Report } from "../problems.ts";
import { bytes } from "../quantities.ts";
import type { Settings } from "../schema.ts";
import { checkOperatorOfHub } from "./dask-operator-rules.ts";
import { checkDatabase } from "./database-rules.ts";
import { type HubAuth, isOAuth } from "./hub-auth.ts";
import { checkHubExposure, checkHubTls, isPublic } from "./hub-exposure-rules.ts";
import type { HubSettings } from "./jupyterhub.ts";
import { checkKept } from "./keep-rules.ts";
import { checkName, checkOverrides } from "./release-rules.ts";

/** The rules of a hub of either kind, beyond the schema. */
export function checkHub(name: string, release: HubSettings, settings: Settings, report: Report): Problem[] {
  const path = ["releases", name];
  return [
    ...checkHubExposure(path, release, settings.cluster, report),
    ...checkHubTls(name, release, settings, report),
    ...checkAuth(name, release, settings, report),
    ...checkSizes(path, release, report),
    ...checkProfiles(path, release, report),
    ...checkHubValues([...path, "values"], release.values, report),
    ...checkDatabase(name, release.database, settings, report),
    ...checkKept(name, release, settings, report),
    ...checkOperatorOfHub(name, release, settings, report),
    ...checkName(name, LONGEST_RELEASE_NAME, report),
  ];
}

/** Names that a hub makes in its namespace, which no other release may make there. */
export function hubClaims(): string[] {
  return [`the Services ${Object.values(SERVICES).join(", ")} of a hub (a namespace holds one hub)`];
}

function checkAuth(name: string, release: HubSettings, settings: Settings, report: Report): Problem[] {
  const { auth } = release;
  const path = ["releases", name, "auth"];
  const found: Problem[] = [];
  if (isOAuth(auth)) {
    if (settings.secrets[name]?.clientSecret === undefined)
      found.push(report([...path, "kind"], missingClientSecret(name)));
    if (release.host === undefined)
      found.push(
        report(
          ["releases", name, "host"],
          `is missing: ${auth.kind} sends people back to https://<host>/hub/oauth_callback; set it like hub.example.org`,
        ),
      );
  }
  if (auth.kind === "dummy" && isPublic(release, settings.cluster))
    found.push(
      report(
        [...path, "kind"],
        "lets everybody in without a password on a public address; use another kind, or expose: ClusterIP",
      ),
    );
  if (auth.kind === "native" && auth.admins.length === 0)
    found.push(
      report(
        [...path, "admins"],
        "is empty, so nobody could approve those who sign up; name at least one admin",
      ),
    );
  found.push(...checkAllowed(path, auth, report));
  return found;
}

function missingClientSecret(name: string): string {
  return `needs dask:secrets.${name}.clientSecret; set it with: pulumi config set --secret --path 'dask:secrets.${name}.clientSecret'`;
}

/** JupyterHub lets nobody in unless told whom. */
function checkAllowed(path: readonly string[], auth: HubAuth, report: Report): Problem[] {
  const found: Problem[] = [];
  if (isOAuth(auth) && !auth.anyone && whoMay(auth).every(({ list }) => list.length === 0)) {
    const keys = whoMay(auth).map(({ key }) => key);
    found.push(
      report(
        path,
        `lets nobody in; set ${keys.join(", ")}, or anyone: true for all who have an account there`,
      ),
    );
  }
  if (isOAuth(auth) && auth.anyone && auth.allowedUsers.length > 0)
    found.push(report([...path, "anyone"], "makes allowedUsers mean nothing; remove one of them"));
  if (auth.kind === "generic-oauth" && auth.groupsClaim === undefined)
    for (const key of ["allowedGroups", "adminGroups"] as const)
      if (auth[key].length > 0)
        found.push(report([...path, key], "needs groupsClaim, the claim that lists a user's groups; set it"));
  return found;
}

function whoMay(auth: HubAuth): readonly { key: string; list: readonly string[] }[] {
  const named = [
    { key: "allowedUsers", list: auth.allowedUsers },
    { key: "admins", list: auth.admins },
  ];
  switch (auth.kind) {
    case "github":
      return [{ key: "organizations", list: auth.organizations }, ...named];
    case "google":
      return [{ key: "hostedDomains", list: auth.hostedDomains }, ...named];
    case "generic-oauth":
      return [
        { key: "allowedGroups", list: auth.allowedGroups },
        { key: "adminGroups", list: auth.adminGroups },
        ...named,
      ];
    default:
      return named;
  }
}

interface Sized {
  readonly cores: { readonly guarantee: number; readonly limit: number };
  readonly memory: { readonly guarantee: string; readonly limit: string };
}

function checkSizes(path: readonly string[], release: HubSettings, report: Report): Problem[] {
  return [
    ...checkSize([...path, "user"], release.user, report),
    ...checkSize([...path, "hub"], release.hub, report),
    ...checkSize([...path, "hub", "proxy"], release.hub.proxy, report),
    ...release.profiles.flatMap((each, index) => checkSize([...path, "profiles", index], each, report)),
  ];
}

function checkSize(path: KeyPath, { cores, memory }: Sized, report: Report): Problem[] {
  const found: Problem[] = [];
  if (cores.guarantee > cores.limit)
    found.push(
      report([...path, "cores"], `guarantees ${cores.guarantee} and limits to ${cores.limit}; raise limit`),
    );
  if (bytes(memory.guarantee) > bytes(memory.limit))
    found.push(
      report(
        [...path, "memory"],
        `guarantees ${memory.guarantee} and limits to ${memory.limit}; raise limit`,
      ),
    );
  return found;
}

function checkProfiles(path: readonly string[], { profiles }: HubSettings, report: Report): Problem[] {
  const found: Problem[] = [];
  const names = profiles.map((each) => each.name);
  for (const [index, name] of names.entries())
    if (names.indexOf(name) !== index)
      found.push(
        report([...path, "profiles", index, "name"], "is the name of another profile too; rename one"),
      );
  if (profiles.filter((each) => each.default).length > 1)
    found.push(report([...path, "profiles"], "has several defaults; leave default: true in one profile"));
  return found;
}

/** Values of the escape hatch that would break the stack or put a secret into plain settings. */
export function checkHubValues(
  path: readonly string[],
  values: Readonly<Record<string, unknown>>,
  report: Report,
): Problem[] {
  const found = checkOverrides(path, values, report);
  for (const secret of secretPaths(values))
    found.push({
      key: keyOf([...path, ...secret]),
      message:
        "is a secret among the plain settings; remove it, the stack generates it or reads it from dask:secrets",
    });
  return found;
}

const SECRET_KEY =
  /^(secretToken|cookieSecret|cookie_secret|client_secret|api_?[tT]oken|auth_token|password|user_password|admin_password)$/;

function secretPaths(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, each]) => {
    const here = [...path, key];
    const isKey = SECRET_KEY.test(key) && typeof each === "string" && each !== "";
    return isKey || here.join(".").endsWith("CryptKeeper.keys") ? [here] : secretPaths(each, here);
  });
}
