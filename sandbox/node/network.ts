import { createHash, randomInt } from "node:crypto";
import { join } from "node:path";
import { run } from "../command.ts";
import { readIfThere, writePrivate } from "../files.ts";
import type { Layout } from "../layout.ts";

/** The addresses of a real node: 1024 of our own, which this machine routes to the node and to nowhere else. */
export interface NodeNetwork {
  /** All of it, CIDR. */
  readonly range: string;
  /** The host's end of the link to the node. */
  readonly host: string;
  /** The node's end: its address in Kubernetes. */
  readonly node: string;
  /** Load balancers, CIDR. */
  readonly addresses: string;
  /** Services (cluster IPs), CIDR. */
  readonly services: string;
  /** The cluster DNS, one of the services. */
  readonly dns: string;
  /** Pods, CIDR. */
  readonly pods: string;
}

// A corner of 10.0.0.0/8 where neither clouds nor home routers nor container tools put their networks by default.
const FIRST_OCTET = 10;
const SECOND_OCTETS = [201, 249] as const;

/** The network that begins with three numbers, the third a multiple of four; pure. */
export function networkAt(second: number, third: number): NodeNetwork {
  const at = (offset: number) => `${FIRST_OCTET}.${second}.${third + offset}`;
  return {
    range: `${at(0)}.0/22`,
    host: `${at(0)}.1`,
    node: `${at(0)}.2`,
    addresses: `${at(1)}.0/24`,
    services: `${at(2)}.0/24`,
    dns: `${at(2)}.10`,
    pods: `${at(3)}.0/24`,
  };
}

/**
 * The network that this sandbox remembers, else a free one, which it then remembers.
 * Throws where this machine routes all of the range elsewhere.
 */
export async function chooseNetwork(layout: Layout): Promise<NodeNetwork> {
  const remembered = rememberedNetwork(layout);
  if (remembered !== undefined) return remembered;
  const { stdout } = await run("ip", ["-4", "route", "show", "table", "all"]);
  const [first, last] = SECOND_OCTETS;
  for (let attempt = 0; attempt < 100; attempt++) {
    const [second, third] = [randomInt(first, last + 1), randomInt(0, 64) * 4];
    const network = networkAt(second, third);
    if (overlapsAny(network.range, stdout)) continue;
    writePrivate(fileOf(layout), JSON.stringify({ second, third }));
    return network;
  }
  throw new Error("No free network for the node between 10.201.0.0 and 10.249.255.255: see `ip route`.");
}

/** The network that this sandbox has chosen before. */
export function rememberedNetwork(layout: Layout): NodeNetwork | undefined {
  const text = readIfThere(fileOf(layout));
  if (text === undefined) return undefined;
  const { second, third } = JSON.parse(text);
  return networkAt(second, third);
}

/** Whether `range` and a destination in the output of `ip route` share an address; the default route does not count. */
export function overlapsAny(range: string, routes: string): boolean {
  const destinations = routes.matchAll(/^(?:\w+ )?(\d+\.\d+\.\d+\.\d+(?:\/\d+)?)(?: |$)/gm);
  return [...destinations].some(([, destination = ""]) => overlap(range, destination));
}

/** Eight hex digits that stand for this sandbox in the names of what it makes outside its folder. */
export function sandboxId(layout: Layout): string {
  return createHash("sha256").update(layout.root).digest("hex").slice(0, 8);
}

/** The host's network device that leads to the node; at most 15 characters. */
export function linkName(layout: Layout): string {
  return `dask-${sandboxId(layout)}`;
}

function fileOf(layout: Layout): string {
  return join(layout.cluster, "network.json");
}

function overlap(a: string, b: string): boolean {
  const [left, right] = [parse(a), parse(b)];
  const size = 2 ** (32 - Math.min(left.bits, right.bits));
  return Math.floor(left.address / size) === Math.floor(right.address / size);
}

function parse(cidr: string): { address: number; bits: number } {
  const [address = "", bits = "32"] = cidr.split("/");
  return {
    address: address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0),
    bits: Number(bits),
  };
}
