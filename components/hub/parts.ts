import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { schemeOf } from "../../settings/releases/hub-tls.ts";
import type { HubSettings } from "../../settings/releases/jupyterhub.ts";
import { keepsDatabase, keepsHomes } from "../../settings/releases/keep-rules.ts";
import type { Values } from "../chart.ts";
import type { Cluster, Exposure } from "../cluster.ts";
import type { DaskOperator } from "../dask-operator.ts";
import { type Addresses, chartServiceAddresses, type EndpointPort } from "../endpoint.ts";
import { earlyRecord, lateRecord } from "../host-record.ts";
import type { Namespace } from "../namespace.ts";
import type { PostgresOperator } from "../postgres/operator.ts";
import { createDatabase, type Database } from "../postgres.ts";
import { DATABASE_CLAIM, type HUB_CHARTS, PORTS, SERVICES } from "./chart.ts";
import { drainHub } from "./drain.ts";
import { GATEWAY_SERVICE, type GatewayBeside } from "./gateway-glue.ts";
import { createHubSecrets, type HubSecrets } from "./secrets.ts";
import { SMOKE_TEST_SERVICE } from "./smoke-test-role.ts";
import { callbackUrl, hubValues } from "./values.ts";

/** What every hub is made of, whatever chart it comes from. */
export interface HubArgs {
  readonly settings: HubSettings;
  readonly cluster: Cluster;
  readonly namespace: Namespace;
  /** The release's entry of `dask:secrets`. */
  readonly secrets: Readonly<Record<string, string>>;
  /** The operator of Postgres; needed where the database is of kind `postgres`. */
  readonly operator?: PostgresOperator | undefined;
  /** The operator with which notebooks make clusters, where the settings name one. */
  readonly daskOperator?: DaskOperator | undefined;
  /** Whether a Job proves that the hub serves. */
  readonly smokeTest: boolean;
}

/** The parts of a hub that stand before its Helm release. */
export interface HubParts {
  readonly secrets: HubSecrets;
  readonly database?: Database | undefined;
  readonly exposure: Exposure;
  /** Values of the `jupyterhub` chart. */
  readonly values: Values;
  /** What the release depends on. */
  readonly dependsOn: readonly pulumi.Resource[];
  /** What `pulumi destroy` leaves in the cluster, in words. */
  readonly kept: readonly pulumi.Output<string>[];
}

/**
 * Makes secrets and database of a hub and the values of its chart, and the record of its host where the address is
 * known: the chart's proxy asks for a certificate when it starts, and not again.
 *
 * @param chart version of the `jupyterhub` chart
 * @param gateway the gateway beside the hub, where there is one
 */
export function createHubParts(
  name: string,
  args: HubArgs,
  chart: keyof typeof HUB_CHARTS,
  gateway: GatewayBeside | undefined,
  parent: pulumi.Resource,
): HubParts {
  const { settings, cluster, daskOperator, smokeTest } = args;
  const services = [...(gateway ? [GATEWAY_SERVICE] : []), ...(smokeTest ? [SMOKE_TEST_SERVICE] : [])];
  const secrets = createHubSecrets(name, { ...args, services }, parent);
  const database = createDatabase(
    name,
    { ...args, settings: settings.database, rotation: settings.rotation },
    parent,
  );
  const exposure = cluster.expose(`${name}-hub`, settings.expose);
  const values = hubValues(settings, {
    chart,
    placement: cluster.placement,
    exposure,
    storageClass: cluster.storageClass,
    secret: secrets.name,
    proxyToken: secrets.proxyToken,
    tlsSecret: secrets.tls,
    database,
    gateway,
    daskOperator: daskOperator?.notebooks,
    smokeTest,
  });
  const dependsOn = [
    ...secrets.resources,
    ...drainHub(name, { ...args, gateway }, parent),
    ...(database?.resources ?? []),
    // So the hub is gone, and nobody makes a cluster any more, when the operator ends those that are left.
    ...(daskOperator?.ready ?? []),
    ...earlyRecord(settings.host, cluster, exposure),
  ];
  const kept = [...(database?.kept ?? []), ...keptFile(args), ...keptHomes(args)];
  return { secrets, database, exposure, values, dependsOn, kept };
}

/** A Postgres says itself what is kept of it. */
function keptFile({ settings: { database }, namespace }: HubArgs): pulumi.Output<string>[] {
  if (database.kind !== "sqlite" || !keepsDatabase(database)) return [];
  return [
    pulumi.interpolate`namespace ${namespace.name} with the hub's SQLite: the volume of the claim ${DATABASE_CLAIM}`,
  ];
}

function keptHomes({ settings, cluster, namespace }: HubArgs): pulumi.Output<string>[] {
  if (!keepsHomes(settings, !cluster.madeByStack)) return [];
  return [
    pulumi.interpolate`namespace ${namespace.name} with the homes of its users: the volumes of the claims claim-*`,
  ];
}

/**
 * Where people reach a hub, and the callback URL that an OAuth provider must know.
 *
 * The hub's address carries the host of the settings where there is one; where the cluster names hosts, its record is
 * made here, unless the address was known before.
 *
 * @throws pulumi.RunError where the load balancer has no address to make a record of: the record fails
 */
export function hubAddresses(
  name: string,
  { settings, cluster, namespace }: HubArgs,
  { exposure }: HubParts,
  release: k8s.helm.v3.Release,
  parent: pulumi.Resource,
): Addresses {
  const ports = [hubPort(settings, exposure)];
  const service = SERVICES.proxy;
  const { hub } = chartServiceAddresses(
    { name: `${name}-${service}`, cluster, namespace, release, service, ports, exposure },
    parent,
  );
  if (hub === undefined) throw new Error("the hub's port has no address");
  const callback = callbackUrl(settings);
  if (settings.host === undefined || callback === undefined) return { hub };
  const hosted = pulumi.output(`${schemeOf(settings.tls)}://${settings.host}`);
  if (exposure.type === "ClusterIP") return { hub, callback: pulumi.output(callback) };
  lateRecord(settings.host, cluster, exposure, hub);
  return { hub: hosted, address: hub, callback: pulumi.output(callback) };
}

function hubPort({ tls }: HubSettings, exposure: Exposure): EndpointPort {
  // What ends TLS for a hub inside connects to its HTTP port.
  const scheme = tls.kind === "offload" && exposure.type === "ClusterIP" ? "http" : schemeOf(tls);
  const port = scheme === "https" ? PORTS.https : PORTS.http;
  return { name: "hub", port, targetPort: port, scheme, localPort: scheme === "https" ? 8443 : 8000 };
}
