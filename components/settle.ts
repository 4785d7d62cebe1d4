import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { SETTLE_NAMESPACE } from "../settings/releases/namespace-rules.ts";
import type { Settings } from "../settings/schema.ts";
import { beforeDelete } from "./before-delete.ts";
import type { Cluster } from "./cluster.ts";
import { createNamespace, type Namespace } from "./namespace.ts";

const NAME = SETTLE_NAMESPACE;

/** Seconds that disks and load balancers get to go. */
const PATIENCE_S = 270;

/**
 * Makes the teardown of a cluster that the stack takes down wait for its disks and load balancers.
 *
 * All disks and load balancers of the cluster count, whoever made them: with the cluster goes what could delete them.
 * Answers the cluster with one more thing that everything in it needs: a release that is uninstalled after all else
 * in the cluster and before the cluster itself, and whose uninstallation waits. A cluster that outlives the stack
 * finishes such work by itself and is answered as it is.
 *
 * @param patience seconds that disks and load balancers get to go
 */
export function settled(settings: Settings, cluster: Cluster, patience = PATIENCE_S): Cluster {
  if (!cluster.madeByStack) return cluster;
  const namespace = createNamespace(NAME, cluster);
  const rights = settleRights(cluster, namespace);
  const release = beforeDelete(NAME, {
    cluster,
    namespace,
    image: settings.teardown.image,
    pullSecrets: settings.teardown.pullSecrets,
    script: "settle.py",
    env: { SYSTEM_NAMESPACES: settings.teardown.systemNamespaces.join(" "), PATIENCE: String(patience) },
    patience,
    serviceAccountName: NAME,
    dependsOn: rights,
  });
  return { ...cluster, ready: [...cluster.ready, release, ...rights] };
}

/** The Job may see volumes and Services of the whole cluster, and nothing else. */
function settleRights(cluster: Cluster, namespace: Namespace): pulumi.Resource[] {
  const opts = { provider: cluster.provider, dependsOn: [...namespace.resources, ...cluster.ready] };
  const metadata = { name: NAME };
  const account = new k8s.core.v1.ServiceAccount(
    NAME,
    { metadata: { ...metadata, namespace: namespace.name } },
    opts,
  );
  const rules = [{ apiGroups: [""], resources: ["persistentvolumes", "services"], verbs: ["list"] }];
  const role = new k8s.rbac.v1.ClusterRole(NAME, { metadata, rules }, opts);
  const binding = new k8s.rbac.v1.ClusterRoleBinding(
    NAME,
    {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role.metadata.name },
      subjects: [{ kind: "ServiceAccount", name: NAME, namespace: namespace.name }],
    },
    opts,
  );
  return [account, role, binding];
}
