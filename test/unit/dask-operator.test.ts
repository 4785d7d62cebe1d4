import assert from "node:assert/strict";
import { test } from "node:test";
import { END_SUFFIX, longestReleaseName } from "../../components/dask-operator/chart.ts";
import {
  notebookAccess,
  notebookEnvironment,
  operatorValues,
} from "../../components/dask-operator/values.ts";
import { daskOperator } from "../../settings/releases/dask-operator.ts";
import { problemsOf } from "./refusals.ts";

const settings = (more: object = {}) => daskOperator.parse({ kind: "dask-operator", ...more });

const problems = (releases: object) => problemsOf({ cluster: { provider: "existing" }, releases });

test("the operator sees the namespaces it serves and no other, and brings no rights of its own", () => {
  assert.deepEqual(
    operatorValues(settings(), ["ops", "hub"], "ops-handlers-1a2b", {
      nodeSelector: { a: "b" },
      tolerations: [],
    }),
    {
      image: { name: "ghcr.io/dask/dask-kubernetes-operator", tag: "2026.3.0" },
      imagePullSecrets: [],
      rbac: { create: false },
      kopfArgs: ["--namespace=ops", "--namespace=hub", "/etc/dask-operator/running.py"],
      volumes: [{ name: "handlers", configMap: { name: "ops-handlers-1a2b" } }],
      volumeMounts: [{ name: "handlers", mountPath: "/etc/dask-operator", readOnly: true }],
      podSecurityContext: { seccompProfile: { type: "RuntimeDefault" } },
      resources: { requests: { cpu: 0.1, memory: "512M" }, limits: { memory: "512M" } },
      nodeSelector: { a: "b" },
      tolerations: [],
    },
  );
});

test("an image by digest survives the chart's name:tag", () => {
  const image = `mirror:5000/op@sha256:${"a".repeat(64)}`;
  const values = operatorValues(settings({ image }), ["ops"], "handlers", {
    nodeSelector: {},
    tolerations: [],
  });
  assert.deepEqual(values.image, { name: "mirror:5000/op@sha256", tag: "a".repeat(64) });
});

test("KubeCluster() without arguments does what the settings say", () => {
  const clusters = { cores: 2.5, memory: "8G", idle: "2h", workers: 3, environment: { A: 'it\'s "x"' } };
  assert.deepEqual(notebookEnvironment(settings({ clusters })), {
    DASK_KUBERNETES__NAME: "dask-{user}-{uuid}",
    DASK_KUBERNETES__IMAGE: "ghcr.io/dask/dask:2025.11.0",
    DASK_KUBERNETES__COUNT__START: "3",
    DASK_KUBERNETES__RESOURCES:
      '{"requests":{"cpu":"2.5","memory":"8G"},"limits":{"cpu":"2.5","memory":"8G"}}',
    DASK_KUBERNETES__ENV: '{"A":"it\'s \\"x\\""}',
    DASK_KUBERNETES__WORKER_COMMAND: "dask worker --nthreads 2",
    DASK_KUBERNETES__IDLE_TIMEOUT: "7200",
    DASK_DISTRIBUTED__DASHBOARD__LINK: "{JUPYTERHUB_SERVICE_PREFIX}proxy/{host}:{port}/status",
  });
  assert.equal(notebookAccess("ops", settings()).serviceAccountName, "ops-user");
});

test("two operators that would serve one namespace are refused, with who does already", () => {
  const found = problems({
    ops: { kind: "dask-operator", namespaces: ["hub"] },
    more: { kind: "dask-operator", namespaces: ["hub"] },
  });
  assert.equal(found.length, 1, found.join("\n"));
  assert.match(found[0] ?? "", /^dask:releases\.more would work in namespace hub, where ops does already/);
});

test("a namespace named twice and names that cannot be made are refused", () => {
  assert.match(problems({ ops: { kind: "dask-operator", namespaces: ["ops"] } }).join(), /names ops twice/);
  const name = "o".repeat(39);
  assert.match(
    problems({ [name]: { kind: "dask-operator" } }).join(),
    /and names that follow from it would be too long; use at most 38/,
  );
  assert.equal(longestReleaseName("dask-kubernetes-operator"), 53 - END_SUFFIX.length);
});

const bad: readonly [string, object, RegExp][] = [
  [
    "an image without a tag",
    { clusters: { image: "ghcr.io/dask/dask" } },
    /has no tag; add a fixed one, like :2025\.11\.13, or a digest/,
  ],
  ["latest", { clusters: { image: "ghcr.io/dask/dask:latest" } }, /not latest; name a release/],
  ["a cluster name with capitals", { clusters: { name: "Dask-{uuid}" } }, /write dask-\{user\}-\{uuid\}/],
  ["4Gi", { clusters: { memory: "4Gi" } }, /write 4G/],
  [
    "other names in values",
    { values: { fullnameOverride: "x" } },
    /changes the names that the stack relies on/,
  ],
  ["a mistyped key", { namespace: "a", cluster: {} }, /did you mean clusters\?/],
];

for (const [title, more, message] of bad) {
  test(`refuses ${title}`, () => {
    const found = problems({ ops: { kind: "dask-operator", ...more } });
    assert.equal(found.length, 1, found.join("\n"));
    assert.match(found[0] ?? "", message);
  });
}
