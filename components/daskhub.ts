import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { DaskhubSettings } from "../settings/releases/daskhub.ts";
import { chartRelease, type Values } from "./chart.ts";
import { PORTS as GATEWAY_PORTS, proxyService } from "./dask-gateway/chart.ts";
import { gatewaySmokeTest } from "./dask-gateway/smoke-test.ts";
import { gatewayValues } from "./dask-gateway/values.ts";
import { DaskGateway, type GatewaySettings } from "./dask-gateway.ts";
import type { Addresses } from "./endpoint.ts";
import { gatewayRelease, PORTS, SERVICES, serviceTokenKey } from "./hub/chart.ts";
import {
  GATEWAY_PREFIX,
  GATEWAY_SERVICE,
  type GatewayBeside,
  gatewayEnvironment,
} from "./hub/gateway-glue.ts";
import { createHubParts, type HubArgs, hubAddresses } from "./hub/parts.ts";
import { createPlaceholders } from "./hub/placeholders.ts";
import { proxyAddress } from "./hub/smoke-test.ts";
import { SMOKE_TEST_SERVICE } from "./hub/smoke-test-role.ts";
import { JupyterHub } from "./jupyterhub.ts";
import type { Release, SmokeTestResult } from "./release.ts";

/** What a hub with Dask is made of. */
export interface DaskHubArgs extends HubArgs {
  readonly settings: DaskhubSettings;
}

/** JupyterHub and Dask Gateway in one namespace: two charts that know each other, or the published umbrella. */
export class DaskHub extends pulumi.ComponentResource implements Release {
  readonly endpoints: Addresses;
  readonly credentials: Readonly<Record<string, pulumi.Output<string>>>;
  readonly kept: readonly pulumi.Output<string>[];
  readonly smokeTest?: SmokeTestResult;

  constructor(name: string, args: DaskHubArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("dask:index:DaskHub", name, {}, opts);
    const { settings, namespace } = args;

    const gateway = gatewayBeside(name, args);
    const made =
      settings.distribution === "charts"
        ? twoCharts(name, args, gateway, this)
        : umbrella(name, args, gateway, this);

    const inside = pulumi.interpolate`http://${proxyService(gateway.release)}.${namespace.name}${GATEWAY_PREFIX}`;
    this.endpoints = { ...made.endpoints, gatewayInCluster: inside };
    this.credentials = made.credentials;
    this.kept = made.kept;
    if (args.smokeTest) this.smokeTest = daskhubSmokeTest(name, args, gateway, made, this);
    this.registerOutputs({ endpoints: this.endpoints, credentials: this.credentials });
  }
}

/** What either distribution gives. */
interface Made {
  readonly endpoints: Addresses;
  readonly credentials: Readonly<Record<string, pulumi.Output<string>>>;
  readonly kept: readonly pulumi.Output<string>[];
  /** The hub's Secret, with the tokens of its services. */
  readonly secret: pulumi.Output<string>;
  readonly releases: readonly k8s.helm.v3.Release[];
}

function gatewayBeside(name: string, { settings }: DaskHubArgs): GatewayBeside {
  return {
    release: gatewayRelease(name, settings.distribution),
    schedulerPort: settings.proxy.schedulerPort ?? GATEWAY_PORTS.web,
    imageOption: settings.options.image !== "fixed",
  };
}

const HUB_API = `http://${SERVICES.hub}:${PORTS.hub}/hub/api`;

/** Beside each other: the gateway's API server looks for the hub when a user comes, not when it starts. */
function twoCharts(name: string, args: DaskHubArgs, gateway: GatewayBeside, parent: pulumi.Resource): Made {
  const { settings, cluster, namespace } = args;
  const hub = new JupyterHub(name, { ...args, gateway }, { parent });
  const dask = new DaskGateway(
    gateway.release,
    {
      settings: gatewaySettings(settings),
      cluster,
      namespace,
      smokeTest: false,
      hub: {
        apiUrl: HUB_API,
        serviceName: GATEWAY_SERVICE,
        tokenSecret: { name: hub.secrets.name, key: serviceTokenKey(GATEWAY_SERVICE) },
        dependsOn: hub.needs,
      },
    },
    { parent },
  );
  const { endpoints, credentials, kept, secrets } = hub;
  return { endpoints, credentials, kept, secret: secrets.name, releases: [hub.release, dask.release] };
}

/** The gateway's part of the settings: who may use it is the hub's affair. */
function gatewaySettings({ auth: _, expose: __, host: ___, ...settings }: DaskhubSettings): GatewaySettings {
  return { ...settings, chart: settings.gatewayChart, values: settings.gatewayValues };
}

/** The same values, nested, in the one chart `daskhub` 2024.1.1. */
function umbrella(name: string, args: DaskHubArgs, gateway: GatewayBeside, parent: pulumi.Resource): Made {
  const { settings, cluster, namespace } = args;
  const parts = createHubParts(name, args, "3.2.1", gateway, parent);
  const tokenSecret = { secret: parts.secrets.name, key: serviceTokenKey(GATEWAY_SERVICE) };
  const values: Values = {
    jupyterhub: parts.values,
    "dask-gateway": gatewayValues({
      settings,
      placement: cluster.placement,
      auth: { kind: "jupyterhub", apiUrl: HUB_API, service: GATEWAY_SERVICE, secret: tokenSecret },
      prefix: GATEWAY_PREFIX,
      chart: "2024.1.0",
    }),
  };
  const release = chartRelease(
    name,
    { chart: "daskhub", values, settings, cluster, namespace, dependsOn: parts.dependsOn },
    { parent },
  );
  createPlaceholders(name, args, parent);
  const endpoints = hubAddresses(name, args, parts, release, parent);
  return {
    endpoints,
    credentials: parts.secrets.passwords,
    kept: parts.kept,
    secret: parts.secrets.name,
    releases: [release],
  };
}

/** A service of the hub with the one right to use the gateway starts a cluster as a notebook would. */
function daskhubSmokeTest(
  name: string,
  { settings, cluster, namespace }: DaskHubArgs,
  gateway: GatewayBeside,
  { secret, releases }: Made,
  parent: pulumi.Resource,
): SmokeTestResult {
  const { DASK_GATEWAY__ADDRESS: direct = "", DASK_GATEWAY__PROXY_ADDRESS: proxy = "" } =
    gatewayEnvironment(gateway);
  const outside = proxyAddress(settings.tls);
  // Through the hub's proxy, unless that speaks HTTPS alone, under a name that is not known inside.
  const address = outside.startsWith("http:") ? `${outside}${GATEWAY_PREFIX}` : direct;
  return gatewaySmokeTest(
    `${name}-smoke-test`,
    {
      settings,
      cluster,
      namespace,
      address: { gateway: address, proxy },
      login: { kind: "service", secret: { secret, key: serviceTokenKey(SMOKE_TEST_SERVICE) } },
      revision: pulumi.all(releases.map((each) => each.status.revision)).apply((each) => each.join(".")),
    },
    parent,
  );
}
