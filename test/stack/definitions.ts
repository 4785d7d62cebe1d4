import type { Bench } from "./sandbox.ts";

/** The groups of the definitions that a destroyed stack leaves: of the charts for gateways, the operator and Postgres. */
const KEPT_GROUPS = ["gateway.dask.org", "traefik.io", "kubernetes.dask.org", "postgresql.cnpg.io"];

/** Whether an entry of the inventory is a kept definition, or the version of an API that comes and goes with it. */
export function isOfDefinition(object: string): boolean {
  return (
    /^(CustomResourceDefinition|APIService) /.test(object) &&
    KEPT_GROUPS.some((group) => object.endsWith(`.${group}`))
  );
}

/** The CustomResourceDefinitions of the kept groups that are there now, as `kubectl` names them. */
export async function keptDefinitions({ kubectl }: Bench): Promise<string[]> {
  const definitions = (await kubectl("get", "crd", "-o", "name")).split("\n");
  return definitions.filter((each) => KEPT_GROUPS.some((group) => each.endsWith(`.${group}`)));
}

/**
 * Removes the definitions that destroyed stacks have left.
 *
 * A stack keeps them because deleting one deletes every object of its kind in the whole cluster, those of other stacks
 * too.
 */
export async function removeDefinitions(bench: Bench): Promise<void> {
  const kept = await keptDefinitions(bench);
  if (kept.length > 0) await bench.kubectl("delete", ...kept);
  for (const group of KEPT_GROUPS) await gone(bench, group);
}

/** Resolves when the API server has forgotten a group, which it does a moment after its last definition. */
async function gone({ kubectl }: Bench, group: string): Promise<void> {
  const services = await kubectl("get", "apiservices", "-o", "name");
  const left = services.split("\n").filter((each) => each.endsWith(`.${group}`));
  if (left.length > 0) await kubectl("wait", "--for=delete", "--timeout=60s", ...left);
}
