import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { callbackUrl, hubValues } from "../../components/hub/values.ts";
import { jupyterhub } from "../../settings/releases/jupyterhub.ts";
import { facts, hubFacts, hubInput, schemaCheck } from "./hub-facts.ts";

const check = schemaCheck("jupyterhub-4.4.0.values.schema.json");
const parse = (input: object) => jupyterhub.parse({ kind: "jupyterhub", ...input });

const SIZES = {
  hub: { requests: { cpu: 0.1, memory: "512M" }, limits: { cpu: 2, memory: "2G" } },
  proxy: { requests: { cpu: 0.1, memory: "128M" }, limits: { cpu: 1, memory: "512M" } },
};
const NOWHERE = { nodeSelector: {}, tolerations: [] };

test("a hub of nothing but defaults has generated secrets, Postgres, limits and no privileged container", () => {
  assert.deepEqual(hubValues(parse({}), facts), {
    imagePullSecrets: [],
    proxy: {
      secretToken: "PROXY-TOKEN",
      service: { type: "ClusterIP", annotations: {} },
      https: { enabled: false },
      chp: {
        resources: SIZES.proxy,
        ...NOWHERE,
        networkPolicy: { enabled: true, egress: [] },
        extraPodSpec: { automountServiceAccountToken: false },
      },
      traefik: { resources: SIZES.proxy, ...NOWHERE },
      secretSync: {
        resources: { requests: { cpu: 0.01, memory: "64M" }, limits: { cpu: 0.5, memory: "256M" } },
      },
    },
    hub: {
      existingSecret: "hub-1a2b",
      config: {
        JupyterHub: { authenticator_class: "shared-password", admin_access: false },
        Authenticator: { allow_all: true },
        KubeSpawner: {
          http_timeout: 120,
          container_security_context: {
            runAsNonRoot: true,
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["ALL"] },
            seccompProfile: { type: "RuntimeDefault" },
          },
        },
      },
      extraConfig: {
        "10-login":
          'import os\nc.SharedPasswordAuthenticator.user_password = os.environ["HUB_USER_PASSWORD"]\n',
      },
      extraEnv: {
        HUB_USER_PASSWORD: { valueFrom: { secretKeyRef: { name: "hub-1a2b", key: "userPassword" } } },
        PGPASSWORD: { valueFrom: { secretKeyRef: { name: "hub-db", key: "password" } } },
      },
      db: { type: "postgres", upgrade: true, url: "postgresql+psycopg2://hub@hub-db-rw.team:5432/hub" },
      services: { "smoke-test": { display: false } },
      loadRoles: { "smoke-test": { services: ["smoke-test"], scopes: ["read:hub"] } },
      resources: SIZES.hub,
      ...NOWHERE,
      annotations: { database: "generation-1" },
      networkPolicy: { enabled: true, egress: facts.database?.egress },
    },
    singleuser: {
      image: { name: "quay.io/jupyterhub/k8s-singleuser-sample", tag: "4.4.0" },
      cpu: { guarantee: 0.5, limit: 2 },
      memory: { guarantee: "1G", limit: "2G" },
      storage: { type: "dynamic", capacity: "10G" },
      extraEnv: {},
      defaultUrl: "/lab",
      startTimeout: 600,
      nodeSelector: {},
      extraTolerations: [],
      cloudMetadata: { blockWithIptables: false },
      networkPolicy: { enabled: true, egress: [] },
    },
    scheduling: {
      userScheduler: {
        enabled: false,
        resources: { requests: { cpu: 0.05, memory: "128M" }, limits: { cpu: 1, memory: "512M" } },
        ...NOWHERE,
      },
      userPlaceholder: { enabled: false },
      corePods: { nodeAffinity: { matchNodePurpose: "prefer" } },
      userPods: { nodeAffinity: { matchNodePurpose: "prefer" } },
    },
    prePuller: {
      hook: { enabled: false },
      continuous: { enabled: true },
      pause: { image: { name: "registry.k8s.io/pause", tag: "3.10.1" } },
      resources: { requests: { cpu: 0.01, memory: "16M" }, limits: { cpu: 0.2, memory: "64M" } },
    },
    cull: { enabled: true, timeout: 3600, every: 600, adminUsers: true },
  });
});

test("a hub's own file lies on a volume of the size and class that are asked for, and Helm leaves it where it is to be kept", () => {
  const db = (database: object) => {
    const hub = parse({ database: { kind: "sqlite", ...database } });
    return (hubValues(hub, { ...facts, database: undefined, storageClass: "cluster" }).hub as { db: object })
      .db;
  };
  const pvc = { storage: "1G", storageClassName: "cluster" };
  assert.deepEqual(db({}), { type: "sqlite-pvc", pvc });
  assert.deepEqual(db({ onDestroy: "keep", size: "2G", storageClass: "own" }), {
    type: "sqlite-pvc",
    pvc: { storage: "2G", storageClassName: "own", annotations: { "helm.sh/resource-policy": "keep" } },
  });
});

const gateway = { release: "team-dask-gateway", schedulerPort: 80, imageOption: true };

test("servers run restricted, but where values give them another user or sudo", () => {
  const spawner = (singleuser: object) =>
    (hubValues(parse({ values: { singleuser } }), facts).hub as { config: { KubeSpawner: object } }).config
      .KubeSpawner;
  assert.ok("container_security_context" in spawner({ memory: { limit: "2G" } }));
  for (const powers of [{ uid: 0 }, { allowPrivilegeEscalation: true }])
    assert.ok(!("container_security_context" in spawner(powers)), JSON.stringify(powers));
});

test("a gateway beside the hub is a service of it, with all three scopes, the notebooks' environment and a way in each NetworkPolicy", () => {
  const { hub, proxy, singleuser } = parts(hubValues(parse({}), { ...facts, gateway }));
  assert.deepEqual(hub.services, {
    "dask-gateway": { url: "http://traefik-team-dask-gateway", display: false },
    "smoke-test": { display: false },
  });
  const scope = "access:services!service=dask-gateway";
  assert.deepEqual(hub.loadRoles, {
    user: { scopes: ["self", scope] },
    "smoke-test": { services: ["smoke-test"], scopes: [scope] },
  });
  assert.deepEqual(hub.config.Spawner, {
    server_token_scopes: ["users:activity!user", "access:servers!server", scope],
  });
  assert.deepEqual(singleuser.extraEnv, {
    DASK_GATEWAY__ADDRESS: "http://traefik-team-dask-gateway/services/dask-gateway",
    DASK_GATEWAY__PROXY_ADDRESS: "gateway://traefik-team-dask-gateway:80",
    DASK_GATEWAY__PUBLIC_ADDRESS: "/services/dask-gateway/",
    DASK_GATEWAY__AUTH__TYPE: "jupyterhub",
    DASK_GATEWAY__CLUSTER__OPTIONS__IMAGE: "{{JUPYTER_IMAGE_SPEC}}",
  });
  const rule = {
    to: [
      {
        podSelector: {
          matchLabels: {
            "app.kubernetes.io/name": "dask-gateway",
            "app.kubernetes.io/component": "traefik",
          },
        },
      },
    ],
    ports: [{ port: 8000, protocol: "TCP" }],
  };
  assert.deepEqual(hub.networkPolicy.egress, [rule, ...(facts.database?.egress ?? [])]);
  assert.deepEqual(proxy.chp.networkPolicy.egress, [rule]);
  assert.deepEqual(singleuser.networkPolicy.egress, [rule]);
});

test("a scheduler port of its own is allowed too, and no image is asked for where there is no choice", () => {
  const own = { ...gateway, schedulerPort: 8786, imageOption: false };
  const { singleuser } = parts(hubValues(parse({}), { ...facts, gateway: own }));
  assert.equal(singleuser.extraEnv.DASK_GATEWAY__PROXY_ADDRESS, "gateway://traefik-team-dask-gateway:8786");
  assert.ok(!("DASK_GATEWAY__CLUSTER__OPTIONS__IMAGE" in singleuser.extraEnv));
  assert.deepEqual(
    singleuser.networkPolicy.egress.flatMap(({ ports }) => ports.map(({ port }) => port)),
    [8000, 8786],
  );
});

const API = { ports: [443, 6443].map((port) => ({ port, protocol: "TCP" })) };
const SCHEDULERS = {
  to: [{ podSelector: { matchLabels: { "dask.org/component": "scheduler" } } }],
  ports: [8786, 8787].map((port) => ({ port, protocol: "TCP" })),
};

test("KubeCluster works in notebooks of a hub with an operator: account, environment after KubeSpawner, way out", () => {
  const daskOperator = {
    serviceAccountName: "ops-user",
    environment: { DASK_KUBERNETES__NAME: "dask-{user}-{uuid}", DASK_KUBERNETES__ENV: '{"A":{}}' },
  };
  const user = { environment: { A: "b" }, egress: [{ to: [] }] };
  const { singleuser } = parts(hubValues(parse({ user }), { ...facts, gateway, daskOperator }));
  assert.equal(singleuser.serviceAccountName, "ops-user");
  const { DASK_GATEWAY__ADDRESS: address, ...rest } = singleuser.extraEnv;
  assert.ok(address?.startsWith("http://traefik-team-dask-gateway/"));
  assert.deepEqual(
    Object.fromEntries(Object.entries(rest).filter(([name]) => !name.startsWith("DASK_GATEWAY"))),
    {
      DASK_KUBERNETES__NAME: "dask-{{user}}-{{uuid}}",
      DASK_KUBERNETES__ENV: '{{"A":{{}}}}',
      A: "b",
    },
  );
  assert.deepEqual(singleuser.networkPolicy.egress.slice(1), [SCHEDULERS, API, { to: [] }]);
});

test("a ServiceAccount of the user's own has the same way out, and no other notebook has it", () => {
  const own = parts(hubValues(parse({ user: { serviceAccountName: "theirs" } }), facts)).singleuser;
  assert.equal(own.serviceAccountName, "theirs");
  assert.deepEqual(own.extraEnv, {});
  assert.deepEqual(own.networkPolicy.egress, [SCHEDULERS, API]);
});

test("Let's Encrypt, a Secret, an own certificate and TLS before the hub are the chart's types; the key is in no value", () => {
  const https = (tls: object) => parts(hubValues(parse({ host: "hub.example.org", tls }), facts)).proxy.https;
  assert.deepEqual(https({ kind: "letsencrypt", email: "ops@example.org" }), {
    enabled: true,
    type: "letsencrypt",
    hosts: ["hub.example.org"],
    letsencrypt: {
      contactEmail: "ops@example.org",
      acmeServer: "https://acme-v02.api.letsencrypt.org/directory",
    },
  });
  assert.deepEqual(https({ kind: "secret", name: "cert" }), {
    enabled: true,
    type: "secret",
    hosts: ["hub.example.org"],
    secret: { name: "cert", key: "tls.key", crt: "tls.crt" },
  });
  assert.deepEqual(https({ kind: "manual" }), {
    enabled: true,
    type: "secret",
    hosts: ["hub.example.org"],
    secret: { name: "hub-tls-1a2b", key: "tls.key", crt: "tls.crt" },
  });
  assert.deepEqual(https({ kind: "offload" }), {
    enabled: true,
    type: "offload",
    hosts: ["hub.example.org"],
  });
});

test("a hub whose TLS ends at its load balancer has no open HTTP port, and source ranges are the load balancer's alone", () => {
  const service = (type: "LoadBalancer" | "NodePort" | "ClusterIP") =>
    parts(
      hubValues(parse({ tls: { kind: "offload" } }), {
        ...facts,
        exposure: {
          type,
          annotations: { a: "b" },
          allowFrom: ["203.0.113.0/24"],
          loadBalancerIP: "203.0.113.9",
        },
      }),
    ).proxy.service;
  assert.deepEqual(service("LoadBalancer"), {
    type: "LoadBalancer",
    annotations: { a: "b" },
    loadBalancerIP: "203.0.113.9",
    loadBalancerSourceRanges: ["203.0.113.0/24"],
    disableHttpPort: true,
  });
  assert.ok(!("loadBalancerSourceRanges" in service("NodePort")));
  assert.ok(!("disableHttpPort" in service("ClusterIP")));
});

test("a profile brings its image or a choice of images, its size, and the nodes of GPUs", () => {
  const profiles = [
    {
      name: "Small",
      default: true,
      image: "example.org/small:1",
      cores: { guarantee: 0.5, limit: 1 },
      memory: { guarantee: "1G", limit: "2G" },
    },
    {
      name: "GPU",
      description: "One GPU",
      images: { torch: "example.org/torch:2", jax: "example.org/jax:3" },
      cores: { guarantee: 2, limit: 4 },
      memory: { guarantee: "8G", limit: "8G" },
      gpus: 1,
    },
  ];
  const placement = (role: string) => ({ nodeSelector: { role }, tolerations: [] });
  const { singleuser } = parts(hubValues(parse({ profiles }), { ...facts, placement }));
  assert.deepEqual(singleuser.nodeSelector, { role: "user" });
  assert.deepEqual(singleuser.profileList, [
    {
      display_name: "Small",
      description: "",
      default: true,
      kubespawner_override: {
        image: "example.org/small:1",
        cpu_guarantee: 0.5,
        cpu_limit: 1,
        mem_guarantee: "1G",
        mem_limit: "2G",
      },
    },
    {
      display_name: "GPU",
      description: "One GPU",
      kubespawner_override: {
        cpu_guarantee: 2,
        cpu_limit: 4,
        mem_guarantee: "8G",
        mem_limit: "8G",
        extra_resource_limits: { "nvidia.com/gpu": "1" },
        node_selector: { role: "gpu" },
        tolerations: [],
        node_affinity_required: [],
      },
      profile_options: {
        image: {
          display_name: "Image",
          choices: {
            torch: {
              display_name: "torch",
              default: true,
              kubespawner_override: { image: "example.org/torch:2" },
            },
            jax: { display_name: "jax", kubespawner_override: { image: "example.org/jax:3" } },
          },
        },
      },
    },
  ]);
});

test("nodes that are labelled by purpose are required, with hub and proxy on those of the core", () => {
  const placement = (role: string) => ({
    nodeSelector: { "hub.jupyter.org/node-purpose": role },
    tolerations: [],
  });
  const { hub, proxy, scheduling } = parts(hubValues(parse({}), { ...facts, placement }));
  assert.equal(hub.nodeSelector["hub.jupyter.org/node-purpose"], "core");
  assert.equal(proxy.chp.nodeSelector["hub.jupyter.org/node-purpose"], "core");
  assert.equal(scheduling.corePods.nodeAffinity.matchNodePurpose, "require");
  assert.equal(scheduling.userPods.nodeAffinity.matchNodePurpose, "require");
});

test("the callback URL follows from host and TLS", () => {
  assert.equal(callbackUrl(parse({})), undefined);
  assert.equal(callbackUrl(parse({ host: "localhost:8000" })), "http://localhost:8000/hub/oauth_callback");
  assert.equal(
    callbackUrl(parse({ host: "hub.example.org", tls: { kind: "offload" } })),
    "https://hub.example.org/hub/oauth_callback",
  );
});

test("whatever the settings, the values pass the chart's own schema and JupyterHub reads every size", () => {
  fc.assert(
    fc.property(hubInput, hubFacts, (input, more) => {
      const settings = parse(input as object);
      const database = settings.database.kind === "sqlite" ? undefined : facts.database;
      const values = hubValues(settings, { ...facts, ...more, database });
      assert.deepEqual(check(values), []);
      for (const { path, text } of texts(values)) {
        if (/^singleuser\.memory\.|mem_(guarantee|limit)$/.test(path))
          assert.match(text, /^\d+(\.\d+)?[KMGT]$/, `${path}: JupyterHub reads no other sizes`);
        if (/resources\.(requests|limits)\.memory$|capacity$|pvc\.storage$/.test(path))
          assert.match(text, /^\d+[kMGT]?$/, `${path}: Kubernetes reads no other sizes`);
      }
    }),
    { numRuns: 300 },
  );
});

test("the check refuses what the chart refuses", () => {
  const bad = {
    hub: { db: { type: "postgresql" } },
    singleuser: { cpu: { limit: "2" } },
    proxy: { tls: {} },
  };
  assert.equal(check(bad).length >= 3, true);
});

/** Every text of the values with the path to it. */
function texts(value: unknown, path = ""): { path: string; text: string }[] {
  if (typeof value === "string") return [{ path, text: value }];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => texts(each, path === "" ? key : `${path}.${key}`));
}

/** The parts of the values that tests read. */
interface Parts {
  readonly hub: Record<string, unknown> & {
    readonly config: Record<string, unknown>;
    readonly networkPolicy: { readonly egress: unknown[] };
    readonly nodeSelector: Record<string, string>;
  };
  readonly proxy: {
    readonly https: unknown;
    readonly service: object;
    readonly chp: {
      readonly networkPolicy: { readonly egress: unknown[] };
      readonly nodeSelector: Record<string, string>;
    };
  };
  readonly singleuser: {
    readonly serviceAccountName?: string;
    readonly extraEnv: Record<string, string>;
    readonly nodeSelector: object;
    readonly profileList: unknown;
    readonly networkPolicy: { readonly egress: { readonly ports: { readonly port: number }[] }[] };
  };
  readonly scheduling: Record<"corePods" | "userPods", { nodeAffinity: { matchNodePurpose: string } }>;
}

function parts(values: unknown): Parts {
  return values as Parts;
}
