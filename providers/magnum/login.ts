import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { UserError } from "../../settings/problems.ts";

/** What the `openstack:` configuration of a stack says about the login. */
export interface OpenstackConfig {
  readonly cloud?: string | undefined;
  readonly authUrl?: string | undefined;
  /** Id or name of an application credential. */
  readonly applicationCredential?: string | undefined;
}

/** Variables that carry a secret to Keystone; `OS_AUTH_URL` alone logs nobody in. */
const SECRETS = ["OS_PASSWORD", "OS_APPLICATION_CREDENTIAL_SECRET", "OS_TOKEN", "OS_AUTH_TOKEN"];

const SKIP = "; or set dask:liveChecks: false to leave this check out";

/**
 * Refuses to go on where nothing on this machine could log in to an OpenStack cloud.
 *
 * @throws UserError with the remedy
 */
export function requireOpenstackLogin(config: OpenstackConfig, env: NodeJS.ProcessEnv = process.env): void {
  const cloud = config.cloud ?? env.OS_CLOUD ?? "";
  if (cloud !== "") {
    if (cloudsFiles(env).some((file) => existsSync(file))) return;
    throw new UserError(
      `the cloud ${cloud} is named, and there is no clouds.yaml here or in ~/.config/openstack; download yours from the dashboard${SKIP}`,
    );
  }
  const authUrl = config.authUrl ?? env.OS_AUTH_URL ?? "";
  if (authUrl === "") {
    throw new UserError(
      `nothing here logs in to OpenStack; source your openrc file, or run: pulumi config set openstack:cloud <name in clouds.yaml>${SKIP}`,
    );
  }
  // Secrets of the stack's configuration are the provider's to read.
  if (config.authUrl !== undefined || SECRETS.some((name) => (env[name] ?? "") !== "")) return;
  throw new UserError(
    `OS_AUTH_URL is set without a password or an application credential; source the whole openrc file${SKIP}`,
  );
}

/**
 * What speaks against a login that is there.
 *
 * Magnum makes a trust for every cluster. Keystone refuses that to restricted application credentials, and since the
 * fix of CVE-2026-80184 to all of them unless the cloud opts out; nobody but Keystone knows which it is.
 */
export function loginWarnings(config: OpenstackConfig, env: NodeJS.ProcessEnv = process.env): string[] {
  if (!isApplicationCredential(config, env)) return [];
  return [
    "this login is an application credential, and many clouds refuse it the trust that Magnum makes for every cluster; if the cluster fails with `Failed to create trustee or trust`, log in with a password",
  ];
}

function isApplicationCredential(config: OpenstackConfig, env: NodeJS.ProcessEnv): boolean {
  if (config.applicationCredential !== undefined) return true;
  const cloud = config.cloud ?? env.OS_CLOUD ?? "";
  if (cloud === "") {
    return [env.OS_APPLICATION_CREDENTIAL_ID, env.OS_APPLICATION_CREDENTIAL_NAME].some((each) => each);
  }
  const file = cloudsFiles(env).find((each) => existsSync(each));
  if (file === undefined) return false;
  const { clouds } = cloudsFile.safeParse(contentOf(file)).data ?? {};
  const { auth_type, auth } = clouds?.[cloud] ?? {};
  return auth_type === "v3applicationcredential" || auth?.application_credential_id !== undefined;
}

/** Nothing where the file cannot be read: the provider says so, and the parser's words would show its passwords. */
function contentOf(file: string): unknown {
  try {
    return parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/** What matters here of a clouds.yaml. */
const cloudsFile = z.object({
  clouds: z.record(
    z.string(),
    z.object({
      auth_type: z.string().optional(),
      auth: z.object({ application_credential_id: z.string().optional() }).optional(),
    }),
  ),
});

/** Where OpenStack's libraries look for clouds.yaml. */
function cloudsFiles(env: NodeJS.ProcessEnv): string[] {
  const own = env.OS_CLIENT_CONFIG_FILE ?? "";
  const folders = [process.cwd(), join(env.HOME ?? homedir(), ".config", "openstack"), "/etc/openstack"];
  const files = folders.flatMap((folder) => [join(folder, "clouds.yaml"), join(folder, "clouds.yml")]);
  return own === "" ? files : [own, ...files];
}
