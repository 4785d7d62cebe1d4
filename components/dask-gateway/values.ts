import type * as pulumi from "@pulumi/pulumi";
import type { Placement, Role } from "../../settings/placement.ts";
import type { GatewayShapeSettings } from "../../settings/releases/dask-gateway.ts";
import { gatewaySizes } from "../../settings/releases/gateway-limits.ts";
import type { Values } from "../chart.ts";
import type { Exposure } from "../cluster.ts";
import type { SecretKey } from "../dask/values.ts";
import { RESTRICTED_CONTAINER, RESTRICTED_POD } from "../pod-security.ts";
import { canonicalMemory } from "../quantity.ts";
import { GATEWAY_CHARTS, type GatewayChartVersion, PORTS } from "./chart.ts";
import { extraConfig, PASSWORD_VARIABLE } from "./config.ts";

/** How a gateway knows its users; every secret stays in a Secret of the gateway's namespace. */
export type GatewayAuth =
  | { readonly kind: "password"; readonly secret: SecretKey }
  | {
      readonly kind: "jupyterhub";
      /** The hub's API: `http://hub:8081/hub/api`. */
      readonly apiUrl: pulumi.Input<string>;
      /** The gateway's name among the hub's services. */
      readonly service: string;
      /** The gateway's own token at the hub. */
      readonly secret: SecretKey;
    };

/** What the values of one gateway follow from. */
export interface GatewayValuesArgs {
  readonly settings: GatewayShapeSettings;
  readonly placement: (role: Role) => Placement;
  readonly auth: GatewayAuth;
  /** Path under which the gateway answers: `/`, or `/services/dask-gateway` behind a hub. */
  readonly prefix: string;
  /** How the proxy's Service leaves the cluster; absent for inside only. */
  readonly exposure?: Exposure | undefined;
  /** Version of the chart, whose schema refuses keys that it does not know. Default: the pinned one. */
  readonly chart?: GatewayChartVersion;
}

/** Values of the `dask-gateway` chart for one gateway. */
export function gatewayValues(args: GatewayValuesArgs): Values {
  const { settings, placement } = args;
  const core = placement("core");
  return {
    gateway: {
      replicas: settings.gateway.replicas,
      resources: resources(settings.gateway),
      prefix: args.prefix,
      env: environment(args.auth),
      auth: authValues(args),
      extraConfig: extraConfig(settings, args.auth.kind === "password"),
      backend: backend(settings, placement),
      ...core,
    },
    controller: { resources: resources(settings.gateway), ...core },
    traefik: {
      replicas: settings.proxy.replicas,
      resources: resources(settings.proxy),
      service: service(settings, args.exposure),
      ...core,
    },
  };
}

/** The password never stands in the chart's values: those end up in a ConfigMap as plain text. */
function environment(auth: GatewayAuth): Values[] {
  if (auth.kind !== "password") return [];
  const { secret, key } = auth.secret;
  return [{ name: PASSWORD_VARIABLE, valueFrom: { secretKeyRef: { name: secret, key } } }];
}

function authValues({ auth, chart = "2026.3.0" }: GatewayValuesArgs): Values {
  if (auth.kind === "password") return { type: "simple" };
  const { serviceName } = GATEWAY_CHARTS[chart];
  return {
    type: "jupyterhub",
    jupyterhub: {
      apiUrl: auth.apiUrl,
      apiTokenFromSecretName: auth.secret.secret,
      apiTokenFromSecretKey: auth.secret.key,
      // Without the name, any token of the hub may use the gateway, those of other services included.
      ...(serviceName ? { jupyterhubServiceName: auth.service } : {}),
    },
  };
}

function backend(settings: GatewayShapeSettings, placement: (role: Role) => Placement): Values {
  const { scheduler, worker } = gatewaySizes(settings);
  const container = settings.restricted
    ? { extraContainerConfig: { securityContext: RESTRICTED_CONTAINER } }
    : {};
  const pod = settings.restricted ? { securityContext: RESTRICTED_POD } : {};
  return {
    image: image(settings.image),
    imagePullSecrets: settings.pullSecrets.map((name) => ({ name })),
    environment: settings.environment,
    scheduler: {
      ...both(scheduler),
      extraPodConfig: { ...pod, ...dedicated(placement("scheduler"), "scheduler") },
      ...container,
    },
    worker: {
      ...both(worker),
      ...(settings.worker.threads === undefined ? {} : { threads: settings.worker.threads }),
      extraPodConfig: { ...pod, ...dedicated(placement("worker"), "worker") },
      ...container,
    },
  };
}

/** Requests equal to limits; memory in bytes, because the server reads `4G` as 4 GiB. */
function both({ cores, memory }: { cores: number; memory: number }): Values {
  return { cores: { request: cores, limit: cores }, memory: { request: memory, limit: memory } };
}

/** Some clouds forbid the slash in a taint's key, so nodes carry either of two; pods accept both. */
const DEDICATED_KEYS = ["k8s.dask.org/dedicated", "k8s.dask.org_dedicated"];

/** A placement that also accepts nodes set aside for schedulers or workers. */
export function dedicated(
  { nodeSelector, tolerations }: Placement,
  value: "scheduler" | "worker",
): Placement {
  const own = DEDICATED_KEYS.map((key) => ({
    key,
    operator: "Equal" as const,
    value,
    effect: "NoSchedule" as const,
  }));
  const given = tolerations.filter(
    (each) =>
      !own.some(({ key }) => each.key === key && each.value === value && each.effect === "NoSchedule"),
  );
  return { nodeSelector, tolerations: [...given, ...own] };
}

/** An image as the chart takes it: name and tag, or all in the name where it has a digest. */
function image(reference: string): Values {
  const found = reference.includes("@") ? null : /^(.*):([^/:]+)$/.exec(reference);
  return { name: found?.[1] ?? reference, tag: found?.[2] ?? "" };
}

function service(settings: GatewayShapeSettings, exposure: Exposure | undefined): Values {
  const { type = "ClusterIP", annotations = {}, loadBalancerIP, allowFrom } = exposure ?? {};
  return {
    type,
    annotations,
    spec: {
      ...(loadBalancerIP === undefined ? {} : { loadBalancerIP }),
      ...(type === "LoadBalancer" && allowFrom !== undefined
        ? { loadBalancerSourceRanges: [...allowFrom] }
        : {}),
    },
    ports: { web: { port: PORTS.web }, tcp: { port: settings.proxy.schedulerPort ?? "web" } },
  };
}

/** Limits of ten times the requested cores: enough for a burst of connections, and never a whole node. */
const BURST = 10;

function resources({ cores, memory: size }: { cores: number; memory: string }): Values {
  const memory = canonicalMemory(size);
  return { requests: { cpu: milli(cores), memory }, limits: { cpu: milli(cores * BURST), memory } };
}

function milli(cores: number): string {
  return `${Math.ceil(cores * 1000)}m`;
}
