import { type Fields, fields, HELM_RELEASE, type Planned, parts } from "./planned.ts";
import { containersOf, podsOf } from "./pods.ts";
import { chartOf } from "./public.ts";

/** Containers without a size: of pods, of the servers of Postgres, and of what charts make of their values. */
export function unsized(resource: Planned): readonly string[] {
  const { type, inputs } = resource;
  if (type === HELM_RELEASE) return unsizedParts(inputs);
  if (type === POSTGRES) {
    const { resources } = fields(inputs.spec);
    return isSize(fields(resources)) ? [] : [`spec has no size; ${REMEDY}`];
  }
  return podsOf(resource)
    .flatMap(containersOf)
    .filter(({ resources }) => !isSize(fields(resources)))
    .map(
      ({ name }) => `container ${name} has no requests of cpu and memory, or no limit of memory; set both`,
    );
}

/** The type of CloudNativePG's Clusters, whose servers its operator makes. */
const POSTGRES = "kubernetes:postgresql.cnpg.io/v1:Cluster";

const REMEDY = "set requests of cpu and memory and a limit of memory";

/** A part of a chart's values from which the chart makes pods. */
interface PodPart {
  /** Keys that lead to it; none for the values themselves. */
  readonly path: readonly string[];
  /** Whether the chart makes these pods when the values say nothing of it. */
  readonly unasked: boolean;
}

const always = (...path: string[]): PodPart => ({ path, unasked: true });
const onDemand = (...path: string[]): PodPart => ({ path, unasked: false });

const GATEWAY = [
  always("gateway"),
  always("controller"),
  always("traefik"),
  always("gateway", "backend", "scheduler"),
  always("gateway", "backend", "worker"),
];

const HUB = [
  always("hub"),
  always("proxy", "chp"),
  onDemand("proxy", "traefik"),
  onDemand("proxy", "secretSync"),
  always("singleuser"),
  always("scheduling", "userScheduler"),
  always("prePuller"),
];

const under = (key: string, podParts: readonly PodPart[]) =>
  podParts.map((each) => ({ ...each, path: [key, ...each.path] }));

/** What charts make pods of: a chart says nothing of a part that the values leave out, and gives it no size. */
const POD_PARTS: Readonly<Record<string, readonly PodPart[]>> = {
  dask: [always("scheduler"), always("worker"), always("jupyter")],
  "dask-gateway": GATEWAY,
  jupyterhub: HUB,
  daskhub: [...under("jupyterhub", HUB), ...under("dask-gateway", GATEWAY)],
  "dask-kubernetes-operator": [always()],
  "cloudnative-pg": [always()],
  "cluster-autoscaler": [always()],
  "nvidia-device-plugin": [always()],
  "before-delete": [always()],
};

function unsizedParts(inputs: Fields): readonly string[] {
  const values = fields(inputs.values);
  const missing = (POD_PARTS[chartOf(inputs)] ?? [])
    .filter(({ path, unasked }) => isWanted(at(values, path), unasked) && !isSized(fields(at(values, path))))
    .map(({ path }) => ["values", ...path].join("."));
  // Beside what is known of the charts: whatever names an image of its own.
  const named = parts(values)
    .filter(({ value }) => value.image !== undefined && value.enabled !== false && !isSized(value))
    .map(({ path }) => (path === "" ? "values" : `values.${path}`))
    .filter((path) => !SIZED_ELSEWHERE.test(path));
  return [...new Set([...missing, ...named])].map((path) => `${path} has no size; ${REMEDY}`);
}

/** Parts with an image whose sizes stand in another part: choices of a notebook, and the images that are only pulled. */
const SIZED_ELSEWHERE = /\.(profileList|kubespawner_override|choices|prePuller\.(pause|extraImages))(\.|$)/;

function at(values: Fields, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => fields(value)[key], values);
}

/** Whether pods are made of a part: the gateway's proxy, a notebook and others can be switched off. */
function isWanted(part: unknown, unasked: boolean): boolean {
  if (part === undefined) return unasked;
  const { enabled, installTraefik } = fields(part);
  return enabled !== false && installTraefik !== false;
}

/** Whether a part of a chart's values says how large its pods are, each chart in its own words. */
function isSized(part: Fields): boolean {
  if (isSize(fields(part.resources))) return true;
  const { scheduler, worker } = part;
  // The gateway's clusters have one image and two sizes.
  if (scheduler !== undefined && worker !== undefined)
    return isSized(fields(scheduler)) && isSized(fields(worker));
  const cores = fields(part.cores ?? part.cpu);
  const memory = fields(part.memory);
  const asked = (size: Fields) => size.guarantee ?? size.request;
  return memory.limit !== undefined && asked(memory) !== undefined && asked(cores) !== undefined;
}

function isSize({ requests, limits }: Fields): boolean {
  const { cpu, memory } = fields(requests);
  return cpu !== undefined && memory !== undefined && fields(limits).memory !== undefined;
}
