import { readFileSync } from "node:fs";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { DaskOperatorSettings } from "../settings/releases/dask-operator.ts";
import { beforeDelete } from "./before-delete.ts";
import { chartRelease } from "./chart.ts";
import type { Cluster } from "./cluster.ts";
import {
  operatorAccess,
  operatorDiscovery,
  type ServedNamespace,
  userAccess,
} from "./dask-operator/access.ts";
import { END_SUFFIX, fullName, userAccount } from "./dask-operator/chart.ts";
import {
  HANDLER_FILE,
  type NotebookAccess,
  notebookAccess,
  notebookEnvironment,
  operatorValues,
} from "./dask-operator/values.ts";
import type { Addresses } from "./endpoint.ts";
import type { Release, SmokeTestResult } from "./release.ts";
import { smokeTest } from "./smoke-test.ts";

/** What a release of the operator is made of. */
export interface DaskOperatorArgs {
  readonly settings: DaskOperatorSettings;
  readonly cluster: Cluster;
  /** The namespaces in which people run clusters, that of the release first. */
  readonly namespaces: readonly [ServedNamespace, ...ServedNamespace[]];
  /** Whether a Job proves that Dask computes. */
  readonly smokeTest: boolean;
}

/** The `dask-kubernetes-operator` chart: people make clusters with `KubeCluster`. */
export class DaskOperator extends pulumi.ComponentResource implements Release {
  readonly endpoints: Addresses = {};
  readonly credentials: Readonly<Record<string, pulumi.Output<string>>> = {};
  readonly smokeTest?: SmokeTestResult;
  /** What the notebooks of a hub need, its namespace being one of those served. */
  readonly notebooks: NotebookAccess;
  /** What pods that run `KubeCluster` depend on: they must be gone before the operator goes. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: DaskOperatorArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("dask:index:DaskOperator", name, {}, opts);
    const { settings, cluster, namespaces } = args;
    const [home] = namespaces;
    const places = namespaces.map((namespace) => ({ cluster, home, namespace }));

    const rights = [
      ...operatorDiscovery(name, { cluster, home }, this),
      ...places.flatMap((place) => operatorAccess(name, place, this)),
    ];
    const users = places.flatMap((place) => userAccess(name, place, this));
    const names = namespaces.map((each) => each.plainName);
    const handlers = ownHandlers(name, args, this);
    const release = chartRelease(
      name,
      {
        chart: "dask-kubernetes-operator",
        values: operatorValues(settings, names, handlers, cluster.placement("core")),
        settings,
        cluster,
        namespace: home,
        dependsOn: rights,
      },
      { parent: this },
    );
    const drain = endClusters(name, args, [release, ...rights], this);

    this.notebooks = notebookAccess(name, settings);
    this.ready = [drain, ...users];
    if (args.smokeTest) this.smokeTest = operatorSmokeTest(name, args, release, this);
    this.registerOutputs({});
  }
}

/** What the operator runs beside its own handlers; new text makes a new ConfigMap, so that the operator follows it. */
function ownHandlers(
  name: string,
  { cluster, namespaces: [home] }: DaskOperatorArgs,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  const text = readFileSync(new URL(`dask-operator/${HANDLER_FILE}`, import.meta.url), "utf8");
  const map = new k8s.core.v1.ConfigMap(
    `${name}-handlers`,
    { metadata: { namespace: home.name }, data: { [HANDLER_FILE]: text }, immutable: true },
    { parent, provider: cluster.provider, dependsOn: [...home.resources, ...cluster.ready] },
  );
  return map.metadata.name;
}

/** Seconds that the operator gets to let its clusters go. */
const PATIENCE_S = 60;

/** Clusters that people made are in no state: they end here, while the operator that they need is still there. */
function endClusters(
  name: string,
  { settings, cluster, namespaces }: DaskOperatorArgs,
  operator: readonly pulumi.Resource[],
  parent: pulumi.Resource,
): pulumi.Resource {
  const [home] = namespaces;
  return beforeDelete(
    `${name}${END_SUFFIX}`,
    {
      cluster,
      namespace: home,
      image: settings.image,
      pullSecrets: settings.pullSecrets,
      script: "dask-operator/end-clusters.py",
      env: {
        NAMESPACES: namespaces.map((each) => each.plainName).join(" "),
        PATIENCE: String(PATIENCE_S),
      },
      serviceAccountName: fullName(name),
      dependsOn: [...operator, ...namespaces.flatMap((each) => each.resources)],
    },
    parent,
  );
}

const TEST_WORKERS = 2;

function operatorSmokeTest(
  name: string,
  { settings, cluster, namespaces }: DaskOperatorArgs,
  { status }: { readonly status: pulumi.Output<{ readonly revision: number }> },
  parent: pulumi.Resource,
): SmokeTestResult {
  const [home] = namespaces;
  const packages = settings.clientPackages;
  const env = {
    ...notebookEnvironment(settings),
    NAMESPACE: home.plainName,
    WORKERS: String(TEST_WORKERS),
    // What a notebook has by itself.
    USER: "smoke-test",
    JUPYTERHUB_USER: "smoke-test",
    JUPYTERHUB_SERVICE_PREFIX: "/",
    ...(packages.length > 0 ? { EXTRA_PIP_PACKAGES: packages.join(" ") } : {}),
  };
  return smokeTest(
    `${name}-smoke-test`,
    {
      cluster,
      namespace: home,
      image: settings.clusters.image,
      pullSecrets: settings.pullSecrets,
      env: Object.entries(env).map(([name, value]) => ({ name, value })),
      subject: "operator",
      revision: status.revision,
      needsRoot: packages.length > 0,
      serviceAccountName: userAccount(name),
    },
    parent,
  );
}
