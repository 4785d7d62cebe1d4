import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Layout } from "../layout.ts";
import { sandboxId } from "./network.ts";

/** The cgroup below which all pods of the node run, as the kubelet names it. */
export function podCgroup(layout: Layout): string {
  return `/dask-sandbox-${sandboxId(layout)}`;
}

/** Creates the pods' cgroup in every hierarchy that the kubelet uses: it does not do that itself. */
export function createCgroup(layout: Layout): void {
  const { used } = hierarchies(mountTable());
  for (const root of used) mkdirSync(join(root, podCgroup(layout)), { recursive: true });
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
  return hierarchies(mountTable()).all.map((root) => join(root, podCgroup(layout)));
}

/** Mount points of cgroup hierarchies in the text of /proc/self/mounts, each once; pure. */
export function hierarchies(mounts: string): { all: string[]; used: string[] } {
  const fields = mounts.split("\n").map((line) => line.split(" "));
  const of = (wanted: string) => fields.flatMap(([, path, type]) => (path && type === wanted ? [path] : []));
  const [version1, version2] = [new Set(of("cgroup")), new Set(of("cgroup2"))];
  // Beside version 1, that of version 2 has no controllers; the runtime still puts its processes there.
  return { all: [...version1, ...version2], used: [...(version1.size > 0 ? version1 : version2)] };
}

function mountTable(): string {
  return readFileSync("/proc/self/mounts", "utf8");
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
