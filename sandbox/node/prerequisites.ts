import { readFileSync } from "node:fs";
import { findOnPath } from "../command.ts";

// What is needed besides what the sandbox brings itself.
const COMMANDS = ["apt-get", "dpkg-deb", "ip", "nsenter", "setpriv", "tar", "unshare"];

// Bits of CapEff in /proc/self/status: network devices, and mounts and namespaces.
const CAPABILITIES = { CAP_NET_ADMIN: 12n, CAP_SYS_ADMIN: 21n } as const;

/** Why this machine can have no real node, as the end of a sentence; undefined where it can. */
export function realNodeObstacle(): string | undefined {
  if (process.platform !== "linux") return `it needs Linux, and this is ${process.platform}`;
  if (process.getuid?.() !== 0) return "it needs root (sudo)";
  const missing = missingCapabilities(readFileSync("/proc/self/status", "utf8"));
  if (missing.length > 0)
    return `root lacks ${missing.join(" and ")} here (a container that is not privileged?)`;
  const commands = COMMANDS.filter((name) => findOnPath(name) === undefined);
  if (commands.length > 0) return `there is no ${commands.join(", ")} (Debian and Ubuntu have them)`;
  return undefined;
}

/** The needed capabilities that the process of this /proc/<pid>/status does not have; pure. */
export function missingCapabilities(status: string): string[] {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? "0"}`);
  return Object.entries(CAPABILITIES)
    .filter(([, bit]) => (effective & (1n << bit)) === 0n)
    .map(([name]) => name);
}
