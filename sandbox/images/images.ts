import { PAUSE_IMAGE } from "../node/containerd.ts";
import { nodeTools } from "../node/programs.ts";
import { base } from "./base.ts";
import { debianLayer, nodeProgramLayer, programLayer, pythonLayer } from "./kinds.ts";
import type { Layer } from "./layers.ts";
import { postgresMajor } from "./postgres.ts";
import type { ImageConfig } from "./store.ts";
import { imageTools } from "./tools.ts";

/** One test image under the name that the stack asks for. */
export interface Image {
  readonly name: string;
  /** Lowest first. */
  readonly layers: readonly Layer[];
  readonly config: ImageConfig;
}

/** A kind of release or service that a sandbox can run, by the images it needs. */
export type ImageSet = keyof typeof images;

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const plain = { Env: [`PATH=${PATH}`, "LANG=C.UTF-8"] };
const jovyan = {
  User: "1000",
  WorkingDir: "/home/jovyan",
  Env: [...plain.Env, "HOME=/home/jovyan", "NB_USER=jovyan", "NB_UID=1000"],
};

// One Dask for schedulers, workers, notebooks and clients: what matters is that they agree.
const dask = pythonLayer("dask", [
  "dask==2025.11.0",
  "distributed==2025.11.0",
  "dask-gateway==2026.3.0",
  "dask-kubernetes==2026.3.0",
  "bokeh==3.8.0",
  "numpy==2.3.4",
  "lz4==4.4.4",
  "jupyterlab==4.4.10",
  "jupyterhub==5.5.0",
  "ipykernel==7.1.0",
]);

// The servers of Dask Gateway and JupyterHub, with the hub's ways to log in.
const services = pythonLayer("services", [
  "dask-gateway-server[kubernetes]==2026.3.0",
  "jupyterhub==5.5.0",
  "jupyterhub-kubespawner==7.0.0",
  "oauthenticator==17.4.0",
  "jupyterhub-idle-culler==1.4.0",
  "jupyterhub-nativeauthenticator==1.3.0",
  "jupyterhub-ldapauthenticator==2.0.2",
  "psycopg2-binary==2.9.13",
  "pycurl",
]);

const postgresLayer = debianLayer("postgres", [`postgresql-${postgresMajor()}`]);

const prepare = ["tini", "-g", "--", "/usr/bin/prepare.sh"];
const jupyterLab = { ...jovyan, Entrypoint: ["tini", "--"], Cmd: ["jupyter", "lab"] };
const python: Image = {
  name: "docker.io/library/python:3.13-alpine",
  layers: [base],
  config: { ...plain, Cmd: ["python3"] },
};

/** Every image, by what needs it. */
export const images = {
  node: [
    {
      name: PAUSE_IMAGE,
      layers: [programLayer(nodeTools.pause, "pause")],
      config: { Entrypoint: ["/pause"], User: "65535:65535" },
    },
    python,
  ],
  dask: [
    {
      name: "ghcr.io/dask/dask:2025.11.0",
      layers: [base, dask],
      config: { ...plain, Entrypoint: prepare },
    },
    {
      name: "ghcr.io/dask/dask-notebook:2025.11.0",
      layers: [base, dask],
      config: { ...jovyan, Entrypoint: prepare, Cmd: ["jupyter", "lab"] },
    },
  ],
  "dask-operator": [
    {
      name: "ghcr.io/dask/dask-kubernetes-operator:2026.3.0",
      layers: [base, dask],
      config: {
        ...plain,
        Entrypoint: ["tini", "-g", "--", "kopf", "run", "-m", "dask_kubernetes.operator.controller"],
      },
    },
  ],
  "dask-gateway": [
    {
      name: "ghcr.io/dask/dask-gateway:2026.3.0",
      layers: [base, dask],
      config: { ...jovyan, Entrypoint: ["tini", "-g", "--"] },
    },
    {
      name: "ghcr.io/dask/dask-gateway-server:2026.3.0",
      layers: [base, services],
      config: {
        ...jovyan,
        Entrypoint: ["tini", "-g", "--"],
        Cmd: ["dask-gateway-server", "--config", "/etc/dask-gateway/dask_gateway_config.py"],
      },
    },
    {
      name: "docker.io/library/traefik:3.3.5",
      layers: [base, programLayer(imageTools.traefik, "traefik")],
      config: { ...plain, Entrypoint: ["/traefik"] },
    },
  ],
  jupyterhub: [
    {
      name: "quay.io/jupyterhub/k8s-hub:4.4.0",
      layers: [base, services],
      config: {
        ...jovyan,
        WorkingDir: "/srv/jupyterhub",
        Entrypoint: ["tini", "--"],
        Cmd: ["jupyterhub", "--config", "/usr/local/etc/jupyterhub/jupyterhub_config.py"],
      },
    },
    {
      name: "quay.io/jupyterhub/configurable-http-proxy:5.2.0",
      layers: [base, nodeProgramLayer("configurable-http-proxy", "5.2.0")],
      config: {
        ...plain,
        User: "65534",
        Entrypoint: ["tini", "--"],
        Cmd: ["configurable-http-proxy"],
      },
    },
    { name: "quay.io/jupyterhub/k8s-network-tools:4.4.0", layers: [base], config: plain },
    { name: "quay.io/jupyterhub/k8s-singleuser-sample:4.4.0", layers: [base, dask], config: jupyterLab },
    { name: "quay.io/pangeo/pangeo-notebook:2025.11.13", layers: [base, dask], config: jupyterLab },
  ],
  postgres: [
    {
      name: "ghcr.io/cloudnative-pg/cloudnative-pg:1.30.0",
      layers: [base, programLayer(imageTools.cloudnativePg, "operator/manager_amd64", ["manager"])],
      config: { ...plain, Entrypoint: ["/manager"], User: "65532:65532", WorkingDir: "/" },
    },
    // Under the name that the stack's default asks for, too: one Postgres serves all tags here, and says which it is.
    postgres("18.4-system-trixie"),
    postgres(postgresMajor()),
  ],
} as const satisfies Record<string, readonly Image[]>;

function postgres(tag: string): Image {
  return {
    name: `ghcr.io/cloudnative-pg/postgresql:${tag}`,
    layers: [base, postgresLayer],
    config: {
      Env: [`PATH=/usr/lib/postgresql/${postgresMajor()}/bin:${PATH}`, "LANG=C.UTF-8"],
      User: "26",
      Cmd: ["bash"],
    },
  };
}

const SETS: Readonly<Record<string, readonly ImageSet[]>> = {
  dask: ["dask"],
  "dask-operator": ["dask-operator", "dask"],
  "dask-gateway": ["dask-gateway"],
  jupyterhub: ["jupyterhub", "postgres"],
  daskhub: ["jupyterhub", "dask-gateway", "postgres"],
};

/** What the releases in the config of a stack file need, by their kinds; pure. */
export function imageSetsFor(config: Readonly<Record<string, unknown>>): ImageSet[] {
  const releases = Object.values((config["dask:releases"] ?? {}) as Record<string, { kind?: string }>);
  return [...new Set(releases.flatMap(({ kind = "" }) => SETS[kind] ?? []))];
}
