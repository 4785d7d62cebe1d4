import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readIfThere, writePrivate } from "../files.ts";
import type { Layout } from "../layout.ts";
import type { Obstacle } from "../obstacle.ts";
import { sandboxId } from "./network.ts";

/** The cgroup below which all pods of the node run, as the kubelet names it. */
export function podCgroup(layout: Layout): string {
  return `/dask-sandbox-${sandboxId(layout)}`;
}

/** Why pods could have no cgroups on this machine; undefined where they can. Makes one and takes it away again. */
export function cgroupObstacle(): Obstacle | undefined {
  const { all, used, version2 } = hierarchies(mountTable());
  if (used.length === 0) return { why: "it needs cgroups, and none are mounted here" };
  try {
    // Beside version 1 the runtime wants version 2 as well: pods run without it, and nothing can be executed in them.
    for (const root of all) {
      const folder = join(root, `dask-sandbox-probe-${process.pid}`);
      mkdirSync(folder);
      rmdirSync(folder);
    }
  } catch (error) {
    return { why: `it needs cgroups, and none can be made here (${wordsOf(error)})` };
  }
  return version2 ? controllersObstacle(used[0] ?? "") : undefined;
}

/** In a container, the processes of the root cgroup keep the kernel from handing its controllers on. */
function controllersObstacle(root: string): Obstacle | undefined {
  const there = wordsIn(root, "cgroup.controllers");
  const lacking = ["cpu", "memory", "pids"].filter((name) => !there.includes(name));
  if (lacking.length > 0) return { why: `its cgroups lack the controllers ${lacking.join(", ")}` };
  for (const name of missingControllers(root)) {
    try {
      writeFileSync(join(root, "cgroup.subtree_control"), `+${name}`);
    } catch (error) {
      return { why: `the cgroup controller ${name} cannot be switched on here (${wordsOf(error)})` };
    }
    switchController(root, `-${name}`);
  }
  return undefined;
}

/** Creates the pods' cgroup in every hierarchy that the kubelet uses: it does not do that itself. */
export function createCgroup(layout: Layout): void {
  const { used, version2 } = hierarchies(mountTable());
  if (version2) enableControllers(layout, used[0] ?? "");
  for (const root of used) mkdirSync(join(root, podCgroup(layout)), { recursive: true });
}

/** Removes the pods' cgroup with all below it; waits up to ten seconds for processes that are ending. */
export async function removeCgroup(layout: Layout): Promise<void> {
  const end = Date.now() + 10_000;
  for (const folder of cgroupFolders(layout)) {
    while (existsSync(folder) && !removeTree(folder) && Date.now() < end) await sleep(50);
  }
  const { used } = hierarchies(mountTable());
  for (const name of enabledHere(layout)) switchController(used[0] ?? "", `-${name}`);
}

// What the kubelet wants to be switched on for its cgroups, where the kernel has it.
const CONTROLLERS = ["cpu", "cpuset", "hugetlb", "memory", "pids"];

/** With cgroup v2 a controller works below the root only where it is switched on; remembers which were not. */
function enableControllers(layout: Layout, root: string): void {
  const missing = missingControllers(root);
  writePrivate(switchedFile(layout), [...enabledHere(layout), ...missing].join(" "));
  for (const name of missing) switchController(root, `+${name}`);
}

/** The controllers that the kernel has and that are not switched on. */
function missingControllers(root: string): string[] {
  const enabled = wordsIn(root, "cgroup.subtree_control");
  return wordsIn(root, "cgroup.controllers").filter(
    (name) => CONTROLLERS.includes(name) && !enabled.includes(name),
  );
}

function wordsIn(root: string, file: string): string[] {
  return (readIfThere(join(root, file)) ?? "").trim().split(" ");
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function enabledHere(layout: Layout): string[] {
  return (readIfThere(switchedFile(layout)) ?? "").split(" ").filter((name) => name !== "");
}

/** Another user of the controller may hold it; then it stays as it is. */
function switchController(root: string, change: string): void {
  try {
    writeFileSync(join(root, "cgroup.subtree_control"), change);
  } catch {
    // The kubelet says in its log what it misses.
  }
}

function switchedFile(layout: Layout): string {
  return join(layout.cluster, "cgroup-controllers");
}

/** The pods' cgroup in each mounted hierarchy: one with cgroup v2, one for each controller with v1. */
export function cgroupFolders(layout: Layout): string[] {
  return hierarchies(mountTable()).all.map((root) => join(root, podCgroup(layout)));
}

/** Mount points of cgroup hierarchies, each once. */
export interface Hierarchies {
  readonly all: readonly string[];
  /** Those with controllers, which the kubelet uses. */
  readonly used: readonly string[];
  /** Whether it uses version 2. */
  readonly version2: boolean;
}

/** The hierarchies in the text of /proc/self/mounts; pure. */
export function hierarchies(mounts: string): Hierarchies {
  const fields = mounts.split("\n").map((line) => line.split(" "));
  const of = (wanted: string) => fields.flatMap(([, path, type]) => (path && type === wanted ? [path] : []));
  const [first, second] = [[...new Set(of("cgroup"))], [...new Set(of("cgroup2"))]];
  // Beside version 1, that of version 2 has no controllers; the runtime still puts its processes there.
  const version2 = first.length === 0;
  return { all: [...first, ...second], used: version2 ? second : first, version2 };
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
