import type { GkeSettings } from "../../settings/clusters/gke.ts";
import { UserError } from "../../settings/problems.ts";
import { type ApiClient, connect } from "../existing/api-client.ts";
import { selectContext } from "../existing/kubeconfig.ts";
import { apiOf, NO_DNS_ENDPOINT } from "./api.ts";
import * as gcp from "./gcp.ts";
import { gkeKubeconfig } from "./kubeconfig.ts";

/**
 * Finds a cluster of Google Kubernetes Engine that is there already and connects to its API, before anything is
 * registered.
 *
 * @throws UserError for a cluster that is not there, or cannot be reached as the settings say
 */
export async function reachGke(settings: GkeSettings, project: string, name: string): Promise<ApiClient> {
  const { location } = settings;
  const found = await gcp.getCluster({ name, project, location }).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(
      `dask:cluster.existing: no cluster ${name} was found in ${location} of ${project} (${reason}); correct it, location or project`,
    );
  });
  const api = apiOf(
    settings,
    found.controlPlaneEndpointsConfigs[0]?.dnsEndpointConfigs[0]?.endpoint,
    found.endpoint,
    found.masterAuths[0]?.clusterCaCertificate,
  );
  if (api === undefined) throw new UserError(NO_DNS_ENDPOINT);
  const token = settings.auth === "token" ? (await gcp.getClientConfig()).accessToken : undefined;
  return connect(selectContext(gkeKubeconfig(name, api, token), name, process.cwd()));
}
