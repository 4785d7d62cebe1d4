import { layoutOf } from "../../sandbox/layout.ts";
import type { CloudBench } from "./bench.ts";
import { TRUSTEES } from "./configuration.ts";
import { planesOf } from "./control-planes.ts";

/** Everything that a stack, or Magnum for it, makes in the cloud or on this machine, as `kind name`, sorted. */
export async function inventory({ cloud, member, administrator }: CloudBench): Promise<string[]> {
  const clusters = await member.list("magnum-api", "clusters");
  const groups = await Promise.all(
    clusters.map(({ uuid }) => member.list("magnum-api", `clusters/${uuid}/nodegroups`)),
  );
  const [domain] = await administrator.list("keystone", `domains?name=${TRUSTEES.domain}`);
  const [templates, keypairs, addresses, trustees, trusts] = await Promise.all([
    member.list("magnum-api", "clustertemplates"),
    member.list("nova", "os-keypairs"),
    member.list("neutron", "floatingips"),
    administrator.list("keystone", `users?domain_id=${domain?.id}`),
    administrator.list("keystone", "OS-TRUST/trusts"),
  ]);
  return [
    ...clusters.map(({ name }) => `cluster ${name}`),
    ...groups.flat().map(({ name }) => `node group ${name}`),
    ...templates.map(({ name }) => `template ${name}`),
    ...keypairs.map(({ keypair }) => `keypair ${JSON.stringify(keypair)}`),
    ...addresses.map(({ floating_ip_address }) => `floating IP ${floating_ip_address}`),
    ...trustees.map(({ name }) => `user ${name}`),
    ...trusts.map(({ id }) => `trust ${id}`),
    ...planesOf(layoutOf(cloud.root)),
  ].sort();
}
