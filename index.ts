import { deploy } from "./deploy.ts";
import { readSettings } from "./settings/read.ts";

/** Settings, then cluster, then releases, then outputs: see deploy.ts. */
export const { endpoints, kubeconfig, commands, credentials, smokeTest, kept } = await deploy(readSettings());
