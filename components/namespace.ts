import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { isKept } from "../settings/releases/keep-rules.ts";
import { namespaceOf } from "../settings/releases/namespace-rules.ts";
import type { Settings } from "../settings/schema.ts";
import type { Cluster } from "./cluster.ts";

/** A namespace that releases live in: made by this stack, or handed to the user. */
export interface Namespace {
  readonly name: pulumi.Input<string>;
  /** What must exist before anything is put into the namespace; empty where it was there already. */
  readonly resources: readonly pulumi.Resource[];
  /**
   * With what the work of a release's users is ended by itself; there only where the namespace can outlive a release in
   * it.
   */
  readonly teardown?: Pick<Settings["teardown"], "image" | "pullSecrets">;
}

/** The label by which a namespace shows the stack that owns it. */
export const OWNER_LABEL = "dask-stack";

/**
 * The value of the owner label: organization, project and stack, as a label value allows it.
 *
 * On a backend of files the organization is always the same, so two people's stacks of one name look alike here; the
 * engine still refuses to make a namespace that its own state does not know.
 */
export function ownerLabel(): string {
  return ownerLabelOf(pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack());
}

/** The owner label of a stack that is not the one that runs; pure. */
export function ownerLabelOf(organization: string, project: string, stack: string): string {
  return [organization, project, stack]
    .join(".")
    .replace(/[^A-Za-z0-9._-]/g, "-")
    .slice(0, 63)
    .replace(/[^A-Za-z0-9]+$/, "");
}

/** Makes the namespaces of all releases, each once, and answers them by name. */
export function createNamespaces(settings: Settings, cluster: Cluster): ReadonlyMap<string, Namespace> {
  const wanted = Object.entries(settings.releases).map(([name, release]) => namespaceOf(name, release));
  const created = new Map(wanted.map(({ name, create }) => [name, create]));
  const { teardown } = settings;
  return new Map(
    [...created].map(([name, create]) => {
      if (!create) return [name, { name, resources: [], teardown }];
      const keep = isKept(settings, name);
      const shared = wanted.filter((each) => each.name === name).length > 1;
      return [name, { ...createNamespace(name, cluster, keep), ...(keep || shared ? { teardown } : {}) }];
    }),
  );
}

/** Annotations of what outlives the stack: the next `up` writes it under the same name and so takes it over. */
export const keptAnnotations = { "pulumi.com/patchFieldManager": "dask" };

/** Makes a namespace that the stack owns; with `keep` it outlives the stack. */
export function createNamespace(name: string, cluster: Cluster, keep = false): Namespace {
  const labels = { "app.kubernetes.io/managed-by": "pulumi", [OWNER_LABEL]: ownerLabel() };
  const namespace = new k8s.core.v1.Namespace(
    name,
    { metadata: { name, labels, ...(keep ? { annotations: keptAnnotations } : {}) } },
    { provider: cluster.provider, dependsOn: [...cluster.ready], retainOnDelete: keep },
  );
  return { name: namespace.metadata.name, resources: [namespace] };
}
