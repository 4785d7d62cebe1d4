import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import type { Exposure } from "../../components/cluster.ts";
import type { MagnumSettings } from "../../settings/clusters/magnum.ts";
import { floatingIpPoolOf } from "../../settings/clusters/magnum-facts.ts";
import { seconds } from "../../settings/quantities.ts";
import type { ExposeSettings } from "../../settings/releases/release.ts";
import { recordType, recordValue } from "../cloud/dns-record.ts";
import { openstackTags, STACK_TAG } from "../cloud/tags.ts";
import type { MagnumCluster } from "./cluster.ts";
import type { MagnumContext } from "./template.ts";

/** Annotations that OpenStack's cloud controller reads on a Service of type LoadBalancer. */
const ANNOTATIONS = "loadbalancer.openstack.org";
const INTERNAL = "service.beta.kubernetes.io/openstack-internal-load-balancer";

/**
 * How a Service leaves the cluster: by a load balancer of Octavia with a floating IP that is known beforehand, either
 * the one that the release names or one from the pool; without a pool, Octavia gives one of its own.
 */
export function exposeMagnum(name: string, wanted: ExposeSettings, context: MagnumContext): Exposure {
  const type = wanted.type ?? "LoadBalancer";
  if (type !== "LoadBalancer") return { type, annotations: wanted.annotations };
  const annotations = { ...idleTimeout(context.settings), ...wanted.annotations };
  const allowFrom = wanted.allowFrom === undefined ? {} : { allowFrom: wanted.allowFrom };
  const address = wanted.address ?? floatingIp(name, wanted, context)?.address;
  if (address === undefined) return { type, annotations, ...allowFrom };
  return {
    type,
    // Else the address would go with the Service, and the stack could not delete it.
    annotations: { [`${ANNOTATIONS}/keep-floatingip`]: "true", ...annotations },
    loadBalancerIP: address,
    address,
    ...allowFrom,
  };
}

/** How long Octavia keeps silent connections, in milliseconds; load balancers of OVN keep all of them. */
function idleTimeout({ loadBalancer }: MagnumSettings): Record<string, string> {
  if (loadBalancer.provider === "ovn") return {};
  const milliseconds = String(seconds(loadBalancer.idleTimeout) * 1000);
  return {
    [`${ANNOTATIONS}/timeout-client-data`]: milliseconds,
    [`${ANNOTATIONS}/timeout-member-data`]: milliseconds,
  };
}

/** A floating IP for a Service; none for a load balancer inside the network, or where no pool is known. */
function floatingIp(
  service: string,
  { annotations }: ExposeSettings,
  context: MagnumContext,
): openstack.networking.FloatingIp | undefined {
  const pool = floatingIpPoolOf(context.settings);
  if (pool === undefined || annotations[INTERNAL] === "true") return undefined;
  const { name, tags, parent } = context;
  return new openstack.networking.FloatingIp(
    service,
    { pool, description: description(name, service, tags), tags: openstackTags(tags) },
    // Kubernetes attaches it to the load balancer, which takes an address once, when it is made: another pool is for
    // the addresses that come later.
    { parent, ignoreChanges: ["pool", "portId", "fixedIp"] },
  );
}

/**
 * The command that logs in to the first master, by its own address or by a floating IP.
 *
 * @throws pulumi.RunError where Magnum tells no address, or one that takes no floating IP: its output fails
 */
export function sshCommand(
  cluster: MagnumCluster,
  context: MagnumContext,
): pulumi.Output<string> | undefined {
  const { ssh } = context.settings;
  if (ssh === undefined) return undefined;
  const master = cluster.masterAddresses.apply(firstMaster);
  const address = ssh.floatingIp ? masterAddress(master, context) : master;
  return pulumi.interpolate`ssh ${ssh.user}@${address}`;
}

function firstMaster([address]: readonly string[]): string {
  if (address !== undefined && address !== "") return address;
  throw new pulumi.RunError("Magnum tells no address of the first master; remove dask:cluster.ssh");
}

function masterAddress(
  master: pulumi.Output<string>,
  { settings, name, tags, parent }: MagnumContext,
): pulumi.Output<string> {
  const found = openstack.networking.getPortIdsOutput({ fixedIp: master }, { parent });
  const portId = pulumi.all([found.ids, master]).apply(([ids, address]) => onlyPort(ids, address));
  const made = new openstack.networking.FloatingIp(
    "master",
    {
      pool: floatingIpPoolOf(settings) ?? "",
      portId,
      description: description(name, "ssh to the first master", tags),
      tags: openstackTags(tags),
    },
    { parent },
  );
  return made.address;
}

/**
 * The port of an address: none has it where the template gives masters floating IPs, which Magnum then tells.
 *
 * @throws pulumi.RunError where not exactly one port has it
 */
function onlyPort([id, ...more]: readonly string[], address: string): string {
  if (id !== undefined && more.length === 0) return id;
  const found = id === undefined ? "is a floating IP already" : "belongs to several ports";
  throw new pulumi.RunError(
    `the first master's address ${address} ${found}; remove dask:cluster.ssh.floatingIp`,
  );
}

function description(name: string, what: string, tags: MagnumContext["tags"]): string {
  return `${name}: ${what} (stack ${tags[STACK_TAG]})`;
}

const DNS_TTL_S = 300;

/** Makes the record of a host in Designate. */
export function recordMagnum(
  host: string,
  target: pulumi.Input<string>,
  zone: string,
  { name, tags, parent }: MagnumContext,
): pulumi.Resource {
  const found = openstack.dns.getDnsZoneOutput({ name: dotted(zone) }, { parent });
  const to = pulumi.output(target);
  return new openstack.dns.RecordSet(
    host,
    {
      zoneId: found.id,
      name: dotted(host),
      type: to.apply(recordType),
      ttl: DNS_TTL_S,
      records: [to.apply(recordValue)],
      description: description(name, host, tags),
    },
    { parent },
  );
}

/** A name as Designate wants it: it ends in a dot. */
function dotted(name: string): string {
  return name.endsWith(".") ? name : `${name}.`;
}
