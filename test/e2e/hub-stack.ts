import { readdirSync } from "node:fs";
import type { OutputMap } from "@pulumi/pulumi/automation/index.js";
import { layoutOf } from "../../sandbox/layout.ts";
import { volumesFolder } from "../../sandbox/node/node-agent.ts";
import { eventually } from "../eventually.ts";
import { inventory } from "../stack/inventory.ts";
import { type Bench, outputOf } from "../stack/sandbox.ts";

/** Settings of a hub with Dask whose pods fit beside each other on two cores. */
export const smallHub = {
  kind: "daskhub",
  expose: { allowFrom: ["10.0.0.0/8"] },
  auth: { kind: "password", admins: ["ada"] },
  database: { kind: "postgres", size: "5G", cores: 0.1, memory: "512M" },
  hub: { cores: { guarantee: 0.1, limit: 1 }, proxy: { cores: { guarantee: 0.05, limit: 1 } } },
  user: {
    cores: { guarantee: 0.1, limit: 1 },
    memory: { guarantee: "512M", limit: "1G" },
    storage: { kind: "dynamic", size: "1G" },
  },
  gateway: { cores: 0.05 },
  scheduler: { cores: 0.2, memory: "512M" },
  worker: { cores: 0.3, memory: "1G" },
} as const;

/** How a test comes to a hub: address, and passwords of people and of admins. */
export interface HubAccess {
  readonly hub: string;
  readonly userPassword: string;
  readonly adminPassword: string;
}

/** Where the hub of a release is, and its passwords. */
export function hubAccess(outputs: OutputMap, release: string): HubAccess {
  const of = (output: string) =>
    (outputOf(outputs, output) as Record<string, Record<string, string>>)[release];
  const { hub = "" } = of("endpoints") ?? {};
  const { userPassword = "", adminPassword = "" } = of("credentials") ?? {};
  return { hub, userPassword, adminPassword };
}

/** Everything that API server and node hold: objects of every kind, and the folders behind volumes. */
export async function everything(bench: Bench): Promise<string[]> {
  const volumes = readdirSync(volumesFolder(layoutOf(bench.sandbox.root)));
  return [...(await inventory(bench)), ...volumes.map((name) => `folder of volume ${name}`)];
}

/** What is there and was not before, once no volume is on its way out any more. */
export async function leftSince(bench: Bench, before: readonly string[]): Promise<string[]> {
  const added = async () => (await everything(bench)).filter((each) => !before.includes(each));
  // A volume goes a moment after its claim.
  const isVolume = (each: string) => /^(PersistentVolume |folder )/.test(each);
  return eventually(added, (left) => !left.some(isVolume)).catch(added);
}
