import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buildObstacle } from "../build.ts";
import { findOnPath } from "../command.ts";
import type { Obstacle } from "../obstacle.ts";
import { cgroupObstacle } from "./cgroups.ts";
import { nodeTools } from "./programs.ts";

/** What is needed besides what the sandbox brings itself, and the Debian package that has it. */
const COMMANDS = {
  "apt-get": "apt",
  bash: "bash",
  "dpkg-deb": "dpkg",
  ip: "iproute2",
  nsenter: "util-linux",
  setpriv: "util-linux",
  tar: "tar",
  unshare: "util-linux",
} as const;

// Bits of CapEff in /proc/self/status: network devices, and mounts and namespaces.
const CAPABILITIES = { CAP_NET_ADMIN: 12n, CAP_SYS_ADMIN: 21n } as const;

/**
 * Why this machine can have no real node whose folder is `root`, or none anywhere; undefined where it can.
 * Tries what a node does at first, in namespaces that end at once: a container may have the rights and not the means.
 */
export function realNodeObstacle(root = tmpdir()): Obstacle | undefined {
  return (
    namespacesObstacle() ??
    cgroupObstacle() ??
    kernelObstacle(existing(root)) ??
    buildObstacle(Object.values(nodeTools))
  );
}

// $1 is a folder where the node's would be. The kernel puts no overlay over another, as a container's root folder is.
const TRY = [
  "mount --make-rprivate /",
  'mkdir "$1/lower" "$1/upper" "$1/work" "$1/merged"',
  'mount -t overlay overlay -o "lowerdir=$1/lower,upperdir=$1/upper,workdir=$1/work" "$1/merged"',
  "ip link add probe0 type veth peer name probe1",
  "nsenter --target=$$ --mount --net -- setpriv --pdeathsig=TERM -- true",
].join(" && ");

function kernelObstacle(parent: string): Obstacle | undefined {
  const folder = mkdtempSync(join(parent, ".dask-probe-"));
  const kinds = ["--mount", "--net", "--pid", "--uts", "--ipc", "--fork", "--mount-proc"];
  const { status, stderr } = spawnSync("unshare", [...kinds, "sh", "-c", TRY, "sh", folder], {
    encoding: "utf8",
  });
  rmSync(folder, { recursive: true, force: true });
  if (status === 0) return undefined;
  const [reason = ""] = stderr.split("\n");
  return { why: `namespaces with a network and an overlay file system cannot be made here (${reason})` };
}

/** The folder itself, or the nearest one above it that is there. */
function existing(folder: string): string {
  return existsSync(folder) ? folder : existing(dirname(folder));
}

/** Why this machine lets nobody have namespaces and Debian packages of his own; undefined where it does. */
export function namespacesObstacle(): Obstacle | undefined {
  if (process.platform !== "linux") return { why: `it needs Linux, and this is ${process.platform}` };
  if (process.getuid?.() !== 0) return { why: "it needs root (sudo)" };
  const lacking = missingCapabilities(readFileSync("/proc/self/status", "utf8"));
  if (lacking.length > 0)
    return { why: `root lacks ${lacking.join(" and ")} here (a container that is not privileged?)` };
  return missingCommands(Object.keys(COMMANDS).filter((name) => findOnPath(name) === undefined));
}

/** What to say of commands that are not on PATH; undefined where none is missing; pure. */
export function missingCommands(names: readonly string[]): Obstacle | undefined {
  if (names.length === 0) return undefined;
  const why = `there is no ${names.join(", ")} (Debian and Ubuntu have them)`;
  // Where there is no apt there is no way to it.
  if (names.includes("apt-get") || names.includes("dpkg-deb")) return { why };
  const wanted = Object.entries(COMMANDS).filter(([name]) => names.includes(name));
  return { why, remedy: `apt-get install ${[...new Set(wanted.map(([, name]) => name))].join(" ")}` };
}

/** The needed capabilities that the process of this /proc/<pid>/status does not have; pure. */
export function missingCapabilities(status: string): string[] {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? "0"}`);
  return Object.entries(CAPABILITIES)
    .filter(([, bit]) => (effective & (1n << bit)) === 0n)
    .map(([name]) => name);
}
