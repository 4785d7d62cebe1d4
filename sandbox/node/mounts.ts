import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { cacheFolder, type Layout } from "../layout.ts";

/** Where the parts of the node that outlive its processes lie. */
export function nodeFolder(layout: Layout): string {
  return join(layout.cluster, "node");
}

/** Where the logs of the node's pods lie, a folder each. */
export function podLogsFolder(layout: Layout): string {
  return join(nodeFolder(layout), "logs");
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

/** The commands that make the node's view of the file system, to be run inside; creates the folders they name. */
export function nodeMounts(layout: Layout): string[][] {
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
