import type * as pulumi from "@pulumi/pulumi";
import { ownsPostgresCrds } from "../settings/releases/crd-rules.ts";
import type { DaskOperatorSettings } from "../settings/releases/dask-operator.ts";
import type { HubSettings } from "../settings/releases/jupyterhub.ts";
import { namespaceOf } from "../settings/releases/namespace-rules.ts";
import type { ReleaseSettings, Settings } from "../settings/schema.ts";
import type { Cluster } from "./cluster.ts";
import { type Crd, Crds } from "./crds.ts";
import { Dask } from "./dask.ts";
import { DaskGateway } from "./dask-gateway.ts";
import { servedNamespaces } from "./dask-operator/access.ts";
import { DaskOperator } from "./dask-operator.ts";
import { DaskHub } from "./daskhub.ts";
import { JupyterHub } from "./jupyterhub.ts";
import { createNamespaces, type Namespace } from "./namespace.ts";
import { createPostgresOperator, type PostgresOperator } from "./postgres/operator.ts";
import type { Release } from "./release.ts";
import { labelled } from "./release-labels.ts";
import { settled } from "./settle.ts";

/** Makes every release of the settings on a cluster and answers them by name. */
export function createReleases(
  settings: Settings,
  given: Cluster,
  crds: readonly Crd[] = [],
): Readonly<Record<string, Release>> {
  const cluster = settled(settings, given);
  const owned = settings.crds === "own";
  const applied = crds.length === 0 ? [] : new Crds("crds", { crds, cluster, owned }).resources;
  const operated = ownsPostgresCrds(settings) ? withReady(cluster, applied) : cluster;
  const shared: Shared = {
    cluster,
    namespaces: createNamespaces(settings, cluster),
    crds: applied,
    operator: createPostgresOperator(settings, operated),
  };
  const daskOperators = createDaskOperators(settings, shared);
  return Object.fromEntries(
    Object.entries(settings.releases).map(([name, release]) => [
      name,
      createRelease(name, release, { ...placeOf(name, release, settings, shared), daskOperators }),
    ]),
  );
}

/** What the releases of a stack share. */
interface Shared {
  readonly cluster: Cluster;
  /** CRDs that releases of some kinds need. */
  readonly crds: readonly pulumi.Resource[];
  /** The operator that runs the hubs' Postgres. */
  readonly operator: PostgresOperator;
  /** The namespaces of all releases, by name. */
  readonly namespaces: ReadonlyMap<string, Namespace>;
}

/** Where and with what a release is made. */
interface Place extends Shared {
  readonly namespace: Namespace;
  readonly smokeTest: boolean;
  /** What `dask:secrets` holds for the release. */
  readonly secrets: Readonly<Record<string, string>>;
}

function placeOf(name: string, release: ReleaseSettings, settings: Settings, shared: Shared): Place {
  return {
    ...shared,
    namespace: required(shared.namespaces, namespaceOf(name, release).name),
    smokeTest: release.smokeTest ?? settings.smokeTest,
    secrets: settings.secrets[name] ?? {},
  };
}

/** A place whose cluster is ready when its CRDs are there too. */
function withCrds(place: Place): Place {
  return { ...place, cluster: withReady(place.cluster, place.crds) };
}

function withReady(cluster: Cluster, more: readonly pulumi.Resource[]): Cluster {
  return { ...cluster, ready: [...cluster.ready, ...more] };
}

type DaskOperators = ReadonlyMap<string, DaskOperator>;

/** Makes the operators of Dask before all other releases, since hubs name them. */
function createDaskOperators(settings: Settings, shared: Shared): DaskOperators {
  return new Map(
    Object.entries(settings.releases).flatMap(([name, release]) =>
      release.kind === "dask-operator"
        ? [[name, createDaskOperator(name, release, placeOf(name, release, settings, shared))] as const]
        : [],
    ),
  );
}

function createDaskOperator(name: string, settings: DaskOperatorSettings, place: Place): DaskOperator {
  const namespaces = servedNamespaces(namespaceOf(name, settings).name, settings, place.namespaces);
  return new DaskOperator(name, { settings, ...withCrds(place), namespaces }, labelled(name, namespaces));
}

interface PlaceWithOperators extends Place {
  readonly daskOperators: DaskOperators;
}

/** The one place that picks the component of a kind. */
function createRelease(name: string, settings: ReleaseSettings, place: PlaceWithOperators): Release {
  const opts = labelled(name, [place.namespace]);
  switch (settings.kind) {
    case "dask":
      return new Dask(name, { settings, ...place }, opts);
    case "dask-gateway":
      return new DaskGateway(name, { settings, ...withCrds(place) }, opts);
    case "jupyterhub":
      return new JupyterHub(name, { settings, ...place, ...daskOperatorOf(settings, place) }, opts);
    case "daskhub":
      return new DaskHub(name, { settings, ...withCrds(place), ...daskOperatorOf(settings, place) }, opts);
    case "dask-operator":
      return required(place.daskOperators, name);
    default:
      return settings satisfies never;
  }
}

/** The operator that a hub's notebooks use, where it names one. */
function daskOperatorOf({ operator }: HubSettings, { daskOperators }: PlaceWithOperators) {
  return operator === undefined ? {} : { daskOperator: required(daskOperators, operator) };
}

function required<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key): Value {
  const value = map.get(key);
  if (value === undefined) throw new Error(`no ${String(key)} was made`);
  return value;
}
