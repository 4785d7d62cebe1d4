import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { run } from "../command.ts";
import { until } from "../kubernetes-api.ts";
import type { Layout } from "../layout.ts";
import { cgroupFolders } from "./cgroups.ts";
import { firstProcess } from "./namespaces.ts";
import { linkName, type NodeNetwork, rememberedNetwork } from "./network.ts";
import { iptablesSave } from "./programs.ts";

/** Where a real node can be seen on this machine outside its folder; to be taken while it runs. */
export interface Traces {
  readonly root: string;
  readonly link: string;
  readonly cgroups: readonly string[];
  readonly network: NodeNetwork | undefined;
  /** Its namespaces, like `net:[4026532231]`. */
  readonly namespaces: readonly string[];
}

/** The traces of the sandbox at `layout`. */
export function tracesOf(layout: Layout): Traces {
  const pid = firstProcess(layout);
  const namespaces = pid === undefined ? [] : ["mnt", "net", "pid"].map((kind) => namespaceOf(pid, kind));
  return {
    root: layout.root,
    link: linkName(layout),
    cgroups: cgroupFolders(layout),
    network: rememberedNetwork(layout),
    namespaces: namespaces.filter((name) => name !== ""),
  };
}

/**
 * What is left of a node on this machine, one line each; empty where nothing is.
 * Looks for processes, mounts, the network device, routes, packet filter rules and cgroups.
 */
export async function leftovers(traces: Traces): Promise<string[]> {
  const lines = async (title: string, file: string, ...args: string[]) => {
    const { stdout } = await run(file, args);
    return matching(title, stdout, addressPrefixes(traces));
  };
  return [
    ...processesOf(traces),
    ...matching("mount", readFileSync("/proc/self/mounts", "utf8"), [traces.root]),
    ...(existsSync(`/sys/class/net/${traces.link}`) ? [`network device ${traces.link}`] : []),
    ...(await lines("route", "ip", "-4", "route", "show", "table", "all")),
    ...(await lines("packet filter", ...iptablesSave())),
    ...traces.cgroups.filter((folder) => existsSync(folder)).map((folder) => `cgroup ${folder}`),
  ];
}

/** Waits until nothing is left, and throws with what still is after ten seconds. */
export async function nothingLeft(traces: Traces): Promise<void> {
  let left: string[] = [];
  // The kernel takes a network away a moment after its last process.
  const gone = await until(async () => {
    left = await leftovers(traces);
    return left.length === 0;
  }, 10_000);
  if (!gone) throw new Error(`The sandbox was stopped, but this is left of it:\n${left.join("\n")}`);
}

/** How addresses of the network begin, like `10.204.8.`. */
function addressPrefixes({ network }: Traces): string[] {
  if (network === undefined) return [];
  const { host, addresses, services, pods } = network;
  return [host, addresses, services, pods].map((text) => text.replace(/\d+(\/\d+)?$/, ""));
}

function matching(title: string, text: string, needles: readonly string[]): string[] {
  const lines = text.split("\n").filter((line) => needles.some((needle) => line.includes(needle)));
  return lines.map((line) => `${title}: ${line.trim()}`);
}

function processesOf({ root, namespaces }: Traces): string[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  return pids.flatMap((pid) => {
    const command = commandOf(pid);
    const inside = ["mnt", "net", "pid"].some((kind) => namespaces.includes(namespaceOf(Number(pid), kind)));
    return inside || command.some((part) => part.includes(join(root, "cluster")))
      ? [`process ${pid}: ${command.join(" ").slice(0, 120)}`]
      : [];
  });
}

function commandOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

function namespaceOf(pid: number, kind: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`);
  } catch {
    return "";
  }
}
