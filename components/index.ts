import type * as pulumi from "@pulumi/pulumi";
import { namespaceOf } from "../settings/namespace-rules.ts";
import type { ReleaseSettings, Settings } from "../settings/schema.ts";
import type { Cluster } from "./cluster.ts";
import { type Crd, Crds } from "./crds.ts";
import { Dask } from "./dask.ts";
import { DaskGateway } from "./dask-gateway.ts";
import { DaskOperator } from "./dask-operator.ts";
import { servedNamespaces } from "./dask-operator-access.ts";
import { DaskHub } from "./daskhub.ts";
import { JupyterHub } from "./jupyterhub.ts";
import { createNamespaces, type Namespace } from "./namespace.ts";
import { createPostgresOperator, type PostgresOperator } from "./postgres-operator.ts";
import type { Release } from "./release.ts";
import { settled } from "./settle.ts";

/** Makes every release of the settings on a cluster and answers them by name. */
export function createReleases(
  settings: Settings,
  given: Cluster,
  crds: readonly Crd[] = [],
): Readonly<Record<string, Release>> {
  const cluster = settled(settings, given);
  const namespaces = createNamespaces(settings, cluster);
  const definitions = crds.length === 0 ? [] : new Crds("crds", { crds, cluster }).resources;
  const operator = createPostgresOperator(settings, cluster);
  return Object.fromEntries(
    Object.entries(settings.releases).map(([name, release]) => {
      const namespace = required(namespaces, namespaceOf(name, release).name);
      return [
        name,
        createRelease(name, release, {
          cluster,
          namespace,
          smokeTest: release.smokeTest ?? settings.smokeTest,
          secrets: settings.secrets[name] ?? {},
          crds: definitions,
          operator,
          namespaces,
        }),
      ];
    }),
  );
}

interface Place {
  readonly cluster: Cluster;
  readonly namespace: Namespace;
  readonly smokeTest: boolean;
  /** What `dask:secrets` holds for the release. */
  readonly secrets: Readonly<Record<string, string>>;
  /** CRDs that releases of some kinds need. */
  readonly crds: readonly pulumi.Resource[];
  /** The operator that runs the hubs' Postgres. */
  readonly operator: PostgresOperator;
  /** The namespaces of all releases, by name. */
  readonly namespaces: ReadonlyMap<string, Namespace>;
}

/** A place whose cluster is ready when its CRDs are there too. */
function withCrds(place: Place): Place {
  return { ...place, cluster: { ...place.cluster, ready: [...place.cluster.ready, ...place.crds] } };
}

/** The one place that picks the component of a kind. */
function createRelease(name: string, settings: ReleaseSettings, place: Place): Release {
  switch (settings.kind) {
    case "dask":
      return new Dask(name, { settings, ...place });
    case "dask-gateway":
      return new DaskGateway(name, { settings, ...withCrds(place) });
    case "jupyterhub":
      return new JupyterHub(name, { settings, ...place });
    case "daskhub":
      return new DaskHub(name, { settings, ...withCrds(place) });
    case "dask-operator":
      return new DaskOperator(name, {
        settings,
        ...withCrds(place),
        namespaces: servedNamespaces(namespaceOf(name, settings).name, settings, place.namespaces),
      });
    default:
      return settings satisfies never;
  }
}

function required<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key): Value {
  const value = map.get(key);
  if (value === undefined) throw new Error(`no ${String(key)} was made`);
  return value;
}
