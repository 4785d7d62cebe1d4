import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../settings/problems.ts";

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
    "nothing here logs in to Google Cloud; run: gcloud auth application-default login, or set GOOGLE_CREDENTIALS (liveChecks: false leaves this check out)",
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
