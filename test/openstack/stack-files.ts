import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { repository } from "../../sandbox/layout.ts";
import { chartSetting } from "../stack/sandbox.ts";
import { EXTERNAL_NETWORK, FLAVOURS, IMAGES } from "./seed.ts";

const [small, large] = FLAVOURS;

/** What is left of a simulated node for pods. */
const resources = { cores: 30, memory: "200G" };

/** A template of the stack's own, of what the cloud has. */
export const OWN_TEMPLATE = {
  image: IMAGES.image,
  externalNetwork: EXTERNAL_NETWORK,
  masterMachineType: small,
} as const;

/** The pool that every cluster has. */
export const CORE_POOL = { machineType: small, min: 1, max: 1, resources } as const;

/** A pool of the cloud's large flavour. */
export function pool(min: number, max: number): object {
  return { machineType: large, min, max, resources };
}

/** A stack file with a cluster of the given name and a release on it; `cluster` is merged over its cluster. */
export async function stackFile(name: string, cluster: object = {}): Promise<Record<string, unknown>> {
  return {
    "dask:cluster": {
      provider: "magnum",
      name,
      template: OWN_TEMPLATE,
      publicKey:
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAexampleexampleexampleexampleexampleexample test@example.org",
      storageClass: { name: "cinder", isDefault: true },
      nodePools: {
        core: CORE_POOL,
        user: pool(1, 3),
        worker: pool(2, 2),
      },
      ...cluster,
    },
    // Nothing computes on simulated nodes.
    "dask:smokeTest": false,
    "dask:releases": {
      batch: {
        kind: "dask",
        scheduler: { expose: { allowFrom: ["192.0.2.0/24"] } },
        workers: { replicas: 2 },
        jupyter: false,
        ...(await chartSetting("dask")),
      },
    },
  };
}

/** The cluster of a stack file in stacks/. */
export function clusterOf(file: string): object {
  return parse(readFileSync(join(repository, "stacks", file), "utf8")).config["dask:cluster"];
}
