import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { bytes } from "../settings/quantities.ts";
import type { DaskSettings } from "../settings/releases/dask.ts";
import { workerCount } from "../settings/releases/dask-rules.ts";
import type { ExposeSettings } from "../settings/releases/release.ts";
import { chartRelease } from "./chart.ts";
import type { Cluster } from "./cluster.ts";
import { jupyterService, PORTS, podAccount, podLabels, schedulerService } from "./dask/chart.ts";
import { daskValues, environment, imageOf, needsRoot, type SecretKey } from "./dask/values.ts";
import { type Addresses, type EndpointPort, externalService, internalAddresses } from "./endpoint.ts";
import { hostedAddresses } from "./host-record.ts";
import type { Namespace } from "./namespace.ts";
import type { Release, SmokeTestResult } from "./release.ts";
import { smokeTest } from "./smoke-test.ts";
import { token } from "./tokens.ts";

/** What a release of the `dask` chart is made of. */
export interface DaskArgs {
  readonly settings: DaskSettings;
  readonly cluster: Cluster;
  readonly namespace: Namespace;
  /** Whether a Job proves that Dask computes. */
  readonly smokeTest: boolean;
}

/** The `dask` chart: a scheduler, workers and, unless it is off, a notebook server. */
export class Dask extends pulumi.ComponentResource implements Release {
  readonly endpoints: Addresses;
  readonly credentials: Readonly<Record<string, pulumi.Output<string>>>;
  readonly smokeTest?: SmokeTestResult;

  constructor(name: string, args: DaskArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("dask:index:Dask", name, {}, opts);
    const { settings, cluster, namespace } = args;

    const password = settings.jupyter && token(`${name}-jupyter-token`, settings, this);
    const secret = password && tokenSecret(name, password, args, this);
    const account = withoutToken(name, args, this);
    const values = daskValues(settings, cluster.placement, podAccount(name), secret);
    const release = chartRelease(
      name,
      { chart: "dask", values, settings, cluster, namespace, dependsOn: [account] },
      { parent: this },
    );

    this.endpoints = { ...schedulerAddresses(name, args, this), ...jupyterAddresses(name, args, this) };
    this.credentials = password ? { jupyterPassword: password } : {};
    if (args.smokeTest) this.smokeTest = daskSmokeTest(name, args, release, this);
    this.registerOutputs({ endpoints: this.endpoints, credentials: this.credentials });
  }
}

/** A ServiceAccount without a token: with the namespace's own, every pod could talk to Kubernetes. */
function withoutToken(
  name: string,
  { cluster, namespace }: DaskArgs,
  parent: pulumi.Resource,
): k8s.core.v1.ServiceAccount {
  return new k8s.core.v1.ServiceAccount(
    // Not the object's own name: that of the releases a and a-dask is the same, in a namespace each.
    `${name}-pods`,
    { metadata: { name: podAccount(name), namespace: namespace.name }, automountServiceAccountToken: false },
    { parent, provider: cluster.provider, dependsOn: [...namespace.resources, ...cluster.ready] },
  );
}

const TOKEN_KEY = "token";

/** The Secret that the notebook reads; a new token makes a new Secret, so that the pod follows it. */
function tokenSecret(
  name: string,
  value: pulumi.Output<string>,
  args: DaskArgs,
  parent: pulumi.Resource,
): SecretKey {
  const secret = new k8s.core.v1.Secret(
    `${name}-jupyter`,
    { metadata: { namespace: args.namespace.name }, stringData: { [TOKEN_KEY]: value }, immutable: true },
    {
      parent,
      provider: args.cluster.provider,
      dependsOn: [...args.namespace.resources, ...args.cluster.ready],
    },
  );
  return { secret: secret.metadata.name, key: TOKEN_KEY };
}

const schedulerPorts: readonly EndpointPort[] = [
  { name: "scheduler", port: PORTS.scheduler, targetPort: PORTS.scheduler, scheme: "tcp", localPort: 8786 },
  {
    name: "dashboard",
    port: PORTS.dashboard,
    targetPort: PORTS.dashboardTarget,
    scheme: "http",
    localPort: 8787,
  },
];
const jupyterPorts: readonly EndpointPort[] = [
  { name: "jupyter", port: PORTS.jupyter, targetPort: PORTS.jupyterTarget, scheme: "http", localPort: 8888 },
];

function schedulerAddresses(name: string, args: DaskArgs, parent: pulumi.Resource): Addresses {
  const inside = pulumi.interpolate`tcp://${schedulerService(name)}.${args.namespace.name}:${PORTS.scheduler}`;
  const outside = addresses(name, "scheduler", args.settings.scheduler, schedulerPorts, args, parent);
  return { ...outside, schedulerInCluster: inside };
}

function jupyterAddresses(name: string, args: DaskArgs, parent: pulumi.Resource): Addresses {
  const { jupyter } = args.settings;
  return jupyter === undefined ? {} : addresses(name, "jupyter", jupyter, jupyterPorts, args, parent);
}

/** What the settings say of how a part is reached from outside. */
interface Exposable {
  readonly expose?: ExposeSettings | undefined;
  readonly host?: string | undefined;
}

function addresses(
  release: string,
  component: "scheduler" | "jupyter",
  { expose, host }: Exposable,
  ports: readonly EndpointPort[],
  { cluster, namespace }: DaskArgs,
  parent: pulumi.Resource,
): Addresses {
  const service = component === "scheduler" ? schedulerService(release) : jupyterService(release);
  // Not the Service's own name: releases a and a-dask of two namespaces have Services of the same name.
  const name = `${release}-${component}`;
  const exposure = expose && cluster.expose(name, expose);
  if (exposure === undefined || exposure.type === "ClusterIP")
    return internalAddresses(service, namespace, ports);
  const selector = podLabels(release, component);
  const external = { cluster, namespace, service: `${service}-external`, selector, ports, exposure };
  const outside = externalService(`${name}-external`, external, parent);
  return hostedAddresses(outside, { cluster, exposure, host });
}

/** Seconds that the workers get to appear in the smoke test, within its Job's deadline. */
const PATIENCE_S = 600;

function daskSmokeTest(
  name: string,
  args: DaskArgs,
  release: k8s.helm.v3.Release,
  parent: pulumi.Resource,
): SmokeTestResult {
  const { settings, cluster, namespace } = args;
  const expected = {
    SCHEDULER: `tcp://${schedulerService(name)}:${PORTS.scheduler}`,
    WORKERS: String(workerCount(settings)),
    SIZE: String(arraySize(settings)),
    PATIENCE: String(PATIENCE_S),
  };
  const names = new Set<unknown>(Object.keys(expected));
  return smokeTest(
    `${name}-smoke-test`,
    {
      cluster,
      namespace,
      image: imageOf(settings, "repository"),
      pullSecrets: settings.image.pullSecrets,
      env: [
        ...environment(settings).filter(({ name }) => !names.has(name)),
        ...Object.entries(expected).map(([name, value]) => ({ name, value })),
      ],
      subject: "dask",
      revision: release.status.revision,
      needsRoot: needsRoot(settings),
    },
    parent,
  );
}

const LARGEST_ARRAY = 10_000;
const BYTES_OF_A_FLOAT = 8;

/** Side of the square array that the smoke test computes on: 10000, or what fills a quarter of the workers' memory. */
export function arraySize(settings: DaskSettings): number {
  const groups = [settings.workers, ...Object.values(settings.workerGroups)];
  const memory = groups.reduce((sum, { replicas, memory }) => sum + replicas * bytes(memory), 0);
  const fitting = Math.sqrt(memory / 4 / BYTES_OF_A_FLOAT);
  return Math.min(LARGEST_ARRAY, Math.max(500, Math.floor(fitting / 500) * 500));
}
