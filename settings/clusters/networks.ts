import { z } from "zod";

/** A network of IPv4 addresses in CIDR notation. */
export const network = z.cidrv4({ error: "must be an IPv4 network in CIDR notation, like 10.0.0.0/20" });

/** Length of the prefix of a network: 20 for `10.0.0.0/20`. */
export function prefixLength(cidr: string): number {
  return Number(cidr.split("/")[1]);
}

/** First and last address of a network, as numbers. */
function range(cidr: string): readonly [first: number, last: number] {
  const size = 2 ** (32 - prefixLength(cidr));
  const address = (cidr.split("/")[0] ?? "").split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const first = Math.floor(address / size) * size;
  return [first, first + size - 1];
}

/** Whether two networks have an address in common. */
export function overlap(one: string, other: string): boolean {
  const [first, last] = range(one);
  const [otherFirst, otherLast] = range(other);
  return first <= otherLast && otherFirst <= last;
}

/** Whether a network holds the whole of another. */
export function holds(outer: string, inner: string): boolean {
  const [first, last] = range(outer);
  const [innerFirst, innerLast] = range(inner);
  return first <= innerFirst && innerLast <= last;
}

/** Each pair of networks, by name, that have an address in common. */
export function overlaps(networks: Readonly<Record<string, string>>): [name: string, other: string][] {
  const all = Object.entries(networks);
  return all.flatMap(([name, cidr], index) =>
    all
      .slice(0, index)
      .filter(([, other]) => overlap(cidr, other))
      .map(([other]): [string, string] => [name, other]),
  );
}

/** A network without stray host bits: `10.0.0.0/16` for `10.0.3.1/16`, as clouds want it written. */
export function aligned(cidr: string): string {
  return part(cidr, prefixLength(cidr), 0);
}

/**
 * The network number `index` among those of a prefix that a network divides into.
 *
 * @throws RangeError where the network has no such part
 */
export function part(cidr: string, prefix: number, index: number): string {
  const [first] = range(cidr);
  const own = prefixLength(cidr);
  if (prefix < own || prefix > 32 || index < 0 || index >= 2 ** (prefix - own))
    throw new RangeError(`${cidr} has no part ${index} of prefix ${prefix}`);
  const address = first + index * 2 ** (32 - prefix);
  return `${[24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".")}/${prefix}`;
}
