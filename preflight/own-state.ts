import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";

/** What the stack's last run left in its state, as far as checks need it. */
export interface OwnState {
  /** UID of the `kube-system` namespace of the cluster that holds the stack, or what stands in for it. */
  readonly clusterIdentifier?: string;
  /** Helm releases, as `<namespace>/<name>`. */
  readonly helmReleases: readonly string[];
}

const resources = z.object({
  outputs: z.record(z.string(), z.object({ type: z.string(), outputs: z.record(z.string(), z.unknown()) })),
});
const identified = z.object({ clusterIdentifier: z.string() });
const helmRelease = z.object({ namespace: z.string(), name: z.string() });

/**
 * Reads the stack's own state through the engine, as a StackReference reads another's; `undefined` where it cannot.
 *
 * A program sees its old state nowhere else, and what would go wrong half-way can be refused only by knowing it.
 */
export async function readOwnState(): Promise<OwnState | undefined> {
  try {
    const stackName = [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()].join("/");
    const answer: Promise<unknown> = pulumi.runtime.invoke(READ, { stackName });
    return parseOwnState(await answer);
  } catch {
    return undefined;
  }
}

const READ = "pulumi:pulumi:readStackResourceOutputs";

/** What the engine answers, as the checks need it; `undefined` for anything else; pure. */
export function parseOwnState(answer: unknown): OwnState | undefined {
  const { data } = resources.safeParse(answer);
  if (data === undefined) return undefined;
  const cluster = Object.entries(data.outputs).find(([urn]) => urn.endsWith(CLUSTER))?.[1];
  const clusterIdentifier = identified.safeParse(cluster?.outputs).data?.clusterIdentifier;
  const releases = Object.values(data.outputs).flatMap(({ type, outputs }) => {
    const release =
      type === "kubernetes:helm.sh/v3:Release" ? helmRelease.safeParse(outputs).data : undefined;
    return release === undefined ? [] : [`${release.namespace}/${release.name}`];
  });
  return { ...(clusterIdentifier === undefined ? {} : { clusterIdentifier }), helmReleases: releases };
}

/** The end of the URN of the provider of everything in the cluster: see providers/. */
const CLUSTER = "::pulumi:providers:kubernetes::cluster";
