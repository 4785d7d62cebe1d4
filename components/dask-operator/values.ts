import type * as pulumi from "@pulumi/pulumi";
import type { Placement } from "../../settings/placement.ts";
import { seconds } from "../../settings/quantities.ts";
import type { DaskOperatorSettings } from "../../settings/releases/dask-operator.ts";
import type { Values } from "../chart.ts";
import { imageParts } from "../image.ts";
import { canonicalMemory } from "../quantity.ts";
import { userAccount } from "./chart.ts";

/**
 * Values of the chart `dask-kubernetes-operator` 2026.3.0 for one release.
 *
 * @param namespaces where the operator works: it sees no other
 * @param handlers ConfigMap whose `HANDLER_FILE` the operator runs beside its own handlers
 */
export function operatorValues(
  settings: DaskOperatorSettings,
  namespaces: readonly string[],
  handlers: pulumi.Input<string>,
  placement: Placement,
): Values {
  const memory = canonicalMemory(settings.memory);
  return {
    image: imageParts(settings.image),
    imagePullSecrets: settings.pullSecrets.map((name) => ({ name })),
    // The chart's own would allow all pods of the whole cluster, or those of one namespace only.
    rbac: { create: false },
    kopfArgs: [
      ...namespaces.map((namespace) => `--namespace=${namespace}`),
      `${HANDLER_FOLDER}/${HANDLER_FILE}`,
    ],
    volumes: [{ name: "handlers", configMap: { name: handlers } }],
    volumeMounts: [{ name: "handlers", mountPath: HANDLER_FOLDER, readOnly: true }],
    podSecurityContext: { seccompProfile: { type: "RuntimeDefault" } },
    resources: {
      requests: { cpu: settings.cores, memory },
      limits: { memory },
    },
    ...placement,
  };
}

/** The stack's own handler of the operator, beside this file and in the operator's pod. */
export const HANDLER_FILE = "running.py";
const HANDLER_FOLDER = "/etc/dask-operator";

/**
 * Environment that makes `KubeCluster()` without arguments do what the settings say.
 *
 * Dask reads it as its configuration. Where braces are filled in on the way, as JupyterHub's spawner does, they must
 * be doubled before.
 */
export function notebookEnvironment(settings: DaskOperatorSettings): Readonly<Record<string, string>> {
  const { clusters } = settings;
  const size = { cpu: String(clusters.cores), memory: canonicalMemory(clusters.memory) };
  const threads = clusters.threads ?? Math.max(1, Math.floor(clusters.cores));
  return {
    DASK_KUBERNETES__NAME: clusters.name,
    DASK_KUBERNETES__IMAGE: clusters.image,
    DASK_KUBERNETES__COUNT__START: String(clusters.workers),
    // The template of scheduler and workers: JSON, which Dask reads as a Python literal.
    DASK_KUBERNETES__RESOURCES: JSON.stringify({ requests: size, limits: size }),
    DASK_KUBERNETES__ENV: JSON.stringify(clusters.environment),
    DASK_KUBERNETES__WORKER_COMMAND: `dask worker --nthreads ${threads}`,
    DASK_KUBERNETES__IDLE_TIMEOUT: String(seconds(clusters.idle)),
    DASK_DISTRIBUTED__DASHBOARD__LINK: "{JUPYTERHUB_SERVICE_PREFIX}proxy/{host}:{port}/status",
  };
}

/** What a notebook needs to run `KubeCluster` in a namespace that an operator serves. */
export interface NotebookAccess {
  readonly serviceAccountName: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** What the notebooks of a hub need to use an operator, the hub's namespace being one of those it serves. */
export function notebookAccess(release: string, settings: DaskOperatorSettings): NotebookAccess {
  return { serviceAccountName: userAccount(release), environment: notebookEnvironment(settings) };
}
