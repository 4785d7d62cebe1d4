import assert from "node:assert/strict";
import { test } from "node:test";
import { fullName, longestReleaseName, schedulerService } from "../../components/dask/chart.ts";
import { daskValues, imageOf } from "../../components/dask/values.ts";
import type { Placement, Role } from "../../settings/placement.ts";
import { dask } from "../../settings/releases/dask.ts";

const anywhere = (): Placement => ({ nodeSelector: {}, tolerations: [] });
const account = "batch-dask-pods";
const restricted = {
  runAsNonRoot: true,
  runAsUser: 1000,
  seccompProfile: { type: "RuntimeDefault" },
};
const token = { secret: "batch-jupyter-1a2b", key: "token" };
const probe = (path: string, port: number) => ({
  httpGet: { path, port },
  periodSeconds: 2,
  failureThreshold: 30,
});
const sized = (cpu: number, memory: string) => ({ requests: { cpu, memory }, limits: { cpu, memory } });

test("defaults become the values of one scheduler, three workers and a notebook", () => {
  const image = { repository: "ghcr.io/dask/dask", tag: "2025.11.0" };
  assert.deepEqual(daskValues(dask.parse({ kind: "dask" }), anywhere, account, token), {
    scheduler: {
      image,
      serviceType: "ClusterIP",
      resources: sized(1, "2G"),
      readinessProbe: probe("/health", 8787),
      serviceAccountName: account,
      securityContext: restricted,
      nodeSelector: {},
      tolerations: [],
    },
    worker: {
      image,
      replicas: 3,
      resources: sized(1, "4G"),
      threads_per_worker: 1,
      extraArgs: ["--death-timeout", "60"],
      env: [],
      readinessProbe: probe("/health", 8790),
      serviceAccountName: account,
      securityContext: restricted,
      nodeSelector: {},
      tolerations: [],
    },
    additional_worker_groups: [],
    jupyter: {
      enabled: true,
      rbac: false,
      serviceAccountName: account,
      securityContext: restricted,
      image: { repository: "ghcr.io/dask/dask-notebook", tag: "2025.11.0" },
      serviceType: "ClusterIP",
      resources: sized(1, "2G"),
      password: "",
      passwordHint: "in the stack's credentials output",
      env: [{ name: "JUPYTER_TOKEN", valueFrom: { secretKeyRef: { name: token.secret, key: token.key } } }],
      readinessProbe: probe("/api", 8888),
      nodeSelector: {},
      tolerations: [],
    },
  });
});

test("everything a user can set arrives where the chart reads it", () => {
  const placement = (role: Role): Placement => ({
    nodeSelector: { role },
    tolerations: [{ key: role, operator: "Exists" }],
  });
  const placed = (role: Role) => placement(role);
  const env = [
    { name: "OMP_NUM_THREADS", value: "1" },
    { name: "EXTRA_APT_PACKAGES", value: "libgeos-dev" },
    { name: "EXTRA_CONDA_PACKAGES", value: "numba -c conda-forge" },
    { name: "EXTRA_PIP_PACKAGES", value: "s3fs xarray" },
  ];
  const image = { repository: "mirror/dask", tag: "2026.1.0", pullSecrets: [{ name: "mirror" }] };
  const settings = dask.parse({
    kind: "dask",
    image: {
      repository: "mirror/dask",
      notebook: "mirror/notebook",
      tag: "2026.1.0",
      pullSecrets: ["mirror"],
    },
    scheduler: { cores: 2, memory: "8G" },
    workers: {
      replicas: 5,
      cores: 2.5,
      memory: "16G",
      deathTimeout: "5m",
      arguments: ["--resources", "GPU=1"],
    },
    workerGroups: {
      large: { replicas: 2, cores: 8, memory: "64G", threads: 2, arguments: ["--name", "large"] },
      here: { placement: { nodeSelector: { disk: "fast" } } },
      // The chart would give it the 5 workers of the main group.
      none: { replicas: 0 },
    },
    packages: { apt: ["libgeos-dev"], conda: ["numba", "-c conda-forge"], pip: ["s3fs", "xarray"] },
    environment: { OMP_NUM_THREADS: "1" },
    jupyter: { rbac: true, cores: 0.5, memory: "1G" },
  });
  const values = daskValues(settings, placement, account, token);
  assert.deepEqual(values, {
    scheduler: {
      image,
      serviceType: "ClusterIP",
      resources: sized(2, "8G"),
      readinessProbe: probe("/health", 8787),
      serviceAccountName: account,
      ...placed("scheduler"),
    },
    worker: {
      image,
      replicas: 5,
      resources: sized(2.5, "16G"),
      threads_per_worker: 2,
      extraArgs: ["--death-timeout", "300", "--resources", "GPU=1"],
      env,
      readinessProbe: probe("/health", 8790),
      serviceAccountName: account,
      ...placed("worker"),
    },
    additional_worker_groups: [
      {
        name: "large",
        replicas: 2,
        resources: sized(8, "64G"),
        threads_per_worker: 2,
        extraArgs: ["--death-timeout", "300", "--name", "large"],
        ...placed("worker"),
      },
      {
        name: "here",
        replicas: 1,
        resources: sized(1, "4G"),
        threads_per_worker: 1,
        extraArgs: ["--death-timeout", "300"],
        nodeSelector: { disk: "fast" },
        tolerations: [],
      },
    ],
    jupyter: {
      enabled: true,
      rbac: true,
      serviceAccountName: "dask-jupyter",
      image: { ...image, repository: "mirror/notebook" },
      serviceType: "ClusterIP",
      resources: sized(0.5, "1G"),
      password: "",
      passwordHint: "in the stack's credentials output",
      env: [
        { name: "JUPYTER_TOKEN", valueFrom: { secretKeyRef: { name: token.secret, key: token.key } } },
        ...env,
      ],
      readinessProbe: probe("/api", 8888),
      ...placed("user"),
    },
  });
});

test("without a notebook neither its pod nor its ServiceAccount is made", () => {
  const values = daskValues(dask.parse({ kind: "dask", jupyter: false }), anywhere, account);
  assert.deepEqual(values.jupyter, { enabled: false, rbac: false });
});

test("digests stand where the chart joins repository and tag by a colon, and in the smoke test's image", () => {
  const [one, other] = ["a", "b"].map((digit) => `sha256:${digit.repeat(64)}`);
  const settings = dask.parse({
    kind: "dask",
    image: { tag: "2026.1.0", digest: one, notebookDigest: other },
  });
  const { scheduler, worker, jupyter } = daskValues(settings, anywhere, account, token);
  const joined = (part: unknown) => {
    const { repository, tag } = (part as { image: Record<string, string> }).image;
    return `${repository}:${tag}`;
  };
  assert.equal(joined(scheduler), `ghcr.io/dask/dask:2026.1.0@${one}`);
  assert.equal(joined(worker), imageOf(settings, "repository"));
  assert.equal(joined(jupyter), `ghcr.io/dask/dask-notebook:2026.1.0@${other}`);
});

test("names follow the chart: -dask is added unless the release's name contains dask", () => {
  assert.equal(fullName("batch"), "batch-dask");
  assert.equal(fullName("my-dask-2"), "my-dask-2");
  assert.equal(schedulerService("batch"), "batch-dask-scheduler");
});

test("the longest release name gives Service names of at most 63 characters", () => {
  for (const name of ["x".repeat(60), `dask${"x".repeat(56)}`]) {
    const cut = name.slice(0, longestReleaseName(name));
    assert.ok(`${schedulerService(cut)}-external`.length <= 63);
    assert.ok(cut.length <= 53);
  }
});

test("pods run as whom their image says where the settings say so, or where packages are installed", () => {
  for (const more of [{ restricted: false }, { packages: { pip: ["s3fs"] } }]) {
    const values = daskValues(dask.parse({ kind: "dask", ...more }), anywhere, account, token);
    for (const pod of [values.scheduler, values.worker, values.jupyter])
      assert.ok(!("securityContext" in (pod as object)), JSON.stringify(more));
  }
});
