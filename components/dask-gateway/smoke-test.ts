import type * as pulumi from "@pulumi/pulumi";
import { type GatewayShapeSettings, IMAGE_VARIABLE } from "../../settings/releases/dask-gateway.ts";
import { type GatewaySizes, gatewaySizes } from "../../settings/releases/gateway-limits.ts";
import type { Cluster } from "../cluster.ts";
import type { EnvironmentVariable, SecretKey } from "../dask/values.ts";
import type { Namespace } from "../namespace.ts";
import type { SmokeTestResult } from "../release.ts";
import { smokeTest } from "../smoke-test.ts";

/** As whom the smoke test comes: with the gateway's password, or with a token of the hub, a user's or of a service that is only for the test. */
export interface SmokeTestLogin {
  readonly kind: "password" | "jupyterhub" | "service";
  readonly secret: SecretKey;
}

/** What the smoke test of a gateway is made of. */
export interface GatewaySmokeTestArgs {
  readonly settings: GatewayShapeSettings;
  readonly cluster: Cluster;
  readonly namespace: Namespace;
  /** Where clients find the gateway (`http://...`) and the way to schedulers (`gateway://...`). */
  readonly address: { readonly gateway: pulumi.Input<string>; readonly proxy: pulumi.Input<string> };
  readonly login: SmokeTestLogin;
  /** Changes when the release changes; the test then runs again, and only then. */
  readonly revision: pulumi.Input<number | string>;
}

/** Starts a cluster through a gateway as a user would, computes on its workers and closes it. */
export function gatewaySmokeTest(
  name: string,
  args: GatewaySmokeTestArgs,
  parent: pulumi.Resource,
): SmokeTestResult {
  const { settings, cluster, namespace } = args;
  return smokeTest(
    name,
    {
      cluster,
      namespace,
      image: settings.image,
      pullSecrets: settings.pullSecrets,
      env: environment(args),
      subject: "gateway",
      revision: args.revision,
      needsRoot: !settings.restricted,
    },
    parent,
  );
}

function environment({ settings, address, login }: GatewaySmokeTestArgs): EnvironmentVariable[] {
  const { secret, key } = login.secret;
  const expected = smokeTestOrder(settings);
  return [
    { name: "GATEWAY", value: address.gateway },
    { name: "PROXY", value: address.proxy },
    { name: "LOGIN", value: login.kind },
    { name: "LOGIN_SECRET", valueFrom: { secretKeyRef: { name: secret, key } } },
    { name: "ORDER", value: JSON.stringify(expected) },
  ];
}

/** What the smoke test asks for and must get; memory in bytes. */
export interface SmokeTestOrder {
  /** Cluster options that it chooses. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly workers: number;
  /** Memory that each worker must have. */
  readonly memory: number;
  readonly image: string;
  readonly imageVariable: string;
  /** Side of the square array that it computes on. */
  readonly size: number;
}

const GIGA = 1e9;
const BYTES_OF_A_FLOAT = 8;
const LARGEST_ARRAY = 10_000;

/** Two workers, or one where there may be no more, of the smallest size that users may choose. */
export function smokeTestOrder(settings: GatewayShapeSettings): SmokeTestOrder {
  const sizes = gatewaySizes(settings);
  const memory = sizes.workerMemory?.min ?? sizes.worker.memory;
  const workers = Math.min(2, workersThatFit(sizes, memory));
  const fitting = Math.sqrt((workers * memory) / 4 / BYTES_OF_A_FLOAT);
  return {
    options: {
      ...(sizes.workerCores === undefined ? {} : { worker_cores: sizes.workerCores.min }),
      ...(sizes.workerMemory === undefined ? {} : { worker_memory: memory / GIGA }),
      ...(settings.options.image === "fixed" ? {} : { image: settings.image }),
    },
    workers,
    memory,
    image: settings.image,
    imageVariable: IMAGE_VARIABLE,
    size: Math.min(LARGEST_ARRAY, Math.max(500, Math.floor(fitting / 500) * 500)),
  };
}

function workersThatFit({ limits, scheduler, worker, workerCores }: GatewaySizes, memory: number): number {
  const cores = workerCores?.min ?? worker.cores;
  return Math.min(
    limits.workers,
    Math.floor((limits.cores - scheduler.cores) / cores + 1e-9),
    Math.floor((limits.memory - scheduler.memory) / memory),
  );
}
