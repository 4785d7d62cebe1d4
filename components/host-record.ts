import * as pulumi from "@pulumi/pulumi";
import type { Cluster, Exposure } from "./cluster.ts";
import type { Addresses } from "./endpoint.ts";

/**
 * The DNS record of a host whose address is known before its Service is there; none where it is not, or where the
 * cluster's settings name no zone.
 *
 * @param host as the settings write it, with or without a port
 */
export function earlyRecord(
  host: string | undefined,
  cluster: Cluster,
  { address }: Exposure,
): pulumi.Resource[] {
  if (host === undefined || address === undefined || cluster.dns === undefined) return [];
  return [cluster.dns(withoutPort(host), address)];
}

/**
 * Makes the record of a host from the address that its Service got, unless that was known before.
 *
 * @param got the URL of a port of the Service
 * @throws pulumi.RunError where the load balancer has no address to make a record of: the record fails
 */
export function lateRecord(
  host: string | undefined,
  cluster: Cluster,
  { address, type }: Exposure,
  got: pulumi.Output<string> | undefined,
): void {
  if (host === undefined || got === undefined || address !== undefined || type === "ClusterIP") return;
  cluster.dns?.(withoutPort(host), got.apply(hostOf));
}

/** An endpoint that leaves the cluster, and the name that it has or is to get. */
export interface Hosted {
  readonly cluster: Cluster;
  readonly exposure: Exposure;
  readonly host?: string | undefined;
}

/**
 * Addresses under the host where there is one, and that of the load balancer itself as `<port>Address`; makes the
 * host's record too.
 */
export function hostedAddresses(own: Addresses, { cluster, exposure, host }: Hosted): Addresses {
  const [[port, address] = []] = Object.entries(own);
  if (host === undefined || port === undefined || exposure.type === "ClusterIP") return own;
  earlyRecord(host, cluster, exposure);
  lateRecord(host, cluster, exposure, address);
  const named = Object.entries(own).map(([name, url]) => [name, url.apply((given) => withHost(given, host))]);
  return { ...Object.fromEntries(named), [`${port}Address`]: address };
}

/** A URL with another host; what is no URL stays. */
export function withHost(address: string, host: string): string {
  return address.replace(/^([a-z]+:\/\/)(\[[^\]]*\]|[^:/]+)/, `$1${host}`);
}

/** A host name as DNS knows it. */
function withoutPort(host: string): string {
  return host.replace(/:\d+$/, "");
}

/** Host or address in a URL; a preview may know none yet. */
function hostOf(address: string): string {
  if (URL.canParse(address)) return new URL(address).hostname.replace(/^\[|\]$/g, "");
  if (pulumi.runtime.isDryRun()) return address;
  throw new pulumi.RunError("the load balancer has no address for its DNS record yet; run pulumi up again");
}
