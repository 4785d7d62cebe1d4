import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "./components/cluster.ts";
import type { Release, SmokeTestResult } from "./components/release.ts";

/** What `pulumi stack output` shows. */
export interface Outputs {
  /** Per release: addresses by name, or a `kubectl port-forward` line where nothing is exposed. */
  readonly endpoints: Readonly<Record<string, Release["endpoints"]>>;
  /** Kubeconfig with one context; secret. */
  readonly kubeconfig: pulumi.Output<string>;
  /** Commands that reach the cluster by other ways than `kubectl`, by what they do. */
  readonly commands: NonNullable<Cluster["commands"]>;
  /** Per release: generated passwords and tokens by name; secret. */
  readonly credentials: pulumi.Output<Record<string, Record<string, string>>>;
  /** Per release: the Job that proved that Dask computes, and how to read its result. */
  readonly smokeTest: Readonly<Record<string, SmokeTestResult>>;
  /**
   * Per release: what `pulumi destroy` leaves in the cluster because the settings say keep; under
   * `CustomResourceDefinitions` those that it leaves for the whole cluster.
   */
  readonly kept: Readonly<Record<string, readonly pulumi.Output<string>[]>>;
}

/**
 * Collects the stack's outputs.
 *
 * @param crds names of definitions that outlive the stack
 */
export function outputsOf(
  cluster: Cluster,
  releases: Readonly<Record<string, Release>>,
  crds: readonly string[] = [],
): Outputs {
  const each = Object.entries(releases);
  return {
    endpoints: Object.fromEntries(each.map(([name, release]) => [name, release.endpoints])),
    kubeconfig: cluster.kubeconfig,
    commands: cluster.commands ?? {},
    credentials: pulumi.secret(
      pulumi.output(Object.fromEntries(each.map(([name, release]) => [name, release.credentials]))),
    ),
    smokeTest: Object.fromEntries(
      each.flatMap(([name, { smokeTest }]) => (smokeTest === undefined ? [] : [[name, smokeTest] as const])),
    ),
    kept: {
      ...Object.fromEntries(
        each.flatMap(([name, { kept }]) => (kept === undefined ? [] : [[name, kept] as const])),
      ),
      // No release can have this name: theirs are in lower case.
      ...(crds.length === 0 ? {} : { CustomResourceDefinitions: crds.map((crd) => pulumi.output(crd)) }),
    },
  };
}
