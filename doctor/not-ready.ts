import { clusterOfState } from "./cluster.ts";
import { lookAtPods } from "./look.ts";
import { notReady } from "./pods.ts";
import { paragraph } from "./report.ts";

/** What is not ready in a namespace, why, and what usually mends it, in words; empty where all is ready. */
export async function reasonsNotReady(namespace: string, kubeconfig: string): Promise<string> {
  const api = await clusterOfState(kubeconfig);
  return notReady(await lookAtPods(api, [namespace]))
    .map(paragraph)
    .join("\n");
}
