import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../settings/problems.ts";

/** Variables by which Amazon's libraries take credentials, each for itself. */
const LOGIN_VARIABLES = [
  "AWS_ACCESS_KEY_ID",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

const SKIP = "; or set dask:liveChecks: false to leave this check out";

/**
 * Refuses to go on where nothing on this machine could sign in to Amazon.
 *
 * @param profile the profile of the settings; it must stand in `~/.aws/config` or `~/.aws/credentials`
 * @param onAmazon whether this machine is one of Amazon's, which need no login
 * @throws UserError with the remedy
 */
export function requireAwsLogin(
  profile: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
  onAmazon: () => boolean = onAmazonCloud,
): void {
  const wanted = profile ?? env.AWS_PROFILE ?? "";
  const files = [
    env.AWS_CONFIG_FILE ?? join(env.HOME ?? homedir(), ".aws", "config"),
    env.AWS_SHARED_CREDENTIALS_FILE ?? join(env.HOME ?? homedir(), ".aws", "credentials"),
  ].filter((file) => existsSync(file));
  if (wanted !== "") {
    if (files.some((file) => profilesOf(readFileSync(file, "utf8")).includes(wanted))) return;
    const where = profile === undefined ? "AWS_PROFILE" : "dask:cluster.profile";
    throw new UserError(
      `${where} names ${wanted}, which is no profile of ~/.aws/config; run: aws configure sso --profile ${wanted}, or name another${SKIP}`,
    );
  }
  if (LOGIN_VARIABLES.some((name) => (env[name] ?? "") !== "") || files.length > 0 || onAmazon()) return;
  throw new UserError(
    `nothing here signs in to Amazon Web Services; run: aws configure sso, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY${SKIP}`,
  );
}

/** Names of the profiles in a file of the AWS CLI: `[profile dev]` in one, `[dev]` in the other. */
export function profilesOf(text: string): string[] {
  return [...text.matchAll(/^\s*\[\s*(?:profile\s+)?([^\]]+?)\s*\]/gm)].flatMap(([, name]) => name ?? []);
}

/** Whether this machine is one of Amazon's, whose metadata service gives credentials. */
function onAmazonCloud(): boolean {
  try {
    return readFileSync("/sys/class/dmi/id/sys_vendor", "utf8").startsWith("Amazon");
  } catch {
    return false;
  }
}
