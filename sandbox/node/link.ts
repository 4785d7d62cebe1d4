import { run } from "../command.ts";
import type { Layout } from "../layout.ts";
import { must } from "./must.ts";
import { linkName, type NodeNetwork } from "./network.ts";

/** What the link needs of a node's namespaces: the first process inside, and how a command is run there. */
interface Inside {
  readonly pid: number;
  run(command: readonly string[]): Promise<string>;
}

/**
 * Links the node to this machine. The node gets no default route: its pods reach this machine's end of the link and
 * each other, and nothing outside.
 */
export async function connectNode(
  layout: Layout,
  network: NodeNetwork,
  { pid, run: inside }: Inside,
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
  must(["ip", ...args], await run("ip", args));
}
