import * as pulumi from "@pulumi/pulumi";
import { parseSettings } from "./parse.ts";
import { type Problem, SettingsError } from "./problems.ts";
import type { Settings } from "./schema.ts";

/**
 * Reads the stack's settings from its configuration: the only reader of `pulumi.Config`.
 *
 * @throws pulumi.RunError with every problem of the stack file, before any resource is registered
 */
export function readSettings(): Settings {
  const input = readInput();
  try {
    return parseSettings(input, plainSecrets(input));
  } catch (error) {
    // A RunError is printed without its stack: the message is all the user needs.
    if (error instanceof SettingsError) throw new pulumi.RunError(error.message);
    throw error;
  }
}

/** The problem that secrets are not encrypted; the empty default of Pulumi.yaml need not be. */
function plainSecrets({ secrets = {} }: Record<string, unknown>): Problem[] {
  return JSON.stringify(secrets) === "{}" || isEncrypted("secrets") ? [] : [PLAIN_SECRETS];
}

const PLAIN_SECRETS: Problem = {
  key: "dask:secrets",
  message:
    "stands in plain text; set it with: pulumi config set --secret --path 'dask:secrets.<release>.<key>'",
};

function readInput(): Record<string, unknown> {
  const own = Object.entries(pulumi.runtime.allConfig()).filter(([key]) => key.startsWith(prefix()));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(prefix().length), parseValue(value)]));
}

/** The engine hands structured values over as JSON and everything else as text. */
function parseValue(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** `dask:`, or the name of the project that embeds the program. */
const prefix = () => `${new pulumi.Config().name}:`;

/** Whether the engine marked a key as secret; the SDK knows it and leaves it out of its typings. */
function isEncrypted(key: string): boolean {
  const ask: unknown = Reflect.get(pulumi.runtime, "isConfigSecret");
  return typeof ask !== "function" || ask(prefix() + key) === true;
}
