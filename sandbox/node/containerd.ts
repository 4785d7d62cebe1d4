import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { writePrivate } from "../files.ts";
import type { Layout } from "../layout.ts";
import type { Program } from "../processes.ts";
import { nodeFolder } from "./mounts.ts";
import type { NodeNamespaces } from "./namespaces.ts";
import type { NodeNetwork } from "./network.ts";
import type { NodePrograms } from "./programs.ts";

/** Where the kubelet speaks to containerd, inside the node. */
export const CONTAINERD_SOCKET = "/run/containerd/containerd.sock";

/** The image that holds a pod's namespaces. */
export const PAUSE_IMAGE = "registry.k8s.io/pause:3.10.1";

/** Port of the image registry, on the host's end of the link. */
export const REGISTRY_PORT = 5000;

/** containerd of the node; writes its configuration. */
export function containerdProgram(
  layout: Layout,
  namespaces: NodeNamespaces,
  programs: NodePrograms,
  network: NodeNetwork,
): Program {
  const folder = join(nodeFolder(layout), "containerd-config");
  const hosts = join(folder, "hosts", "_default");
  const cni = join(folder, "cni");
  for (const each of [hosts, cni]) mkdirSync(each, { recursive: true });
  writePrivate(join(hosts, "hosts.toml"), registryHosts(network));
  writePrivate(join(cni, "10-sandbox.conflist"), JSON.stringify(networkConfig(network)));
  const config = join(folder, "config.toml");
  writePrivate(config, containerdConfig(programs.cni, cni, join(folder, "hosts")));
  return namespaces.program("containerd", [
    join(programs.debian, "usr", "bin", "containerd"),
    "--config",
    config,
  ]);
}

/** Resolves when containerd answers; throws when it does not within three minutes. */
export async function containerdReady({ run }: NodeNamespaces): Promise<void> {
  const end = Date.now() + 180_000;
  for (;;) {
    try {
      await run(["ctr", "version"]);
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(100);
    }
  }
}

/** Lets containerd fetch an image anew when a pod wants it next; does nothing where it has none of that name. */
export async function forgetImage({ run }: NodeNamespaces, name: string): Promise<void> {
  await run(["ctr", "--namespace=k8s.io", "images", "remove", name]);
}

/** containerd's configuration; pure. */
export function containerdConfig(cniPlugins: string, cniConfig: string, hosts: string): string {
  const snapshotters = ["aufs", "btrfs", "devmapper", "zfs"].map(
    (name) => `io.containerd.snapshotter.v1.${name}`,
  );
  const disabled = [
    ...snapshotters,
    "io.containerd.internal.v1.opt",
    "io.containerd.tracing.processor.v1.otlp",
  ];
  return `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ${JSON.stringify(disabled)}
[grpc]
  address = "${CONTAINERD_SOCKET}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
  # Root without CAP_SYS_RESOURCE, as in many containers, may not lower a score, and no pod would start.
  restrict_oom_score_adj = true
  # A profile would be loaded into the machine's kernel and stay there.
  disable_apparmor = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    # What has been unpacked is not needed packed as well.
    discard_unpacked_layers = true
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${cniPlugins}"
    conf_dir = "${cniConfig}"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "${hosts}"
`;
}

/** Every image of every registry comes from the sandbox's own; pure. */
export function registryHosts(network: NodeNetwork): string {
  const host = `http://${network.host}:${REGISTRY_PORT}`;
  return `server = "${host}"\n[host."${host}"]\n  capabilities = ["pull", "resolve"]\n`;
}

/**
 * The pods' network for CNI; pure. Each pod has a link of its own to the node, so all traffic between pods is routed
 * and passes iptables, without the kernel module that filters bridges.
 */
export function networkConfig(network: NodeNetwork): object {
  const ipam = {
    type: "host-local",
    dataDir: "/run/cni",
    ranges: [[{ subnet: network.pods }]],
    routes: [{ dst: "0.0.0.0/0" }],
  };
  return { cniVersion: "1.0.0", name: "sandbox", plugins: [{ type: "ptp", ipMasq: false, ipam }] };
}
