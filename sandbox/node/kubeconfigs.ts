import { join } from "node:path";
import { stringify } from "yaml";
import { writePrivate } from "../files.ts";
import type { Access } from "../kubernetes-api.ts";
import type { Layout } from "../layout.ts";
import { nodeFolder } from "./mounts.ts";
import type { NodeNetwork } from "./network.ts";

/** Port at which the node finds the API server, on the host's end of the link. */
export const API_PORT = 6443;

/** Writes the kubeconfig of one of the node's programs; answers its path. */
export function nodeKubeconfig(
  layout: Layout,
  name: string,
  access: Pick<Access, "ca" | "token">,
  network: NodeNetwork,
): string {
  const path = join(nodeFolder(layout), `${name}.kubeconfig`);
  const cluster = {
    server: `https://${network.host}:${API_PORT}`,
    // The API server's certificate knows its cluster names, not the address through which it is reached here.
    "tls-server-name": "kubernetes.default.svc",
    "certificate-authority-data": Buffer.from(access.ca).toString("base64"),
  };
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "sandbox", cluster }],
    users: [{ name, user: { token: access.token } }],
    contexts: [{ name: "sandbox", context: { cluster: "sandbox", user: name } }],
    "current-context": "sandbox",
  };
  writePrivate(path, stringify(config));
  return path;
}
