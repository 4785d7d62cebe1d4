import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { run } from "../command.ts";
import { until } from "../kubernetes-api.ts";
import type { Layout } from "../layout.ts";
import { ensureRunning, logTail, type Program, runningPid, sendSignal, stopProgram } from "../processes.ts";
import { connectNode } from "./link.ts";
import { nodeFolder, nodeMounts } from "./mounts.ts";
import { must } from "./must.ts";
import type { NodeNetwork } from "./network.ts";
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
    for (const command of nodeMounts(layout)) await namespaces.run(command);
    await connectNode(layout, network, namespaces);
    await namespaces.run(["touch", SET_UP]);
  }
  return enter(layout, programs, await newFirstProcess(layout));
}

/** Ends the node's first process and with it everything inside. */
export async function endNamespaces(layout: Layout): Promise<void> {
  const pid = firstProcess(layout);
  if (pid !== undefined) sendSignal(pid, "SIGKILL");
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
  }, 60_000);
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
  // Of the root folder that containerd makes for a pod and of the files that the kubelet puts there, every user reads.
  const readable = ["/bin/sh", "-c", 'umask 022; exec "$@"', "sh"];
  return {
    pid,
    program: (name, command) => ({
      name,
      command: ["/usr/bin/nsenter", ...into.slice(1), ...follow, ...readable, ...env, ...command],
      cwd: layout.cluster,
    }),
    run: async (command) => {
      const [file = "", ...args] = [...into, ...env, ...command];
      return must(command, await run(file, args));
    },
  };
}
