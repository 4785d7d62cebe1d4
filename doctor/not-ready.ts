import { clusterOfState } from "./cluster.ts";
import { lookAtPods } from "./look.ts";
import type { ContainerStatus, Pod } from "./objects.ts";
import { notReady, type Running } from "./pods.ts";
import { paragraph } from "./report.ts";

/**
 * What is not ready in a namespace, why, and what usually mends it, in words; empty where all is ready.
 *
 * For the log of an update, which more people read than a namespace: without pods of users, and without what programs
 * print.
 */
export async function reasonsNotReady(namespace: string, kubeconfig: string): Promise<string> {
  const api = await clusterOfState(kubeconfig);
  const running = await lookAtPods(api, [namespace], { logs: false });
  return notReady(withoutPrivate(running)).map(paragraph).join("\n");
}

/** What runs in a namespace, without the pods and claims of users and the last words of programs; pure. */
export function withoutPrivate(running: Running): Running {
  return {
    ...running,
    pods: running.pods.filter(({ metadata }) => !isOfUser(metadata.labels)).map(silent),
    claims: running.claims.filter(({ metadata }) => !isOfUser(metadata.labels)),
    logs: {},
  };
}

/** Whether an object belongs to a user of a hub, of a gateway or of an operator. */
function isOfUser(labels: Readonly<Record<string, string>>): boolean {
  if (/^singleuser-(server|storage)$/.test(labels.component ?? "")) return true;
  // A gateway's own pods carry its instance too.
  const part = labels["app.kubernetes.io/component"] ?? "";
  if ("gateway.dask.org/instance" in labels && /^dask-(scheduler|worker)$/.test(part)) return true;
  return "dask.org/cluster-name" in labels;
}

function silent(pod: Pod): Pod {
  const { initContainerStatuses, containerStatuses } = pod.status;
  return {
    ...pod,
    status: {
      ...pod.status,
      initContainerStatuses: initContainerStatuses.map(withoutWords),
      containerStatuses: containerStatuses.map(withoutWords),
    },
  };
}

/** A container leaves its last words in the message of its end, and Kubernetes may copy its log there. */
function withoutWords(container: ContainerStatus): ContainerStatus {
  const quiet = ({ terminated, ...state }: ContainerStatus["state"]) => ({
    ...state,
    ...(terminated === undefined ? {} : { terminated: { ...terminated, message: "" } }),
  });
  return { ...container, state: quiet(container.state), lastState: quiet(container.lastState) };
}
