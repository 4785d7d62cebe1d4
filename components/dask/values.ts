import type { types } from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Placement, Role } from "../../settings/placement.ts";
import { seconds } from "../../settings/quantities.ts";
import type { DaskSettings } from "../../settings/releases/dask.ts";
import type { Values } from "../chart.ts";
import { imageParts } from "../image.ts";
import { RESTRICTED_POD } from "../pod-security.ts";
import { canonicalMemory } from "../quantity.ts";
import { PORTS, RBAC_NAME } from "./chart.ts";

/** Where the notebook server's token comes from: a key of a Secret in the release's namespace. */
export interface SecretKey {
  readonly secret: pulumi.Input<string>;
  readonly key: string;
}

/** An environment variable of a container. */
export type EnvironmentVariable = types.input.core.v1.EnvVar;

/**
 * Values of the `dask` chart 2024.1.1 for one release.
 *
 * @param placement where pods of a role run
 * @param account ServiceAccount of pods that have no business with Kubernetes
 * @param token Secret with the notebook's token; needed where `jupyter` is on
 */
export function daskValues(
  settings: DaskSettings,
  placement: (role: Role) => Placement,
  account: string,
  token?: SecretKey,
): Values {
  return {
    scheduler: {
      image: image(settings, "repository"),
      // Reachable from outside only by a Service of our own: the chart's knows no source ranges.
      serviceType: "ClusterIP",
      resources: resources(settings.scheduler),
      readinessProbe: probe("/health", PORTS.dashboardTarget),
      ...powers(settings, account),
      ...placement("scheduler"),
    },
    worker: {
      image: image(settings, "repository"),
      replicas: settings.workers.replicas,
      ...workerSize(settings.workers),
      extraArgs: [
        "--death-timeout",
        String(seconds(settings.workers.deathTimeout)),
        ...settings.workers.arguments,
      ],
      env: environment(settings),
      readinessProbe: probe("/health", PORTS.worker),
      ...powers(settings, account),
      ...placement("worker"),
    },
    additional_worker_groups: workerGroups(settings, placement),
    jupyter: jupyterValues(settings, placement, account, token),
  };
}

/** The chart takes what is empty in a group, be it `replicas: 0`, from the workers: such a group is left out. */
function workerGroups(settings: DaskSettings, placement: (role: Role) => Placement): Values[] {
  return Object.entries(settings.workerGroups)
    .filter(([, group]) => group.replicas > 0)
    .map(([name, group]) => ({
      name,
      replicas: group.replicas,
      ...workerSize(group),
      extraArgs: ["--death-timeout", String(seconds(settings.workers.deathTimeout)), ...group.arguments],
      ...(group.placement ?? placement("worker")),
    }));
}

function jupyterValues(
  settings: DaskSettings,
  placement: (role: Role) => Placement,
  account: string,
  token?: SecretKey,
): Values {
  const { jupyter } = settings;
  if (jupyter === undefined || token === undefined) return { enabled: false, rbac: false };
  return {
    enabled: true,
    rbac: jupyter.rbac,
    ...powers(settings, jupyter.rbac ? RBAC_NAME : account),
    image: image(settings, "notebook"),
    serviceType: "ClusterIP",
    resources: resources(jupyter),
    // The chart's default is the hash of "dask", written as NotebookApp.password, which Jupyter Server no longer
    // reads. What it reads is JUPYTER_TOKEN; its login form accepts that as the password.
    password: "",
    passwordHint: "in the stack's credentials output",
    env: [
      { name: "JUPYTER_TOKEN", valueFrom: { secretKeyRef: { name: token.secret, key: token.key } } },
      ...environment(settings),
    ],
    readinessProbe: probe("/api", PORTS.jupyterTarget),
    ...placement("user"),
  };
}

/** Environment of workers and notebook: what the settings say, and the packages the images install at start. */
export function environment(settings: DaskSettings): EnvironmentVariable[] {
  const { apt, conda, pip } = settings.packages;
  const packages = { EXTRA_APT_PACKAGES: apt, EXTRA_CONDA_PACKAGES: conda, EXTRA_PIP_PACKAGES: pip };
  return [
    ...Object.entries(settings.environment).map(([name, value]) => ({ name, value })),
    ...Object.entries(packages)
      .filter(([, list]) => list.length > 0)
      .map(([name, list]) => ({ name, value: list.join(" ") })),
  ];
}

/** The image reference as the `dask` chart takes it. */
function image(settings: DaskSettings, which: "repository" | "notebook"): Values {
  const pullSecrets = settings.image.pullSecrets.map((name) => ({ name }));
  const { name: repository, tag } = imageParts(imageOf(settings, which));
  return { repository, tag, ...(pullSecrets.length > 0 ? { pullSecrets } : {}) };
}

/** The image of scheduler and workers, or that of the notebook, with its digest where the settings name one. */
export function imageOf({ image }: DaskSettings, which: "repository" | "notebook"): string {
  const digest = which === "repository" ? image.digest : image.notebookDigest;
  return `${image[which]}:${image.tag}${digest === undefined ? "" : `@${digest}`}`;
}

/** What pods may do: no token of Kubernetes but that of `jupyter.rbac`, and no root unless their image needs it. */
function powers(settings: DaskSettings, serviceAccountName: string): Values {
  return { serviceAccountName, ...(needsRoot(settings) ? {} : { securityContext: RESTRICTED_POD }) };
}

/** Whether pods run as whom their image says: because they install packages, or because the settings say so. */
export function needsRoot({ packages, restricted }: DaskSettings): boolean {
  return !restricted || Object.values(packages).some((list) => list.length > 0);
}

/** Requests equal to limits: Dask plans with the whole of a worker's memory, so it must be there. */
function resources({ cores, memory }: { cores: number; memory: string }): Values {
  const size = { cpu: cores, memory: canonicalMemory(memory) };
  return { requests: size, limits: size };
}

/** Size of a worker; threads are always stated, because the chart would pass a fractional core as `--nthreads`. */
function workerSize(worker: { cores: number; memory: string; threads?: number | undefined }): Values {
  return {
    resources: resources(worker),
    threads_per_worker: worker.threads ?? Math.max(1, Math.floor(worker.cores)),
  };
}

function probe(path: string, port: number): Values {
  return { httpGet: { path, port }, periodSeconds: 2, failureThreshold: 30 };
}
