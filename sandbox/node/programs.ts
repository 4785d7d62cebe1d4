import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { buildAll, builtPath, type Log } from "../build.ts";
import { run } from "../command.ts";
import type { Tool } from "../tools.ts";
import { type PackageSet, packagesFolder, unpackedPackages } from "./debian.ts";

/** Programs of a real node that are built from Go modules of this project. */
export const nodeTools = {
  nodeAgent: { name: "node-agent", module: "node-agent", package: ".", stamps: {}, cpuMinutes: 2 },
  coredns: { name: "coredns", module: "coredns", package: ".", stamps: {}, cpuMinutes: 2 },
  pause: { name: "pause", module: "pause", package: ".", stamps: {}, cpuMinutes: 1 },
} as const satisfies Record<string, Tool>;

/** Where the programs of a real node lie; absolute paths. */
export interface NodePrograms {
  readonly kube: string;
  readonly nodeAgent: string;
  readonly coredns: string;
  readonly pause: string;
  /** Folder of the unpacked Debian packages. */
  readonly debian: string;
  /** Folder of CNI plugins. */
  readonly cni: string;
}

// containerd, its runtime, network plugins and iptables in the versions of the machine's own release. The C library
// is the machine's: two of them in one process do not go together.
const packages: PackageSet = {
  name: "node",
  packages: ["containerd", "runc", "containernetworking-plugins", "iptables"],
  without: ["libc6_", "libgcc-s1_", "gcc-", "netbase_"],
};

/** Builds or downloads what of the node's own programs is not in the user's cache; answers the packages' folder. */
export async function makeNodePrograms(log: Log): Promise<string> {
  await buildAll(Object.values(nodeTools), log);
  const debian = await unpackedPackages(packages, log);
  nameIptables(debian);
  return debian;
}

/** The programs of a node, made where they are not in the user's cache; `kube` is there already. */
export async function ensureNodePrograms(kube: string, log: Log): Promise<NodePrograms> {
  const debian = await makeNodePrograms(log);
  return {
    kube,
    nodeAgent: builtPath(nodeTools.nodeAgent),
    coredns: builtPath(nodeTools.coredns),
    pause: builtPath(nodeTools.pause),
    debian,
    cni: join(debian, "usr", "lib", "cni"),
  };
}

/** The command that runs `iptables-save` of the node's packages, without their being installed. */
export function iptablesSave(): [string, ...string[]] {
  return ["/usr/bin/env", ...environmentOf({ debian: packagesFolder(packages) }), "iptables-save"];
}

// What kube-proxy does for every Service, with a match and a target that not every kernel has.
const RULE = ["--table", "nat", "--append", "POSTROUTING", "--match", "comment", "--comment", "probe"];

/** Throws where iptables of the node's packages does not work in a network namespace; tries it in one that ends at once. */
export async function requirePacketFilter(programs: NodePrograms): Promise<void> {
  const iptables = ["/usr/bin/env", ...environmentOf(programs), "iptables", ...RULE, "--jump", "MASQUERADE"];
  const { code, stderr } = await run("unshare", ["--net", ...iptables]);
  if (code === 0) return;
  const [reason = ""] = stderr.split("\n");
  throw new Error(
    `No real node here: iptables does not work in a network namespace (${reason}). Use --nodes simulated.`,
  );
}

/** The environment variables by which the programs find each other, as arguments of `env`; pure. */
export function environmentOf({ debian }: Pick<NodePrograms, "debian">): string[] {
  const library = join(
    debian,
    "usr",
    "lib",
    process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu",
  );
  const folders = ["sandbox-bin", "usr/sbin", "usr/bin"].map((name) => join(debian, name));
  return [
    `PATH=${[...folders, "/usr/sbin", "/usr/bin", "/sbin", "/bin"].join(":")}`,
    `LD_LIBRARY_PATH=${library}`,
    `XTABLES_LIBDIR=${join(library, "xtables")}`,
  ];
}

/** Debian's alternatives system makes the plain names when the package is installed; here nobody does. */
function nameIptables(debian: string): void {
  const folder = join(debian, "sandbox-bin");
  if (existsSync(folder)) return;
  mkdirSync(folder);
  for (const family of ["iptables", "ip6tables"]) {
    for (const suffix of ["", "-save", "-restore"]) {
      symlinkSync(join("..", "usr", "sbin", "xtables-nft-multi"), join(folder, `${family}${suffix}`));
    }
  }
}
