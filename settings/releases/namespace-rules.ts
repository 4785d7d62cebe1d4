import { keyOf, type Problem } from "../problems.ts";
import { show } from "../quantities.ts";
import type { ReleaseSettings, Settings } from "../schema.ts";

/** Namespaces that every cluster has: a stack may use them, never own them. */
const SYSTEM_NAMESPACES = ["default", "kube-system", "kube-public", "kube-node-lease"];

/** The namespace in which the teardown of a cluster waits for disks and load balancers. */
export const SETTLE_NAMESPACE = "dask-settle";

const RESERVED = "is what the teardown of the cluster uses; choose another name";

/** The namespace of a release: the one its settings name, else one of its own name. */
export function namespaceOf(name: string, release: Pick<ReleaseSettings, "namespace">) {
  return release.namespace ?? { name, create: true };
}

/** Whether the stack may make the namespaces that its releases name, and whether they agree on it. */
export function checkNamespaces(settings: Settings): Problem[] {
  const created = new Map<string, boolean>();
  const releases = Object.entries(settings.releases).flatMap(([release, value]): Problem[] => {
    const { name, create } = namespaceOf(release, value);
    const key = keyOf(["releases", release, "namespace"]);
    if (name === SETTLE_NAMESPACE) return [{ key, value: show(name), message: RESERVED }];
    if (create && SYSTEM_NAMESPACES.includes(name)) {
      return [
        {
          key,
          value: show(name),
          message: `is the cluster's own; write { name: ${name}, create: false } to use it`,
        },
      ];
    }
    const before = created.get(name) ?? create;
    created.set(name, before);
    if (before === create) return [];
    return [
      {
        key,
        value: show(name),
        message: "has create: true in one release and false in another; make them agree",
      },
    ];
  });
  if (settings.postgres.namespace !== SETTLE_NAMESPACE) return releases;
  const key = keyOf(["postgres", "namespace"]);
  return [...releases, { key, value: show(SETTLE_NAMESPACE), message: RESERVED }];
}

/** Two releases of one namespace must not make objects of the same name; `claims` says which a release makes. */
export function checkSharing(
  settings: Settings,
  claims: (name: string, release: ReleaseSettings) => readonly string[],
): Problem[] {
  const owners = new Map<string, string>();
  return Object.entries(settings.releases).flatMap(([release, value]) => {
    const namespace = namespaceOf(release, value).name;
    return claims(release, value).flatMap((claim) => {
      const key = `${namespace}: ${claim}`;
      const owner = owners.get(key);
      owners.set(key, owner ?? release);
      if (owner === undefined) return [];
      const message = `and ${owner} would both make ${claim} in namespace ${namespace}; rename one or give it another namespace`;
      return [{ key: keyOf(["releases", release]), message }];
    });
  });
}
