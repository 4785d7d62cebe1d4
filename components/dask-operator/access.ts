import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { DaskOperatorSettings } from "../../settings/releases/dask-operator.ts";
import type { Cluster } from "../cluster.ts";
import type { Namespace } from "../namespace.ts";
import { discoveryRules, fullName, operatorRules, type RoleRule, userAccount, userRules } from "./chart.ts";

/** A namespace that an operator serves. */
export interface ServedNamespace extends Namespace {
  /** The name as the settings write it. */
  readonly plainName: string;
}

/** The namespaces that an operator serves, its own first; one that no release made is taken to be there. */
export function servedNamespaces(
  own: string,
  settings: DaskOperatorSettings,
  made: ReadonlyMap<string, Namespace>,
): readonly [ServedNamespace, ...ServedNamespace[]] {
  const served = (name: string) => ({ ...(made.get(name) ?? { name, resources: [] }), plainName: name });
  return [served(own), ...settings.namespaces.map(served)];
}

/** What access to a namespace is made of. */
export interface AccessArgs {
  readonly cluster: Cluster;
  /** Namespace of the operator itself. */
  readonly home: Namespace;
  readonly namespace: ServedNamespace;
}

/** Lets the operator work in a namespace. */
export function operatorAccess(
  release: string,
  args: AccessArgs,
  parent: pulumi.Resource,
): readonly pulumi.Resource[] {
  const account = { kind: "ServiceAccount", name: fullName(release), namespace: args.home.name };
  return bind(fullName(release), operatorRules, account, args, parent);
}

/** Lets the operator see which namespaces and CustomResourceDefinitions there are. */
export function operatorDiscovery(
  release: string,
  { cluster, home }: { readonly cluster: Cluster; readonly home: ServedNamespace },
  parent: pulumi.Resource,
): readonly pulumi.Resource[] {
  // Cluster-wide, so another stack's operator of the same name must not find it taken.
  const metadata = { name: `${home.plainName}-${fullName(release)}` };
  const opts = { parent, provider: cluster.provider, dependsOn: [...home.resources, ...cluster.ready] };
  const role = new k8s.rbac.v1.ClusterRole(metadata.name, { metadata, rules: [...discoveryRules] }, opts);
  const binding = new k8s.rbac.v1.ClusterRoleBinding(
    metadata.name,
    {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role.metadata.name },
      subjects: [{ kind: "ServiceAccount", name: fullName(release), namespace: home.name }],
    },
    opts,
  );
  return [role, binding];
}

/** Makes the ServiceAccount with which people's pods in a namespace may run `KubeCluster` there. */
export function userAccess(
  release: string,
  args: AccessArgs,
  parent: pulumi.Resource,
): readonly pulumi.Resource[] {
  const { namespace, cluster } = args;
  const name = userAccount(release);
  const account = new k8s.core.v1.ServiceAccount(
    `${name}-${namespace.plainName}`,
    { metadata: { name, namespace: namespace.name } },
    { parent, provider: cluster.provider, dependsOn: [...namespace.resources, ...cluster.ready] },
  );
  const subject = { kind: "ServiceAccount", name, namespace: namespace.name };
  return [account, ...bind(name, userRules, subject, args, parent)];
}

function bind(
  name: string,
  rules: readonly RoleRule[],
  subject: k8s.types.input.rbac.v1.Subject,
  { namespace, cluster }: AccessArgs,
  parent: pulumi.Resource,
): readonly pulumi.Resource[] {
  const metadata = { name, namespace: namespace.name };
  const opts = { parent, provider: cluster.provider, dependsOn: [...namespace.resources, ...cluster.ready] };
  const role = new k8s.rbac.v1.Role(`${name}-${namespace.plainName}`, { metadata, rules: [...rules] }, opts);
  const binding = new k8s.rbac.v1.RoleBinding(
    `${name}-${namespace.plainName}`,
    {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role.metadata.name },
      subjects: [subject],
    },
    opts,
  );
  return [role, binding];
}
