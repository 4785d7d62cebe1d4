import assert from "node:assert/strict";
import type * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../../components/cluster.ts";
import { createReleases } from "../../components/index.ts";
import { type Outputs, outputsOf } from "../../outputs.ts";
import { planCluster } from "../../providers/index.ts";
import { parseSettings } from "../../settings/parse.ts";
import { isSecret, type Run, type RunOptions, run, value } from "./mock-engine.ts";

/** How a program on a cluster of a cloud is run. */
export interface PlannedOptions extends RunOptions {
  /** Is handed the cluster before the releases are made. */
  use?(made: Cluster): unknown;
}

/** Runs the program of a stack file on a cluster that a provider plans. */
export async function onPlanned(
  input: object,
  { use, ...options }: PlannedOptions,
): Promise<Run & { readonly stackOutputs: Outputs }> {
  const settings = parseSettings({ liveChecks: false, ...input });
  const kept: Outputs[] = [];
  const made = await run(async () => {
    const cluster = (await planCluster(settings)).create();
    use?.(cluster);
    const outputs = outputsOf(cluster, createReleases(settings, cluster));
    kept.push(outputs);
    return outputs;
  }, options);
  const [stackOutputs] = kept;
  if (stackOutputs === undefined) throw new Error("the program gave no outputs");
  return { ...made, stackOutputs };
}

/** Runs a program and answers the kubeconfig of its cluster too, which must be secret. */
export async function kubeconfigOf(program: (use: (made: Cluster) => unknown) => Promise<Run>) {
  const kept: pulumi.Output<string>[] = [];
  const made = await program(({ kubeconfig }) => kept.push(kubeconfig));
  const [kubeconfig] = kept;
  assert.ok(await isSecret(kubeconfig));
  return { ...made, config: JSON.parse((await value(kubeconfig)) ?? "") };
}
