import type { ProviderArgs } from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";

/**
 * The arguments of the Kubernetes provider, the same for every cluster.
 *
 * @param clusterIdentifier stays while the cluster lives: without one, a changed kubeconfig would make everything anew
 */
export function providerArgs(kubeconfig: Input<string>, clusterIdentifier: Input<string>): ProviderArgs {
  return {
    kubeconfig,
    clusterIdentifier,
    // CustomResourceDefinitions, and what the settings keep, outlive a stack: the next up must take them over, where
    // the provider would else refuse what exists (since 4.29). Namespaces of others are found before anything is made.
    upsertExistingObjects: true,
  };
}
