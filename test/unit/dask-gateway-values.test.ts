import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  clusterRoles,
  fullName,
  longestReleaseName,
  proxyService,
} from "../../components/dask-gateway/chart.ts";
import { stackData } from "../../components/dask-gateway/config.ts";
import { smokeTestOrder } from "../../components/dask-gateway/smoke-test.ts";
import { type GatewayValuesArgs, gatewayValues } from "../../components/dask-gateway/values.ts";
import type { Placement } from "../../settings/placement.ts";
import { type DaskGatewaySettings, daskGateway } from "../../settings/releases/dask-gateway.ts";
import { gatewaySizes } from "../../settings/releases/gateway-limits.ts";
import { schemaCheck } from "./hub-facts.ts";

const anywhere = (): Placement => ({ nodeSelector: {}, tolerations: [] });
const password: GatewayValuesArgs["auth"] = {
  kind: "password",
  secret: { secret: "gate-password-1a2b", key: "password" },
};
const hub: GatewayValuesArgs["auth"] = {
  kind: "jupyterhub",
  apiUrl: "http://hub:8081/hub/api",
  service: "dask-gateway",
  secret: { secret: "hub-1a2b", key: "token" },
};

function settings(input: object = {}): DaskGatewaySettings {
  return daskGateway.parse({ kind: "dask-gateway", ...input });
}

function values(input: object = {}, more: Partial<GatewayValuesArgs> = {}) {
  const args = { settings: settings(input), placement: anywhere, auth: password, prefix: "/", ...more };
  return gatewayValues(args) as {
    gateway: Record<string, unknown> & { backend: Record<string, unknown>; auth: Record<string, unknown> };
    controller: unknown;
    traefik: Record<string, unknown>;
  };
}

const dedicated = (value: string) =>
  ["k8s.dask.org/dedicated", "k8s.dask.org_dedicated"].map((key) => ({
    key,
    operator: "Equal",
    value,
    effect: "NoSchedule",
  }));
const restricted = {
  pod: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
  container: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
};
const small = {
  requests: { cpu: "100m", memory: "512M" },
  limits: { cpu: "1000m", memory: "512M" },
};

test("defaults become the values of a gateway inside the cluster with a password from a Secret", () => {
  const { extraConfig, ...gateway } = values().gateway;
  assert.deepEqual(gateway, {
    replicas: 1,
    resources: small,
    prefix: "/",
    env: [
      {
        name: "DASK_GATEWAY_PASSWORD",
        valueFrom: { secretKeyRef: { name: "gate-password-1a2b", key: "password" } },
      },
    ],
    auth: { type: "simple" },
    backend: {
      image: { name: "ghcr.io/dask/dask-gateway", tag: "2026.3.0" },
      imagePullSecrets: [],
      environment: {},
      scheduler: {
        cores: { request: 1, limit: 1 },
        memory: { request: 2e9, limit: 2e9 },
        extraPodConfig: {
          securityContext: restricted.pod,
          nodeSelector: {},
          tolerations: dedicated("scheduler"),
        },
        extraContainerConfig: { securityContext: restricted.container },
      },
      worker: {
        cores: { request: 1, limit: 1 },
        memory: { request: 4e9, limit: 4e9 },
        extraPodConfig: {
          securityContext: restricted.pod,
          nodeSelector: {},
          tolerations: dedicated("worker"),
        },
        extraContainerConfig: { securityContext: restricted.container },
      },
    },
    nodeSelector: {},
    tolerations: [],
  });
  assert.deepEqual(Object.keys(extraConfig as object), ["00-stack-settings", "01-stack"]);
  assert.deepEqual(values().controller, { resources: small, nodeSelector: {}, tolerations: [] });
  assert.deepEqual(values().traefik, {
    replicas: 1,
    resources: small,
    service: {
      type: "ClusterIP",
      annotations: {},
      spec: {},
      ports: { web: { port: 80 }, tcp: { port: "web" } },
    },
    nodeSelector: {},
    tolerations: [],
  });
});

test("a hub's token comes from a Secret, and tokens need the scope of the gateway's service", () => {
  const { gateway } = values({}, { auth: hub, prefix: "/services/dask-gateway" });
  assert.deepEqual(gateway.env, []);
  assert.equal(gateway.prefix, "/services/dask-gateway");
  assert.deepEqual(gateway.auth, {
    type: "jupyterhub",
    jupyterhub: {
      apiUrl: "http://hub:8081/hub/api",
      apiTokenFromSecretName: "hub-1a2b",
      apiTokenFromSecretKey: "token",
      jupyterhubServiceName: "dask-gateway",
    },
  });
});

test("the older chart gets no key that it does not know", () => {
  const { gateway } = values({}, { auth: hub, chart: "2024.1.0" });
  assert.deepEqual(Object.keys(gateway.auth.jupyterhub as object), [
    "apiUrl",
    "apiTokenFromSecretName",
    "apiTokenFromSecretKey",
  ]);
});

test("an exposed gateway takes its address, networks and a port of its own for schedulers", () => {
  const exposure = {
    type: "LoadBalancer",
    annotations: { internal: "true" },
    loadBalancerIP: "203.0.113.9",
    allowFrom: ["198.51.100.0/24"],
  } as const;
  assert.deepEqual(values({ proxy: { schedulerPort: 8786 } }, { exposure }).traefik.service, {
    type: "LoadBalancer",
    annotations: { internal: "true" },
    spec: { loadBalancerIP: "203.0.113.9", loadBalancerSourceRanges: ["198.51.100.0/24"] },
    ports: { web: { port: 80 }, tcp: { port: 8786 } },
  });
});

test("pods run where their role says and accept nodes set aside for them, once", () => {
  const taint = {
    key: "k8s.dask.org/dedicated",
    operator: "Equal",
    value: "worker",
    effect: "NoSchedule",
  } as const;
  const spot = { key: "spot", operator: "Exists" } as const;
  const placement = (role: string): Placement => ({
    nodeSelector: { pool: role },
    tolerations: [spot, taint],
  });
  const { gateway, controller, traefik } = values({}, { placement });
  for (const part of [gateway, controller, traefik] as { nodeSelector: unknown }[])
    assert.deepEqual(part.nodeSelector, { pool: "core" });
  const { worker, scheduler } = gateway.backend as Record<string, { extraPodConfig: Placement }>;
  assert.deepEqual(worker?.extraPodConfig.nodeSelector, { pool: "worker" });
  assert.deepEqual(worker?.extraPodConfig.tolerations, [spot, ...dedicated("worker")]);
  assert.deepEqual(scheduler?.extraPodConfig.nodeSelector, { pool: "scheduler" });
  assert.deepEqual(scheduler?.extraPodConfig.tolerations, [spot, taint, ...dedicated("scheduler")]);
});

test("images that need root get no security context, and an image with a digest stays whole", () => {
  const image = `example.org:5000/dask@sha256:${"0".repeat(64)}`;
  const { backend } = values({ restricted: false, image, pullSecrets: ["pull"] }).gateway;
  assert.deepEqual(backend.image, { name: image, tag: "" });
  assert.deepEqual(backend.imagePullSecrets, [{ name: "pull" }]);
  const { worker } = backend as Record<string, { extraPodConfig: object }>;
  assert.deepEqual(Object.keys(worker ?? {}), ["cores", "memory", "extraPodConfig"]);
  assert.deepEqual(Object.keys(worker?.extraPodConfig ?? {}), ["nodeSelector", "tolerations"]);
  const ported = values({ image: "example.org:5000/dask:1.2" }).gateway.backend.image;
  assert.deepEqual(ported, { name: "example.org:5000/dask", tag: "1.2" });
});

test("limits follow from workers of the default size, and ranges from what the limits leave", () => {
  assert.deepEqual(gatewaySizes(settings()), {
    scheduler: { cores: 1, memory: 2e9 },
    worker: { cores: 1, memory: 4e9 },
    workerCores: { min: 1, max: 4 },
    workerMemory: { min: 1e9, max: 16e9 },
    limits: { cores: 101, memory: 402e9, workers: 100, idle: 1800 },
  });
  const few = gatewaySizes(
    settings({ worker: { cores: 0.5, memory: "512M" }, limits: { workers: 2, idle: "never" } }),
  );
  assert.deepEqual(few.workerCores, { min: 0.5, max: 1 });
  assert.deepEqual(few.workerMemory, { min: 512e6, max: 1024e6 });
  assert.equal(few.limits.idle, 0);
});

test("a list of images starts with the release's own, once", () => {
  const own = "ghcr.io/dask/dask-gateway:2026.3.0";
  const images = (image: unknown) => stackData(settings({ options: { image } }), false).images;
  assert.deepEqual(images(["example.org/a:1", own]), [own, "example.org/a:1"]);
  assert.equal(images("free"), "free");
  assert.equal(images("fixed"), null);
});

test("the smoke test asks for two of the smallest workers, or one where there may be no more", () => {
  const order = smokeTestOrder(settings());
  assert.deepEqual(order.options, {
    worker_cores: 1,
    worker_memory: 1,
    image: "ghcr.io/dask/dask-gateway:2026.3.0",
  });
  assert.equal(order.workers, 2);
  assert.equal(order.memory, 1e9);
  assert.equal(order.size, 7500);
  assert.equal(smokeTestOrder(settings({ limits: { workers: 1 } })).workers, 1);
  const none = { workerCores: false, workerMemory: false, image: "fixed" };
  assert.deepEqual(smokeTestOrder(settings({ options: none })).options, {});
  assert.equal(
    smokeTestOrder(settings({ options: none, worker: { cores: 3 }, limits: { cores: 4 } })).workers,
    1,
  );
});

test("names are the chart's own, and a name of the most characters is not cut", () => {
  assert.equal(fullName("gate"), "gate-dask-gateway");
  assert.equal(fullName("my-dask-gateway"), "my-dask-gateway");
  assert.equal(proxyService("gate"), "traefik-gate-dask-gateway");
  for (const name of [
    "x".repeat(longestReleaseName("x")),
    "dask-gateway".padEnd(longestReleaseName("dask-gateway"), "x"),
  ])
    for (const role of clusterRoles(name)) assert.ok(role.length <= 63 && name.length <= 53, role);
});

const cores = fc.integer({ min: 1, max: 320 }).map((tenths) => tenths / 10);
const memory = fc
  .tuple(fc.integer({ min: 100, max: 900 }), fc.constantFrom("M", "G"))
  .map(([number, unit]) => `${number}${unit}`);
const image = fc.constantFrom(
  "example.org/dask:1",
  `dask@sha256:${"a".repeat(64)}`,
  "a.b:5000/c/d:2026.3.0-py3",
);
const text = fc.string({ unit: "binary", maxLength: 20 });
const environment = fc.dictionary(fc.stringMatching(/^[A-Z_]{1,8}$/), text, { maxKeys: 3 });
const size = { cores, memory };
const pods = { replicas: fc.integer({ min: 1, max: 9 }), ...size };
const anySettings = fc.record(
  {
    image,
    pullSecrets: fc.constantFrom([], ["pull"]),
    restricted: fc.boolean(),
    scheduler: fc.record(size, { requiredKeys: [] }),
    worker: fc.record({ ...size, threads: fc.integer({ min: 1, max: 64 }) }, { requiredKeys: [] }),
    environment,
    options: fc.record(
      {
        workerCores: fc.constantFrom(false, {}, { max: 64 }),
        workerMemory: fc.constantFrom(false, {}, { min: "100M", max: "900G" }),
        image: fc.oneof(fc.constantFrom("free", "fixed"), fc.array(image, { minLength: 1, maxLength: 3 })),
        environment: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
    limits: fc.record(
      {
        workers: fc.integer({ min: 1, max: 10000 }),
        cores: fc.integer({ min: 1, max: 100000 }),
        memory,
        idle: fc.constantFrom("30m", "90s", "7d", "never"),
      },
      { requiredKeys: [] },
    ),
    gateway: fc.record(
      { ...pods, extraConfig: fc.constantFrom({}, { "my.code": "pass" }) },
      { requiredKeys: [] },
    ),
    proxy: fc.record({ ...pods, schedulerPort: fc.constantFrom(8786, 443) }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
);
const exposure = fc.option(
  fc.record({
    type: fc.constantFrom("ClusterIP", "NodePort", "LoadBalancer"),
    annotations: fc.dictionary(fc.constantFrom("a", "b"), fc.string(), { maxKeys: 2 }),
    loadBalancerIP: fc.ipV4(),
    allowFrom: fc.constant(["0.0.0.0/0"]),
  }),
  { nil: undefined },
);

test("whatever the settings, the genuine chart's schema takes the values, and no memory has a unit it fails on", () => {
  const check = schemaCheck("dask-gateway-2026.3.0.values.schema.json");
  fc.assert(
    fc.property(anySettings, exposure, fc.constantFrom(password, hub), (input, exposure, auth) => {
      const made = values(input, { exposure, auth });
      assert.deepEqual(check(made), []);
      const { scheduler, worker } = made.gateway.backend as Record<string, { memory: { request: unknown } }>;
      for (const part of [scheduler, worker]) assert.ok(Number.isInteger(part?.memory.request));
    }),
  );
});

test("no secret stands in the values, only the names of Secrets", () => {
  const made = JSON.stringify(values({ environment: { A: "b" } }));
  assert.ok(!made.includes('"password":"'));
  assert.ok(!made.includes('"apiToken"'));
});
