import { readFileSync } from "node:fs";
import { type GatewayShapeSettings, IMAGE_VARIABLE } from "../../settings/releases/dask-gateway.ts";
import { gatewaySizes } from "../../settings/releases/gateway-limits.ts";

/** The environment variable in which the API server finds the password. */
export const PASSWORD_VARIABLE = "DASK_GATEWAY_PASSWORD";

/** Snippets of `gateway.extraConfig` by name; the chart runs them in the order of their names. */
export type ExtraConfig = Readonly<Record<string, string>>;

/**
 * The Python that the chart appends to the gateway's configuration: options, limits, password, then the user's own.
 *
 * @param password whether users sign in with a password, found in `PASSWORD_VARIABLE`
 */
export function extraConfig(settings: GatewayShapeSettings, password: boolean): ExtraConfig {
  const own = Object.entries(settings.gateway.extraConfig);
  return {
    "00-stack-settings": `import json\n\n_stack = ${pythonData(stackData(settings, password))}\n`,
    "01-stack": readFileSync(new URL("config.py", import.meta.url), "utf8"),
    ...Object.fromEntries(own.map(([name, code]) => [`10-${name}`, code])),
  };
}

/** What config.py is told: sizes in cores and bytes, times in seconds, `null` for what is off. */
export function stackData(settings: GatewayShapeSettings, password: boolean): Record<string, unknown> {
  const { limits, scheduler, worker, workerCores, workerMemory } = gatewaySizes(settings);
  return {
    scheduler,
    worker,
    workerCores: workerCores === undefined ? null : [workerCores.min, workerCores.max],
    workerMemory: workerMemory === undefined ? null : [workerMemory.min, workerMemory.max],
    limits,
    image: settings.image,
    images: images(settings),
    environment: settings.environment,
    userEnvironment: settings.options.environment,
    imageVariable: IMAGE_VARIABLE,
    passwordVariable: password ? PASSWORD_VARIABLE : null,
  };
}

function images({ image, options }: GatewayShapeSettings): "free" | readonly string[] | null {
  if (options.image === "fixed") return null;
  return options.image === "free" ? "free" : [...new Set([image, ...options.image])];
}

/**
 * Plain data as a Python expression, whatever text is in it.
 *
 * JSON's escapes are Python's too, so JSON of JSON is a string literal; plain ASCII passes YAML and Helm unchanged.
 */
export function pythonData(value: unknown): string {
  const ascii = JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `json.loads(${JSON.stringify(ascii)})`;
}
