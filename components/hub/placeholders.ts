import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { HubSettings } from "../../settings/releases/jupyterhub.ts";
import type { Cluster } from "../cluster.ts";
import type { Namespace } from "../namespace.ts";
import { canonicalMemory } from "../quantity.ts";

/** What placeholders are made of. */
export interface PlaceholdersArgs {
  readonly settings: HubSettings;
  readonly cluster: Cluster;
  readonly namespace: Namespace;
}

/** Below every pod that asks for no priority, so that a user's server takes the place of a placeholder. */
const PRIORITY = -10;

/**
 * Keeps room free for the next users: pods of a server's size that do nothing and give way to everybody.
 *
 * The chart has such pods too, and a release of it waits for them: where users have filled the nodes it would fail.
 */
export function createPlaceholders(name: string, args: PlaceholdersArgs, parent: pulumi.Resource): void {
  const { settings, cluster, namespace } = args;
  if (settings.placeholders === 0) return;
  const opts = {
    parent,
    provider: cluster.provider,
    dependsOn: [...namespace.resources, ...cluster.ready],
  };
  const priority = new k8s.scheduling.v1.PriorityClass(
    `${name}-placeholder`,
    { value: PRIORITY, globalDefault: false, description: "Room that is kept free for users' servers." },
    opts,
  );
  new k8s.apps.v1.Deployment(
    `${name}-placeholder`,
    {
      metadata: { namespace: namespace.name, annotations: { "pulumi.com/skipAwait": "true" } },
      spec: {
        replicas: settings.placeholders,
        selector: { matchLabels: labels(name) },
        template: {
          metadata: { labels: labels(name) },
          spec: placeholderPod(settings, cluster, priority.metadata.name),
        },
      },
    },
    opts,
  );
}

function labels(name: string): Record<string, string> {
  return { "app.kubernetes.io/name": "user-placeholder", "app.kubernetes.io/instance": name };
}

function placeholderPod(
  { user: { cores, memory }, pauseImage }: HubSettings,
  cluster: Cluster,
  priorityClassName: pulumi.Input<string>,
): k8s.types.input.core.v1.PodSpec {
  return {
    priorityClassName,
    terminationGracePeriodSeconds: 0,
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, runAsUser: 65534, seccompProfile: { type: "RuntimeDefault" } },
    ...cluster.placement("user"),
    containers: [
      {
        name: "pause",
        image: pauseImage,
        resources: {
          requests: { cpu: String(cores.guarantee), memory: canonicalMemory(memory.guarantee) },
          limits: { cpu: String(cores.guarantee), memory: canonicalMemory(memory.guarantee) },
        },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
      },
    ],
  };
}
