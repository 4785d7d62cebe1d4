import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Layout } from "../layout.ts";
import { sandboxId } from "./network.ts";

/** The cgroup below which all pods of the node run, as the kubelet names it. */
export function podCgroup(layout: Layout): string {
  return `/dask-sandbox-${sandboxId(layout)}`;
}

/** Creates the pods' cgroup in every hierarchy: the kubelet does not. */
export function createCgroup(layout: Layout): void {
  for (const folder of cgroupFolders(layout)) mkdirSync(folder, { recursive: true });
}

/** Removes the pods' cgroup with all below it; waits up to ten seconds for processes that are ending. */
export async function removeCgroup(layout: Layout): Promise<void> {
  const end = Date.now() + 10_000;
  for (const folder of cgroupFolders(layout)) {
    while (existsSync(folder) && !removeTree(folder) && Date.now() < end) await sleep(50);
  }
}

/** The pods' cgroup in each mounted hierarchy: one with cgroup v2, one for each controller with v1. */
export function cgroupFolders(layout: Layout): string[] {
  return hierarchies(readFileSync("/proc/self/mounts", "utf8")).map((root) => join(root, podCgroup(layout)));
}

/** Mount points of cgroup hierarchies in the text of /proc/self/mounts, each once; pure. */
export function hierarchies(mounts: string): string[] {
  const fields = mounts.split("\n").map((line) => line.split(" "));
  const version1 = fields.filter(([, , type]) => type === "cgroup");
  // In a hybrid system the hierarchy of version 2 has no controllers, and the kubelet does not look at it.
  const used = version1.length > 0 ? version1 : fields.filter(([, , type]) => type === "cgroup2");
  return [...new Set(used.map(([, path = ""]) => path))];
}

/** Removes a cgroup from the leaves up; false where a process is still in it. The files in it belong to the kernel. */
function removeTree(folder: string): boolean {
  try {
    const below = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const all = below.map((entry) => removeTree(join(folder, entry.name)));
    if (all.includes(false)) return false;
    rmdirSync(folder);
    return true;
  } catch {
    return !existsSync(folder);
  }
}
