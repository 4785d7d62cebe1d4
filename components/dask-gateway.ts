import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { DaskGatewaySettings, GatewayShapeSettings } from "../settings/releases/dask-gateway.ts";
import { GATEWAY_SECRETS } from "../settings/releases/dask-gateway-rules.ts";
import { type ChartReleaseArgs, chartRelease } from "./chart.ts";
import type { Cluster, Exposure } from "./cluster.ts";
import type { SecretKey } from "./dask/values.ts";
import {
  clusterObjects,
  DRAIN_SUFFIX,
  gatewayDeployment,
  PORTS,
  proxyService,
} from "./dask-gateway/chart.ts";
import { gatewaySmokeTest, type SmokeTestLogin } from "./dask-gateway/smoke-test.ts";
import { type GatewayAuth, gatewayValues } from "./dask-gateway/values.ts";
import { drain } from "./drain.ts";
import { type Addresses, chartServiceAddresses, type EndpointPort } from "./endpoint.ts";
import { hostedAddresses } from "./host-record.ts";
import type { Namespace } from "./namespace.ts";
import type { Release, SmokeTestResult } from "./release.ts";
import { token } from "./tokens.ts";

/** A hub that stands in the gateway's namespace and knows its users. */
export interface GatewayHub {
  /** The hub's API: `http://hub:8081/hub/api`. */
  readonly apiUrl: pulumi.Input<string>;
  /** The gateway's name among the hub's services; the gateway answers under `/services/<name>`. */
  readonly serviceName: string;
  /** Secret of the namespace with the gateway's own token at the hub. */
  readonly tokenSecret: { readonly name: pulumi.Input<string>; readonly key: string };
  /** What the hub stands on: its Secret, and what ends the clusters of its users when hub and gateway are gone. */
  readonly dependsOn: readonly pulumi.Resource[];
}

/** What a gateway's settings must hold: those of its own kind, or those of a hub with a gateway. */
export type GatewaySettings = GatewayShapeSettings &
  ChartReleaseArgs["settings"] &
  Partial<Pick<DaskGatewaySettings, "rotation" | "auth" | "prefix" | "host" | "expose">>;

/** What a release of the `dask-gateway` chart is made of. */
export interface DaskGatewayArgs {
  readonly settings: GatewaySettings;
  readonly cluster: Cluster;
  readonly namespace: Namespace;
  /** Whether a Job proves that a user's cluster computes; a hub tests its gateway itself. */
  readonly smokeTest: boolean;
  /** The hub in front of the gateway; it takes the place of the settings' `auth`, `prefix`, `host` and `expose`. */
  readonly hub?: GatewayHub;
  /** Secrets of the release: `apiToken` and `smokeTestToken` at a hub elsewhere. */
  readonly secrets?: Readonly<Record<string, string>>;
}

/** The `dask-gateway` chart: users start clusters of their own, within limits. */
export class DaskGateway extends pulumi.ComponentResource implements Release {
  readonly endpoints: Addresses;
  readonly credentials: Readonly<Record<string, pulumi.Output<string>>>;
  readonly smokeTest?: SmokeTestResult;
  /** The Helm release, for what must come after it. */
  readonly release: k8s.helm.v3.Release;

  constructor(name: string, args: DaskGatewayArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("dask:index:DaskGateway", name, {}, opts);
    const { settings, cluster, namespace, hub } = args;

    const users = hub === undefined ? ownUsers(name, args, this) : { auth: hubAuth(hub) };
    const prefix = hub === undefined ? (settings.prefix ?? "/") : `/services/${hub.serviceName}`;
    const exposure = exposureOf(name, args);
    const values = gatewayValues({
      settings,
      placement: cluster.placement,
      auth: users.auth,
      prefix,
      exposure,
    });
    const dependsOn = hub?.dependsOn ?? drainGateway(name, args, this);
    this.release = chartRelease(
      name,
      { chart: "dask-gateway", values, settings, cluster, namespace, dependsOn },
      { parent: this },
    );

    this.endpoints = addresses(name, args, { release: this.release, exposure, prefix }, this);
    this.credentials = users.password === undefined ? {} : { password: users.password };
    if (args.smokeTest && users.login !== undefined) {
      const place = { cluster, namespace, address: insideAddress(name, args, prefix) };
      this.smokeTest = gatewaySmokeTest(
        `${name}-smoke-test`,
        { ...place, settings, login: users.login, revision: this.release.status.revision },
        this,
      );
    }
    this.registerOutputs({ endpoints: this.endpoints, credentials: this.credentials });
  }
}

/** Clusters that people made are in no state, and without the gateway nobody would end them. */
function drainGateway(
  name: string,
  { settings, cluster, namespace }: DaskGatewayArgs,
  parent: pulumi.Resource,
): pulumi.Resource[] {
  const { pullSecrets } = settings;
  const owners = [gatewayDeployment(name)];
  const targets = clusterObjects(name);
  return drain(`${name}${DRAIN_SUFFIX}`, { cluster, namespace, pullSecrets, owners, targets }, parent);
}

/** How users are known, and what the smoke test and the stack's outputs need of it. */
interface Users {
  readonly auth: GatewayAuth;
  readonly password?: pulumi.Output<string>;
  readonly login?: SmokeTestLogin;
}

function ownUsers(name: string, args: DaskGatewayArgs, parent: pulumi.Resource): Users {
  const auth = args.settings.auth ?? { kind: "password" };
  if (auth.kind === "jupyterhub") return hubUsers(name, args, auth, parent);
  const password = token(`${name}-password`, args.settings, parent);
  const secret = ownSecret(`${name}-password`, "password", password, args, parent);
  return { auth: { kind: "password", secret }, password, login: { kind: "password", secret } };
}

function hubUsers(
  name: string,
  args: DaskGatewayArgs,
  auth: Extract<DaskGatewaySettings["auth"], { kind: "jupyterhub" }>,
  parent: pulumi.Resource,
): Users {
  const given = args.secrets ?? {};
  const secretOf = (key: string) =>
    given[key] === undefined
      ? undefined
      : ownSecret(`${name}-${key.toLowerCase()}`, key, pulumi.secret(given[key]), args, parent);
  const secret = auth.secret
    ? { secret: auth.secret.name, key: auth.secret.key }
    : secretOf(GATEWAY_SECRETS.apiToken);
  if (secret === undefined) throw new Error(`${name} has no token at its hub, and the rules let it pass`);
  const login = secretOf(GATEWAY_SECRETS.smokeTestToken);
  return {
    auth: {
      kind: "jupyterhub",
      apiUrl: auth.apiUrl ?? "http://hub:8081/hub/api",
      service: auth.service,
      secret,
    },
    ...(login === undefined ? {} : { login: { kind: "jupyterhub", secret: login } }),
  };
}

function hubAuth({ apiUrl, serviceName, tokenSecret }: GatewayHub): GatewayAuth {
  const secret = { secret: tokenSecret.name, key: tokenSecret.key };
  return { kind: "jupyterhub", apiUrl, service: serviceName, secret };
}

/** A Secret that pods read; a new value makes a new Secret, so that the pods follow it. */
function ownSecret(
  name: string,
  key: string,
  value: pulumi.Output<string>,
  { cluster, namespace }: DaskGatewayArgs,
  parent: pulumi.Resource,
): SecretKey {
  const secret = new k8s.core.v1.Secret(
    name,
    { metadata: { namespace: namespace.name }, stringData: { [key]: value }, immutable: true },
    { parent, provider: cluster.provider, dependsOn: [...namespace.resources, ...cluster.ready] },
  );
  return { secret: secret.metadata.name, key };
}

function exposureOf(name: string, { settings, cluster, hub }: DaskGatewayArgs): Exposure | undefined {
  return hub === undefined && settings.expose !== undefined
    ? cluster.expose(proxyService(name), settings.expose)
    : undefined;
}

interface Exposed {
  readonly release: k8s.helm.v3.Release;
  readonly exposure: Exposure | undefined;
  readonly prefix: string;
}

function addresses(
  name: string,
  { settings, cluster, namespace, hub }: DaskGatewayArgs,
  { release, exposure, prefix }: Exposed,
  parent: pulumi.Resource,
): Addresses {
  const service = proxyService(name);
  const host = pulumi.interpolate`${service}.${namespace.name}`;
  const inside = { gatewayInCluster: pulumi.interpolate`http://${host}${path(prefix)}` };
  if (hub !== undefined) return inside;
  const ports = endpointPorts(settings);
  const own = chartServiceAddresses({ cluster, namespace, release, service, ports, exposure }, parent);
  const outside =
    exposure === undefined ? own : hostedAddresses(own, { cluster, exposure, host: settings.host });
  const isUrl = exposure !== undefined && exposure.type !== "ClusterIP";
  const gateway =
    outside.gateway && isUrl ? pulumi.interpolate`${outside.gateway}${path(prefix)}` : undefined;
  return { ...outside, ...(gateway === undefined ? {} : { gateway }), ...inside };
}

/** Clients find the way to schedulers under the gateway's own address, unless it has a port of its own. */
function endpointPorts({ proxy }: GatewaySettings): readonly EndpointPort[] {
  const web: EndpointPort = {
    name: "gateway",
    port: PORTS.web,
    targetPort: PORTS.webTarget,
    scheme: "http",
    localPort: 8000,
  };
  if (proxy.schedulerPort === undefined) return [web];
  const tcp: EndpointPort = {
    name: "proxy",
    port: proxy.schedulerPort,
    targetPort: PORTS.tcpTarget,
    scheme: "gateway",
    localPort: 8786,
  };
  return [web, tcp];
}

function insideAddress(name: string, { settings, namespace }: DaskGatewayArgs, prefix: string) {
  const host = pulumi.interpolate`${proxyService(name)}.${namespace.name}`;
  const port = settings.proxy.schedulerPort ?? PORTS.web;
  return {
    gateway: pulumi.interpolate`http://${host}${path(prefix)}`,
    proxy: pulumi.interpolate`gateway://${host}:${port}`,
  };
}

function path(prefix: string): string {
  return prefix === "/" ? "" : prefix;
}
