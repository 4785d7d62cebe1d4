import { namespaceOf } from "../settings/namespace-rules.ts";
import type { ReleaseSettings, Settings } from "../settings/schema.ts";
import type { Cluster } from "./cluster.ts";
import { Dask } from "./dask.ts";
import { createNamespaces, type Namespace } from "./namespace.ts";
import type { Release } from "./release.ts";

/** Makes every release of the settings on a cluster and answers them by name. */
export function createReleases(settings: Settings, cluster: Cluster): Readonly<Record<string, Release>> {
  const namespaces = createNamespaces(settings, cluster);
  return Object.fromEntries(
    Object.entries(settings.releases).map(([name, release]) => {
      const namespace = required(namespaces, namespaceOf(name, release).name);
      return [
        name,
        createRelease(name, release, {
          cluster,
          namespace,
          smokeTest: release.smokeTest ?? settings.smokeTest,
        }),
      ];
    }),
  );
}

interface Place {
  readonly cluster: Cluster;
  readonly namespace: Namespace;
  readonly smokeTest: boolean;
}

/** The one place that picks the component of a kind. */
function createRelease(name: string, settings: ReleaseSettings, place: Place): Release {
  switch (settings.kind) {
    case "dask":
      return new Dask(name, { settings, ...place });
    default:
      return settings.kind satisfies never;
  }
}

function required<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key): Value {
  const value = map.get(key);
  if (value === undefined) throw new Error(`no ${String(key)} was made`);
  return value;
}
