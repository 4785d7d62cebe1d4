import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { run } from "../command.ts";
import { readIfThere } from "../files.ts";
import { startedAt } from "../identity.ts";
import { until } from "../kubernetes-api.ts";
import type { Layout } from "../layout.ts";
import { recordedPrograms, runningPid } from "../processes.ts";
import { cgroupFolders, podCgroup } from "./cgroups.ts";
import { must } from "./must.ts";
import { firstProcess } from "./namespaces.ts";
import { linkName, type NodeNetwork, rememberedNetwork } from "./network.ts";
import { iptablesSave } from "./programs.ts";
import { leftWords } from "./removal.ts";

/** Where a node or a cloud can be seen on this machine outside its folder; to be taken while it runs. */
export interface Traces {
  readonly root: string;
  readonly link: string;
  readonly cgroups: readonly string[];
  readonly network: NodeNetwork | undefined;
  /** Every process of the node and of its pods, with the moment it began. */
  readonly processes: ReadonlyMap<number, string>;
}

/** The traces of the sandbox at `layout`. */
export function tracesOf(layout: Layout): Traces {
  return {
    root: layout.root,
    link: linkName(layout),
    cgroups: cgroupFolders(layout),
    network: rememberedNetwork(layout),
    processes: processesOf(layout),
  };
}

/**
 * What is left of a node on this machine, one line each; empty where nothing is.
 * Looks for processes, mounts, the network device, routes, packet filter rules and cgroups.
 */
export async function leftovers(traces: Traces): Promise<string[]> {
  return [
    ...aliveOf(traces),
    ...mounts(traces, readFileSync("/proc/self/mountinfo", "utf8")),
    ...(existsSync(`/sys/class/net/${traces.link}`) ? [`network device ${traces.link}`] : []),
    ...(await lines(traces, "route", ["ip", "-4", "route", "show", "table", "all"])),
    ...(await packetFilter(traces)),
    ...traces.cgroups.filter((folder) => existsSync(folder)).map((folder) => `cgroup ${folder}`),
  ];
}

/** The mounts in the node's folder or of what lies in it, in the text of a /proc/<pid>/mountinfo; pure. */
export function mounts({ root }: Traces, table: string): string[] {
  // What is mounted elsewhere is named by its path on the file system, which need not begin where the machine's do.
  return matching("mount", table, [`${root}/`, `/${basename(root)}/cluster/`]);
}

/** The packet filter's rules that name an address of the node's network; of another namespace by a command that enters it. */
export function packetFilter(traces: Traces, enter: readonly string[] = []): Promise<string[]> {
  return lines(traces, "packet filter", [...enter, ...iptablesSave()]);
}

/** The lines of a command's output that name an address of the node's network; throws where it fails: silence is no proof. */
async function lines(traces: Traces, title: string, command: readonly string[]): Promise<string[]> {
  if (traces.network === undefined) return [];
  const [file = "", ...args] = command;
  return matching(title, must(command, await run(file, args)), addressPrefixes(traces));
}

/** Waits until nothing is left, and throws with what still is after ten seconds, and with what takes it away. */
export async function nothingLeft(traces: Traces): Promise<void> {
  let left: string[] = [];
  // The kernel takes a network away a moment after its last process.
  const gone = await until(async () => {
    left = await leftovers(traces);
    return left.length === 0;
  }, 10_000);
  if (!gone) throw new Error(leftWords(traces.root, left));
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

function processesOf(layout: Layout): ReadonlyMap<number, string> {
  const first = firstProcess(layout);
  const home = first === undefined ? "" : networkOf(first);
  const found = allProcesses().filter(
    (pid) =>
      (home !== "" && networkOf(pid) === home) ||
      read(pid, "cgroup").includes(podCgroup(layout)) ||
      commandOf(pid).includes(layout.cluster),
  );
  const started = recordedPrograms(layout).flatMap((name) => below(runningPid(layout, name)));
  return new Map([...found, ...started].map((pid) => [pid, startedAt(pid) ?? ""]));
}

/** A process and all that it started and still has. */
function below(pid: number | undefined): number[] {
  if (pid === undefined) return [];
  const children = read(pid, `task/${pid}/children`)
    .split(" ")
    .map(Number)
    .filter((child) => child > 0);
  return [pid, ...children.flatMap(below)];
}

/** Those of the node's processes that still live. A namespace's number alone says nothing: it is given again. */
function aliveOf({ root, processes }: Traces): string[] {
  const alive = allProcesses().filter((pid) => {
    const known = processes.get(pid);
    return (
      (known !== undefined && startedAt(pid) === known) || commandOf(pid).includes(join(root, "cluster/"))
    );
  });
  return alive.map((pid) => `process ${pid}: ${commandOf(pid).slice(0, 120)}`);
}

function allProcesses(): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid);
}

function commandOf(pid: number): string {
  return read(pid, "cmdline").replaceAll("\0", " ");
}

function read(pid: number, file: string): string {
  return readIfThere(`/proc/${pid}/${file}`) ?? "";
}

function networkOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return "";
  }
}
