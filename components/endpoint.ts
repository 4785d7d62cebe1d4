import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Cluster, Exposure } from "./cluster.ts";
import type { Namespace } from "./namespace.ts";
import { PROVIDER_WAITS_S, warnWhenOverdue } from "./overdue.ts";

/** A port of an endpoint, and how its address is written. */
export interface EndpointPort {
  /** Name of the port and of the endpoint in the stack's output: `scheduler`, `dashboard`, `jupyter`. */
  readonly name: string;
  readonly port: number;
  readonly targetPort: number;
  /** Scheme of the address: `tcp`, `http`, ... */
  readonly scheme: string;
  /** Port on the user's machine in the `kubectl port-forward` line. */
  readonly localPort: number;
}

/** Addresses by port name: URLs, or a `kubectl port-forward` line where nothing is exposed. */
export type Addresses = Readonly<Record<string, pulumi.Output<string>>>;

/** What an external Service is made of. */
export interface ExternalServiceArgs {
  readonly cluster: Cluster;
  readonly namespace: Namespace;
  /** Name of the Service. */
  readonly service: string;
  readonly selector: Record<string, string>;
  readonly ports: readonly EndpointPort[];
  readonly exposure: Exposure;
}

/**
 * Exposes pods by a Service of our own and answers the addresses it got.
 *
 * The charts' own Services cannot say who may connect (`loadBalancerSourceRanges`).
 */
export function externalService(name: string, args: ExternalServiceArgs, parent: pulumi.Resource): Addresses {
  const { cluster, namespace, exposure } = args;
  const needs = [...namespace.resources, ...cluster.ready];
  const service = new k8s.core.v1.Service(
    name,
    {
      metadata: {
        name: args.service,
        namespace: namespace.name,
        annotations: { ...exposure.annotations, ...waitForAddress(exposure) },
      },
      spec: {
        type: exposure.type,
        selector: args.selector,
        ports: args.ports.map(({ name, port, targetPort }) => ({ name, port, targetPort })),
        ...(exposure.loadBalancerIP === undefined ? {} : { loadBalancerIP: exposure.loadBalancerIP }),
        ...(exposure.type === "LoadBalancer" && exposure.allowFrom !== undefined
          ? { loadBalancerSourceRanges: [...exposure.allowFrom] }
          : {}),
      },
    },
    { parent, provider: cluster.provider, dependsOn: needs },
  );
  warnWhenOverdue(service, `the load balancer of the service ${args.service}`, {
    namespace: namespace.name,
    kubeconfig: cluster.kubeconfig,
    needs: needs.map(({ urn }) => urn),
    timeout: PROVIDER_WAITS_S,
  });
  return externalAddresses(service, args);
}

/** A Service that a chart has made. */
export interface ChartServiceArgs {
  /** Name of what is read, for a Service whose own name is not the only one in the stack. Default: that name. */
  readonly name?: string;
  readonly cluster: Cluster;
  readonly namespace: Namespace;
  /** The Helm release that made it; the Service is read once that is up. */
  readonly release: k8s.helm.v3.Release;
  /** Name of the Service. */
  readonly service: string;
  readonly ports: readonly EndpointPort[];
  /** How it was asked to leave the cluster; absent for inside only. */
  readonly exposure?: Exposure | undefined;
}

/** Reads a chart's own Service after its release and answers the addresses it got. */
export function chartServiceAddresses(args: ChartServiceArgs, parent: pulumi.Resource): Addresses {
  const { service, namespace, ports, exposure } = args;
  if (exposure === undefined || exposure.type === "ClusterIP")
    return internalAddresses(service, namespace, ports);
  // The revision is known when Helm is done: before that the Service is not there, or has no address.
  const id = pulumi
    .all([namespace.name, args.release.status.revision])
    .apply(([namespace]) => `${namespace}/${service}`);
  const found = k8s.core.v1.Service.get(args.name ?? service, id, {
    parent,
    provider: args.cluster.provider,
  });
  return externalAddresses(found, { ports, exposure });
}

/** The `kubectl port-forward` lines to a Service inside the cluster. */
export function internalAddresses(
  service: string,
  namespace: Namespace,
  ports: readonly EndpointPort[],
): Addresses {
  const line = ({ port, localPort }: EndpointPort) =>
    pulumi.interpolate`kubectl port-forward -n ${namespace.name} service/${service} ${localPort}:${port}`;
  return Object.fromEntries(ports.map((port) => [port.name, line(port)]));
}

/** Pulumi's own wait would stay for the pods and ten seconds more; the release waits for those already. */
function waitForAddress(exposure: Exposure): Record<string, string> {
  return exposure.type === "LoadBalancer"
    ? { "pulumi.com/waitFor": "jsonpath={.status.loadBalancer.ingress}" }
    : { "pulumi.com/skipAwait": "true" };
}

function externalAddresses(
  service: k8s.core.v1.Service,
  { ports, exposure }: Pick<ExternalServiceArgs, "ports" | "exposure">,
): Addresses {
  const nodeAddress = pulumi.output(exposure.nodeAddress);
  const address = (port: EndpointPort) =>
    pulumi
      .all([service.spec, service.status, nodeAddress])
      .apply(([spec, status, node]) => addressOf(port, spec, status, node));
  return Object.fromEntries(ports.map((port) => [port.name, address(port)]));
}

interface ServiceSpec {
  readonly type?: string;
  readonly ports?: readonly { readonly port: number; readonly nodePort?: number }[];
}
interface ServiceStatus {
  readonly loadBalancer?: {
    readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[];
  };
}

/** The address of a port of a Service: the only place that knows IP from hostname from node port. */
export function addressOf(
  port: EndpointPort,
  spec: ServiceSpec,
  status: ServiceStatus | undefined,
  nodeAddress: string | undefined,
): string {
  const ingress = status?.loadBalancer?.ingress?.[0];
  const host = spec.type === "NodePort" ? nodeAddress : (ingress?.ip ?? ingress?.hostname);
  const number =
    spec.type === "NodePort" ? spec.ports?.find((each) => each.port === port.port)?.nodePort : port.port;
  if (host === undefined || number === undefined)
    return `the cluster has given no address yet; run pulumi refresh`;
  return url(port.scheme, host, number);
}

/** A URL without the port where it is the scheme's own, and with brackets around IPv6. */
export function url(scheme: string, host: string, port: number): string {
  const safe = host.includes(":") ? `[${host}]` : host;
  const isDefault = (scheme === "http" && port === 80) || (scheme === "https" && port === 443);
  return `${scheme}://${safe}${isDefault ? "" : `:${port}`}`;
}
