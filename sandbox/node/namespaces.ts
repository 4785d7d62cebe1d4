import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type Ended, run } from "../command.ts";
import { until } from "../kubernetes-api.ts";
import { cacheFolder, type Layout } from "../layout.ts";
import { ensureRunning, logTail, type Program, stopProgram } from "../processes.ts";
import { linkName, type NodeNetwork } from "./network.ts";
import { runningPid } from "./pid.ts";
import { environmentOf, type NodePrograms } from "./programs.ts";

// The node lives in process, mount and network namespaces of its own, as a container does. Its mounts, network
// devices, iptables rules and kernel settings are seen nowhere else and end with its first process, however it ends.

/** A node's namespaces: how programs are run inside. */
export interface NodeNamespaces {
  /** The first process inside, as this machine numbers it. */
  readonly pid: number;
  /** A long-running program inside. */
  program(name: string, command: readonly string[]): Program;
  /** Runs a short command inside and answers its output; throws where it fails. */
  run(command: readonly string[]): Promise<string>;
}

/** Name of the program that holds the namespaces, and of the first one of the node. */
export const HOLDER = "node";

/** Where the parts of the node that outlive its processes lie. */
export function nodeFolder(layout: Layout): string {
  return join(layout.cluster, "node");
}

/** Makes the namespaces with their mounts and the link to this machine, unless they are there. */
export async function ensureNamespaces(
  layout: Layout,
  programs: NodePrograms,
  network: NodeNetwork,
): Promise<NodeNamespaces> {
  mkdirSync(nodeFolder(layout), { recursive: true, mode: 0o700 });
  // A start that was interrupted half-way is begun anew.
  if (!isSetUp(layout)) await endNamespaces(layout);
  if (await ensureRunning(layout, holder(layout, programs))) {
    const namespaces = enter(layout, programs, await newFirstProcess(layout));
    for (const command of mounts(layout)) await namespaces.run(command);
    await connect(layout, network, namespaces);
    await namespaces.run(["touch", SET_UP]);
  }
  return enter(layout, programs, await newFirstProcess(layout));
}

/** Ends the node's first process and with it everything inside. */
export async function endNamespaces(layout: Layout): Promise<void> {
  const pid = firstProcess(layout);
  if (pid !== undefined) process.kill(pid, "SIGKILL");
  // What holds the namespaces from outside deafens itself to SIGTERM, but it ends with its child.
  await stopProgram(layout, HOLDER);
}

// A file inside the node that says that its mounts and its link are there.
const SET_UP = "/run/sandbox-set-up";

function isSetUp(layout: Layout): boolean {
  const pid = firstProcess(layout);
  return pid !== undefined && existsSync(`/proc/${pid}/root${SET_UP}`);
}

async function newFirstProcess(layout: Layout): Promise<number> {
  let pid: number | undefined;
  await until(async () => {
    pid = firstProcess(layout);
    return pid !== undefined;
  }, 5000);
  if (pid !== undefined) return pid;
  throw new Error(
    `The node has no first process. See ${layout.logs}/${HOLDER}.log:\n${logTail(layout, HOLDER)}`,
  );
}

/** The first process of the node as this machine numbers it; undefined where no node runs. */
export function firstProcess(layout: Layout): number | undefined {
  const parent = runningPid(layout, HOLDER);
  if (parent === undefined) return undefined;
  try {
    const children = readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").trim();
    return children === "" ? undefined : Number(children.split(" ")[0]);
  } catch {
    return undefined;
  }
}

function holder(layout: Layout, { pause }: NodePrograms): Program {
  const kinds = ["--mount", "--net", "--pid", "--uts", "--ipc"];
  const unshare = ["/usr/bin/unshare", ...kinds, "--fork", "--kill-child=SIGKILL", "--mount-proc"] as const;
  return { name: HOLDER, command: [...unshare, pause], cwd: layout.cluster };
}

function enter(layout: Layout, programs: NodePrograms, pid: number): NodeNamespaces {
  const into = ["/usr/bin/nsenter", `--target=${pid}`, "--mount", "--net", "--pid", "--uts", "--ipc", "--"];
  const env = ["/usr/bin/env", ...environmentOf(programs)];
  // nsenter waits outside and passes no signals on: what it started ends when it ends.
  const follow = ["/usr/bin/setpriv", "--pdeathsig=TERM", "--"];
  return {
    pid,
    program: (name, command) => ({
      name,
      command: ["/usr/bin/nsenter", ...into.slice(1), ...follow, ...env, ...command],
      cwd: layout.cluster,
    }),
    run: async (command) => {
      const [file = "", ...args] = [...into, ...env, ...command];
      return mustEnd(command, await run(file, args));
    },
  };
}

/** Kernel settings that the kubelet insists on; it finds them as it wants them and leaves the machine's alone. */
const KERNEL_SETTINGS = {
  "vm/overcommit_memory": "1",
  "vm/panic_on_oom": "0",
  "kernel/panic": "10",
  "kernel/panic_on_oops": "1",
  "kernel/keys/root_maxkeys": "1000000",
  "kernel/keys/root_maxbytes": "25000000",
} as const;

/**
 * CPUs that the node has in Kubernetes, where the machine has fewer: pods ask for whole cores as on a cluster, and
 * share what there is.
 */
const LEAST_CPUS = 8;

/** Folders of the node that its programs expect in fixed places. */
const FOLDERS = {
  containerd: "/var/lib/containerd",
  kubelet: "/var/lib/kubelet",
  logs: "/var/log/pods",
} as const;

/** The commands that make the node's view of the file system; pure but for the folders it creates. */
function mounts(layout: Layout): string[][] {
  // /run and /var are the node's own. What is needed from this machine's /var stays visible.
  const kept = [layout.root, cacheFolder()].filter((folder) => folder.startsWith("/var/"));
  const settings = join(nodeFolder(layout), "kernel");
  mkdirSync(settings, { recursive: true });
  const faked = Object.entries(KERNEL_SETTINGS).map(([name, value]) => {
    const file = join(settings, name.replaceAll("/", "."));
    writeFileSync(file, `${value}\n`);
    return ["mount", "--bind", file, `/proc/sys/${name}`];
  });
  const cpus = join(nodeFolder(layout), "cpus");
  for (let index = 0; index < Math.max(LEAST_CPUS, availableParallelism()); index++) {
    mkdirSync(join(cpus, "cpu", `cpu${index}`), { recursive: true });
  }
  // The kubelet counts the folders; without any of the other it asks for no more about them.
  mkdirSync(join(cpus, "node"), { recursive: true });
  const counted = ["cpu", "node"].map((name) => [
    "mount",
    "--bind",
    join(cpus, name),
    `/sys/devices/system/${name}`,
  ]);
  const bound = Object.entries(FOLDERS).flatMap(([name, path]) => {
    const folder = join(nodeFolder(layout), name);
    mkdirSync(folder, { recursive: true });
    return [
      ["mkdir", "-p", path],
      ["mount", "--bind", folder, path],
    ];
  });
  return [
    ...faked,
    ...counted,
    ["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"],
    ...kept.flatMap((folder, index) => [
      ["mkdir", "-p", `/run/kept/${index}`],
      ["mount", "--rbind", folder, `/run/kept/${index}`],
    ]),
    ["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/var"],
    ["ln", "-s", "/run", "/var/run"],
    ...kept.flatMap((folder, index) => [
      ["mkdir", "-p", folder],
      ["mount", "--move", `/run/kept/${index}`, folder],
    ]),
    ...bound,
  ];
}

/**
 * Links the node to this machine. The node gets no default route: its pods reach this machine's end of the link and
 * each other, and nothing outside.
 */
async function connect(
  layout: Layout,
  network: NodeNetwork,
  { pid, run: inside }: NodeNamespaces,
): Promise<void> {
  const link = linkName(layout);
  // The link of a node that has just ended vanishes a moment later.
  await run("ip", ["link", "delete", link]);
  await ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", String(pid));
  await ip("address", "add", `${network.host}/24`, "dev", link);
  await ip("link", "set", link, "up");
  await inside(["ip", "link", "set", "lo", "up"]);
  await inside(["ip", "address", "add", `${network.node}/24`, "dev", "eth0"]);
  await inside(["ip", "link", "set", "eth0", "up"]);
  await inside(["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]);
  await ip("route", "add", network.range, "via", network.node, "dev", link);
}

async function ip(...args: string[]): Promise<void> {
  mustEnd(["ip", ...args], await run("ip", args));
}

function mustEnd(command: readonly string[], { code, stdout, stderr }: Ended): string {
  if (code === 0) return stdout;
  throw new Error(`${command.join(" ")} failed (${code ?? "not run"}): ${stderr.trim()}`);
}
