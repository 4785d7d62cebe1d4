import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { Cluster, Exposure } from "../components/cluster.ts";
import type { ExistingSettings } from "../settings/clusters/cluster.ts";
import type { Placement, Role } from "../settings/placement.ts";
import type { ExposeSettings } from "../settings/releases/release.ts";
import { type ApiClient, connect } from "./existing/api-client.ts";
import { chosenContext, type KubeContext, writeKubeconfig } from "./existing/kubeconfig.ts";
import { providerArgs } from "./kubernetes.ts";

/** An existing cluster that was reached: how it is spoken to and what tells it from others. */
export interface ReachedCluster {
  readonly context: KubeContext;
  readonly api: ApiClient;
  /** UID of the `kube-system` namespace, or the server's URL where the user may not read that. */
  readonly identifier: string;
}

/**
 * Finds the cluster that the settings name and speaks to it once.
 *
 * @param inline kubeconfig from `dask:secrets`, in place of a file
 * @throws KubeconfigError for a kubeconfig or context that cannot be used, ApiError for a cluster that does not answer
 */
export async function reachExisting(settings: ExistingSettings, inline?: string): Promise<ReachedCluster> {
  const context = chosenContext(settings, inline);
  const api = await connect(context);
  return { context, api, identifier: await identify(api) };
}

async function identify(api: ApiClient): Promise<string> {
  const answer = await api.get("/api/v1/namespaces/kube-system");
  return answer.kind === "found" ? namespace.parse(answer.object).metadata.uid : api.server;
}

const namespace = z.object({ metadata: z.object({ uid: z.string() }) });

/** A cluster that is there already, as the contract that releases know. */
export function createExisting(settings: ExistingSettings, reached: ReachedCluster): Cluster {
  const kubeconfig = pulumi.secret(writeKubeconfig(reached.context));
  const provider = new k8s.Provider("cluster", providerArgs(kubeconfig, reached.identifier));
  return {
    provider,
    kubeconfig,
    ...(settings.storageClass === undefined ? {} : { storageClass: settings.storageClass }),
    expose: (_name, wanted) => exposeExisting(settings, new URL(reached.api.server).hostname, wanted),
    placement: (role) => placementExisting(settings, role),
    madeByStack: false,
    ready: [],
  };
}

/** How a Service leaves an existing cluster: the type asked for, else the one that the cluster offers. */
export function exposeExisting(
  settings: ExistingSettings,
  apiHost: string,
  wanted: ExposeSettings,
): Exposure {
  return {
    type: wanted.type ?? settings.expose,
    annotations: wanted.annotations,
    ...(wanted.address === undefined ? {} : { loadBalancerIP: wanted.address }),
    ...(wanted.allowFrom === undefined ? {} : { allowFrom: wanted.allowFrom }),
    nodeAddress: settings.nodeAddress ?? apiHost,
  };
}

function placementExisting(settings: ExistingSettings, role: Role): Placement {
  return settings.placement[role] ?? { nodeSelector: {}, tolerations: [] };
}
