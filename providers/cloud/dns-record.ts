import { isIPv4, isIPv6 } from "node:net";

/** The type of the DNS record that points to an address or to a host name. */
export function recordType(target: string): "A" | "AAAA" | "CNAME" {
  if (isIPv4(target)) return "A";
  return isIPv6(target) ? "AAAA" : "CNAME";
}

/** What stands in a DNS record that points to an address, or to a host name: that ends in a dot. */
export function recordValue(target: string): string {
  return recordType(target) === "CNAME" ? `${target.replace(/\.$/, "")}.` : target;
}
