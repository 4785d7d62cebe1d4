import type { Values } from "../chart.ts";
import { PORTS, podLabels, proxyService } from "../dask-gateway/chart.ts";

/** The gateway's name among the hub's services, and the last part of the path under which the hub passes it on. */
export const GATEWAY_SERVICE = "dask-gateway";

/** Path under which a hub passes requests on to its gateway; the gateway's `prefix`. */
export const GATEWAY_PREFIX = `/services/${GATEWAY_SERVICE}`;

/** A gateway in the namespace of a hub, as the hub's values need it: names of Services need no namespace there. */
export interface GatewayBeside {
  /** Helm release that the gateway's objects are named after. */
  readonly release: string;
  /** Port of the traffic to schedulers. */
  readonly schedulerPort: number;
  /** Whether users may choose the image of their clusters; notebooks then ask for their own. */
  readonly imageOption: boolean;
}

/** The scope that lets a token use the gateway. */
export const GATEWAY_SCOPE = `access:services!service=${GATEWAY_SERVICE}`;

/** The gateway's proxy as notebooks, hub and smoke test reach it inside the cluster. */
export function gatewayUrl({ release }: GatewayBeside): string {
  return `http://${proxyService(release)}`;
}

/** The gateway as one of the hub's services; its token is in the hub's Secret. */
export function gatewayService(gateway: GatewayBeside): Values {
  return { url: gatewayUrl(gateway), display: false };
}

/**
 * What lets the token of a notebook use the gateway. All three belong together: the gateway asks for the scope
 * (`jupyterhubServiceName`), the user must have it, and the token of his server too, or the client gets a 401.
 */
export function gatewayScopes(): { readonly user: readonly string[]; readonly server: readonly string[] } {
  return {
    user: ["self", GATEWAY_SCOPE],
    // The list takes the place of JupyterHub's own, so what a server needs anyway stands here too.
    server: ["users:activity!user", "access:servers!server", GATEWAY_SCOPE],
  };
}

/**
 * Environment of notebooks in which `GatewayCluster()` works without arguments.
 *
 * Requests go to the gateway's proxy and not through the hub's: that one answers plain HTTP with a redirect to HTTPS
 * where it has a certificate, which is not one for a name inside the cluster.
 */
export function gatewayEnvironment(gateway: GatewayBeside): Record<string, string> {
  const { release, schedulerPort } = gateway;
  return {
    DASK_GATEWAY__ADDRESS: `${gatewayUrl(gateway)}${GATEWAY_PREFIX}`,
    DASK_GATEWAY__PROXY_ADDRESS: `gateway://${proxyService(release)}:${schedulerPort}`,
    DASK_GATEWAY__PUBLIC_ADDRESS: `${GATEWAY_PREFIX}/`,
    DASK_GATEWAY__AUTH__TYPE: "jupyterhub",
    // Two braces: KubeSpawner takes one pair away, and the client puts the notebook's image in place of the other.
    ...(gateway.imageOption ? { DASK_GATEWAY__CLUSTER__OPTIONS__IMAGE: "{{JUPYTER_IMAGE_SPEC}}" } : {}),
  };
}

/**
 * NetworkPolicy rule that lets hub, proxy and notebooks reach the gateway's proxy.
 *
 * By pods, because some network plugins do not count pods among the private addresses that the chart's own rules name,
 * and because the chart lets notebooks reach no private address at all. Ports are those of the pods.
 */
export function gatewayEgress(gateway: GatewayBeside): Values {
  const ports = gateway.schedulerPort === PORTS.web ? [PORTS.webTarget] : [PORTS.webTarget, PORTS.tcpTarget];
  return {
    to: [{ podSelector: { matchLabels: podLabels("traefik") } }],
    ports: ports.map((port) => ({ port, protocol: "TCP" })),
  };
}
