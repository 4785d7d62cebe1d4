import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PulumiFn } from "@pulumi/pulumi/automation/index.js";
import { parse } from "yaml";
import { deploy } from "../deploy.ts";
import { readSettings } from "../settings/read.ts";
import { repository } from "./layout.ts";
import { DEV_STACK } from "./stack.ts";

/** The `config` section of the project's `Pulumi.dev.yaml`; empty where it has none. Throws when it is not YAML. */
export function devConfig(
  file: string = join(repository, `Pulumi.${DEV_STACK}.yaml`),
): Record<string, unknown> {
  const { config = {} } = parse(readFileSync(file, "utf8")) ?? {};
  return config;
}

/** The program of this project, as `index.ts` runs it. */
export const devProgram: PulumiFn = async () => ({ ...(await deploy(readSettings())) });
