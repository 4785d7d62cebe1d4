import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../settings/problems.ts";
import { requireProgram } from "../cloud/prerequisites.ts";
import { GKE_PLUGIN } from "./kubeconfig.ts";

/** Variables by which the Google provider takes a login, in its own order. */
const LOGIN_VARIABLES = [
  "GOOGLE_CREDENTIALS",
  "GOOGLE_CLOUD_KEYFILE_JSON",
  "GCLOUD_KEYFILE_JSON",
  "GOOGLE_OAUTH_ACCESS_TOKEN",
];

/**
 * Refuses to go on where nothing on this machine could log in to Google Cloud.
 *
 * @throws UserError with the remedy
 */
export function requireGoogleLogin(env: NodeJS.ProcessEnv = process.env): void {
  if (LOGIN_VARIABLES.some((name) => (env[name] ?? "") !== "")) return;
  const file = env.GOOGLE_APPLICATION_CREDENTIALS ?? "";
  if (file !== "") {
    if (existsSync(file)) return;
    throw new UserError(
      `GOOGLE_APPLICATION_CREDENTIALS names ${file}, which is not there; correct it, or unset it and run: gcloud auth application-default login`,
    );
  }
  if (existsSync(join(gcloudDirectory(env), "application_default_credentials.json")) || onGoogleCloud())
    return;
  throw new UserError(
    "nothing here logs in to Google Cloud; run: gcloud auth application-default login, or set GOOGLE_CREDENTIALS; or set dask:liveChecks: false to leave this check out",
  );
}

/** Ways by which gcloud takes an account from the environment, as its properties of section `auth` are spelled there. */
const GCLOUD_VARIABLES = ["CLOUDSDK_AUTH_ACCESS_TOKEN_FILE", "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE"];
/** Files in which gcloud keeps the accounts that logged in. */
const GCLOUD_ACCOUNTS = ["credentials.db", "access_tokens.db"];

const TOKEN_REMEDY = "or set dask:cluster.auth to token";

/**
 * Refuses to go on where the plugin of the kubeconfig could not log in.
 *
 * The plugin asks gcloud for a token of its own account. The login that the provider has, application default
 * credentials or `GOOGLE_CREDENTIALS`, is not that account: a cluster would be made, and nothing in it.
 *
 * @param onGoogle whether this machine is one of Google's, whose metadata server gives gcloud an account
 * @throws UserError with the remedy
 */
export function requirePluginLogin(
  env: NodeJS.ProcessEnv = process.env,
  onGoogle: () => boolean = onGoogleCloud,
): void {
  requireProgram(
    GKE_PLUGIN,
    `install it with: gcloud components install gke-gcloud-auth-plugin, ${TOKEN_REMEDY}`,
    env,
  );
  // The one variable that the plugin reads itself, without gcloud.
  if ((env.CLOUDSDK_AUTH_ACCESS_TOKEN ?? "") !== "") return;
  requireProgram("gcloud", `${GKE_PLUGIN} runs it: install Google's Cloud SDK, ${TOKEN_REMEDY}`, env);
  const directory = gcloudDirectory(env);
  const hasAccount =
    GCLOUD_VARIABLES.some((name) => (env[name] ?? "") !== "") ||
    GCLOUD_ACCOUNTS.some((file) => existsSync(join(directory, file)));
  if (hasAccount || onGoogle()) return;
  throw new UserError(
    `${GKE_PLUGIN} takes gcloud's own account, and gcloud has none: application default credentials and GOOGLE_CREDENTIALS are not it; run: gcloud auth login, in a pipeline: gcloud auth activate-service-account --key-file=<file>, ${TOKEN_REMEDY}; or set dask:liveChecks: false to leave this check out`,
  );
}

function gcloudDirectory(env: NodeJS.ProcessEnv): string {
  const own = env.CLOUDSDK_CONFIG ?? "";
  if (own !== "") return own;
  const windows = process.platform === "win32" ? env.APPDATA : undefined;
  return windows === undefined ? join(env.HOME ?? homedir(), ".config", "gcloud") : join(windows, "gcloud");
}

/** Whether this machine is one of Google's, whose metadata server gives a login. */
function onGoogleCloud(): boolean {
  try {
    return readFileSync("/sys/class/dmi/id/product_name", "utf8").startsWith("Google");
  } catch {
    return false;
  }
}
