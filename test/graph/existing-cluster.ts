import * as pulumi from "@pulumi/pulumi";
import { keptCrds, readCrds } from "../../components/crds.ts";
import { createReleases } from "../../components/index.ts";
import { type Outputs, outputsOf } from "../../outputs.ts";
import { createExisting } from "../../providers/existing.ts";
import { parseSettings } from "../../settings/parse.ts";
import { type Run, type RunOptions, run } from "./mock-engine.ts";

/** Runs the program of a stack file on an existing cluster of which nothing is asked: no cluster stands behind it. */
export async function onExisting(
  input: { readonly cluster?: object; readonly [key: string]: unknown },
  options: RunOptions = {},
): Promise<Run & { readonly stackOutputs: Outputs }> {
  const settings = parseSettings({
    ...input,
    cluster: { provider: "existing", expose: "LoadBalancer", ...input.cluster },
  });
  const made: Outputs[] = [];
  const result = await run(async () => {
    if (settings.cluster.provider !== "existing") throw new Error("this helper is for existing clusters");
    const cluster = createExisting(settings.cluster, reached);
    // Charts with CRDs are read by a provider function, which only a run that mocks it can call.
    const crds = options.calls === undefined ? [] : await readCrds(settings);
    const kept = keptCrds(settings, crds, cluster);
    const outputs = outputsOf(cluster, createReleases(settings, cluster, crds), kept);
    made.push(outputs);
    return outputs;
  }, options);
  const [stackOutputs] = made;
  if (stackOutputs === undefined) throw new pulumi.RunError("the program gave no outputs");
  return { ...result, stackOutputs };
}

const reached = {
  identifier: "uid-of-kube-system",
  api: { server: "https://192.0.2.1:6443", get: async () => ({ kind: "absent" as const }) },
  context: {
    name: "test",
    context: { cluster: "test", user: "admin" },
    cluster: { server: "https://192.0.2.1:6443" },
    user: { token: "hunter2" },
  },
};
