import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { beforeDelete } from "./before-delete.ts";
import type { Cluster } from "./cluster.ts";
import type { Namespace } from "./namespace.ts";

/** Objects that end: a kind, and what tells those of one release from others; drain.py reads it. */
export type Target = Kind & (Selected | Named);

interface Kind {
  /** API group and version, as a path has it. */
  readonly api: string;
  readonly resource: string;
}

/** Objects that carry the labels of the release. */
interface Selected {
  readonly labels: Readonly<Record<string, string>>;
}

/** The one object that has no labels, and a name that is the release's alone in its namespace. */
interface Named {
  readonly name: string;
}

/** A Deployment of the release whose users' work ends; drain.py reads it. */
export interface Owner {
  readonly name: string;
  /** By which it is the release's own, and not another's of the same name. */
  readonly labels: Readonly<Record<string, string>>;
}

/** What ends the work of a release's users. */
export interface DrainArgs {
  readonly cluster: Cluster;
  readonly namespace: Namespace;
  /** Names of image pull Secrets of the release, beside those of the namespace's teardown. */
  readonly pullSecrets: readonly string[];
  /** Where one of these stands nothing ends: the namespace goes with the release now, and people work on. */
  readonly owners: readonly Owner[];
  /** What ends, the owners first. */
  readonly targets: readonly Target[];
}

/** Seconds that pods and volumes get to go. */
const PATIENCE_S = 240;

/**
 * Ends what people made with a release when the release has been deleted; the release must depend on it.
 *
 * Makes nothing where the namespace goes with the release, and all that is in it.
 *
 * @param name of a Helm release of its own, at most 53 characters
 */
export function drain(name: string, args: DrainArgs, parent: pulumi.Resource): pulumi.Resource[] {
  const { cluster, namespace, owners, targets } = args;
  const { teardown } = namespace;
  if (teardown === undefined) return [];
  const { account, rights } = createRights(name, args, parent);
  const ended = beforeDelete(
    name,
    {
      cluster,
      namespace,
      image: teardown.image,
      pullSecrets: [...new Set([...teardown.pullSecrets, ...args.pullSecrets])],
      script: "drain.py",
      env: {
        OWNERS: JSON.stringify(owners),
        TARGETS: JSON.stringify(targets),
        PATIENCE: String(PATIENCE_S),
      },
      serviceAccountName: account,
      dependsOn: rights,
    },
    parent,
  );
  return [ended];
}

/** The Job may list and delete these kinds in the release's namespace and see the owners, and nothing else. */
function createRights(
  name: string,
  { cluster, namespace, owners, targets }: DrainArgs,
  parent: pulumi.Resource,
): { account: pulumi.Output<string>; rights: pulumi.Resource[] } {
  const opts = { parent, provider: cluster.provider, dependsOn: [...namespace.resources, ...cluster.ready] };
  const metadata = { name, namespace: namespace.name };
  const account = new k8s.core.v1.ServiceAccount(name, { metadata }, opts);
  const kinds = [...new Map(targets.map((each) => [each.resource, each])).values()];
  const rules = [
    ...kinds.map((target) => ({
      apiGroups: [groupOf(target.api)],
      resources: [target.resource],
      ...("name" in target ? { resourceNames: [target.name] } : {}),
      verbs: ["list", "delete"],
    })),
    {
      apiGroups: ["apps"],
      resources: ["deployments"],
      resourceNames: owners.map((owner) => owner.name),
      verbs: ["get"],
    },
  ];
  const role = new k8s.rbac.v1.Role(name, { metadata, rules }, opts);
  const binding = new k8s.rbac.v1.RoleBinding(
    name,
    {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role.metadata.name },
      subjects: [{ kind: "ServiceAccount", name, namespace: namespace.name }],
    },
    opts,
  );
  return { account: account.metadata.name, rights: [account, role, binding] };
}

/** `api/v1` has no group, `apis/gateway.dask.org/v1alpha1` has one. */
function groupOf(api: string): string {
  const [root, group = ""] = api.split("/");
  return root === "api" ? "" : group;
}
