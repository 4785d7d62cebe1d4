import * as pulumi from "@pulumi/pulumi";
import { parseSettings } from "./parse.ts";
import { keyOf, type Problem, SettingsError } from "./problems.ts";
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
    if (error instanceof SettingsError) throw new pulumi.RunError(withoutEncrypted(error).message);
    throw error;
  }
}

/** The same problems without the values of keys that the user encrypted, whatever keys these are. */
function withoutEncrypted({ problems }: SettingsError): SettingsError {
  const encrypted = Object.keys(readInput())
    .filter(isEncrypted)
    .map((key) => keyOf([key]));
  const isHidden = ({ key }: Problem) =>
    encrypted.some((each) => key === each || /^[.[]/.test(key.replace(each, "")));
  return new SettingsError(problems.map((each) => (isHidden(each) ? withoutValue(each) : each)));
}

function withoutValue({ key, message }: Problem): Problem {
  return { key, message };
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
