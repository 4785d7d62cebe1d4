import type { violations } from "../../policies/policies.ts";

type Resource = Parameters<typeof violations>[0][number];

const container = {
  name: "main",
  image: "name:1",
  resources: { requests: { cpu: "1", memory: "1G" }, limits: { memory: "1G" } },
  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
};
const spec = {
  automountServiceAccountToken: false,
  securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
  containers: [container],
};
const job = (edits: object, annotations: object = {}) => ({
  name: "x",
  type: "kubernetes:batch/v1:Job",
  inputs: { spec: { template: { metadata: { annotations }, spec: { ...spec, ...edits } } } },
});
const withContainer = (edits: object) => job({ containers: [{ ...container, ...edits }] });
const chart = (name: string, values: object) => ({
  name: "x",
  type: "kubernetes:helm.sh/v3:Release",
  inputs: { chart: name, values },
});
const sized = { resources: container.resources };
const sizedHub = {
  hub: sized,
  proxy: { secretToken: { secret: "hunter2" }, chp: sized },
  singleuser: { cpu: { guarantee: 1 }, memory: { guarantee: "1G", limit: "1G" } },
  scheduling: { userScheduler: { enabled: false } },
  prePuller: { ...sized, pause: { image: { name: "pause", tag: "1" } } },
};
const sizedGateway = {
  gateway: { ...sized, backend: { scheduler: sized, worker: sized } },
  controller: sized,
  traefik: sized,
};
const service = (type: string, more: object = {}) => ({
  name: "x",
  type: "kubernetes:core/v1:Service",
  inputs: { spec: { type, ports: [{ port: 8786 }], ...more } },
});

type Example = [title: string, resource: Resource, said: string];

/** Everything that is forbidden, and the start of what is said. */
export const forbidden: readonly Example[] = [
  ["a scheduler for everybody", service("LoadBalancer"), "no-public-scheduler: x: spec lets anybody connect"],
  [
    "a scheduler for the whole Internet, by its name",
    service("LoadBalancer", { loadBalancerSourceRanges: ["10.0.0.0/8", "0.0.0.0/0"] }),
    "no-public-scheduler: x: spec lets anybody connect",
  ],
  ["a scheduler on every node", service("NodePort"), "no-public-scheduler: x: spec is a NodePort"],
  [
    "a gateway for everybody",
    chart("dask-gateway", { traefik: { service: { type: "LoadBalancer" } } }),
    "no-public-scheduler: x: traefik.service lets anybody connect",
  ],
  [
    "a chart's own Service for everybody",
    chart("/charts/dask-2024.1.1.tgz", { scheduler: { serviceType: "LoadBalancer" } }),
    "no-public-scheduler: x: scheduler lets anybody connect",
  ],
  [
    "a gateway for everybody under the roof of a hub's chart",
    chart("daskhub", { "dask-gateway": { traefik: { service: { type: "LoadBalancer" } } } }),
    "no-public-scheduler: x: dask-gateway.traefik.service lets anybody connect",
  ],
  ["the tag latest", withContainer({ image: "reg:5000/name:latest" }), "pinned-images: x: "],
  ["no tag", withContainer({ image: "reg:5000/name" }), "pinned-images: x: "],
  [
    "the tag latest of a chart",
    chart("jupyterhub", { hub: { image: { name: "a/b", tag: "latest" } } }),
    "pinned-images: x: values.hub.image names a/b:latest",
  ],
  [
    "a password among values",
    chart("jupyterhub", { hub: { db: { password: "hunter2" } } }),
    "no-plain-secrets: x: values.hub.db.password stands in plain text",
  ],
  [
    "a token in a variable",
    withContainer({ env: [{ name: "JUPYTER_TOKEN", value: "hunter2" }] }),
    "no-plain-secrets: x: spec.template.spec.containers.0.env.0 gives JUPYTER_TOKEN",
  ],
  ...["PGPASSWORD", "SESSION_SECRET", "AWS_SECRET_ACCESS_KEY"].map(
    (name): Example => [
      `${name} in a variable`,
      withContainer({ env: [{ name, value: "hunter2" }] }),
      `no-plain-secrets: x: spec.template.spec.containers.0.env.0 gives ${name}`,
    ],
  ),
  ...["OAUTH_CLIENT_SECRET", "SESSION_SECRET"].map(
    (name): Example => [
      `${name} in a map of variables`,
      chart("jupyterhub", { hub: { extraEnv: { [name]: "hunter2" } } }),
      `no-plain-secrets: x: values.hub.extraEnv gives ${name}`,
    ],
  ),
  ...["client_secret", "private_key", "api_key", "api-key", "secretAccessKey"].map(
    (key): Example => [
      `${key} among values`,
      chart("jupyterhub", { hub: { config: { Login: { [key]: "hunter2" } } } }),
      `no-plain-secrets: x: values.hub.config.Login.${key} stands in plain text`,
    ],
  ),
  [
    "a secret in a ConfigMap",
    { name: "x", type: "kubernetes:core/v1:ConfigMap", inputs: { data: { client_secret: "hunter2" } } },
    "no-plain-secrets: x: client_secret stands in plain text",
  ],
  [
    "a Secret that Pulumi does not know as one",
    { name: "x", type: "kubernetes:core/v1:Secret", inputs: { stringData: { token: "hunter2" } } },
    "no-plain-secrets: x: token is not marked as secret",
  ],
  ["no size", withContainer({ resources: {} }), "sized-pods: x: container main has no requests"],
  [
    "a chart without a size",
    chart("dask", { scheduler: sized, worker: { image: {} }, jupyter: { enabled: false } }),
    "sized-pods: x: values.worker has no size",
  ],
  [
    "a chart's part that is left out",
    chart("dask-gateway", { gateway: sized }),
    "sized-pods: x: values.traefik has no size",
  ],
  [
    "a Postgres without a size",
    { name: "x", type: "kubernetes:postgresql.cnpg.io/v1:Cluster", inputs: { spec: { instances: 1 } } },
    "sized-pods: x: spec has no size",
  ],
  ["a token for nothing", job({ automountServiceAccountToken: true }), "no-needless-tokens: x: its pods get"],
  ["root", job({ securityContext: {} }), "restricted-pods: x: container main may run as root"],
  ["capabilities", withContainer({ securityContext: {} }), "restricted-pods: x: container main may gain"],
  ["the node's network", job({ hostNetwork: true }), "restricted-pods: x: shares the node's namespaces"],
  ["the node's files", job({ volumes: [{ hostPath: {} }] }), "restricted-pods: x: mounts a path of the node"],
];

/** What is in order: ranges, digests, secrets that are known or only named, reasons, sizes in each chart's words. */
export const allowed: readonly Resource[] = [
  job({}),
  job({ securityContext: {} }, { "dask/unrestricted": "it installs packages" }),
  service("LoadBalancer", { loadBalancerSourceRanges: ["10.0.0.0/8"] }),
  service("ClusterIP"),
  withContainer({ image: `name@sha256:${"a".repeat(64)}` }),
  chart("jupyterhub", sizedHub),
  // The page that a hub shows has a login; the gateway behind it is reached through that.
  chart("daskhub", {
    jupyterhub: { ...sizedHub, proxy: { ...sizedHub.proxy, service: { type: "LoadBalancer" } } },
    "dask-gateway": { ...sizedGateway, traefik: { ...sized, service: { type: "ClusterIP" } } },
  }),
  // Names of Secrets, and of their keys.
  withContainer({
    env: [{ name: "CLIENT_SECRET", valueFrom: { secretKeyRef: { name: "hub", key: "clientSecret" } } }],
  }),
  chart("before-delete", {
    ...sized,
    existingSecret: "hub",
    secretName: "hub",
    secretKey: "apiToken",
    tokenSecret: { name: "hub", key: "apiToken" },
    password: { secretKeyRef: { name: "hub", key: "password" } },
    extraEnv: { TOKEN: { valueFrom: { secretKeyRef: { name: "hub", key: "token" } } }, SECRET_NAME: "hub" },
  }),
];
