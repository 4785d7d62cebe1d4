import { z } from "zod";
import { clusterRoles } from "../components/dask-gateway/chart.ts";
import type { ApiClient } from "../providers/existing/api-client.ts";
import { keyOf, type Problem } from "../settings/problems.ts";
import { gatewayRelease } from "../settings/releases/dask-gateway-rules.ts";
import { namespaceOf } from "../settings/releases/namespace-rules.ts";
import type { Settings } from "../settings/schema.ts";

const clusterRole = z.object({
  metadata: z.object({
    annotations: z
      .object({
        "meta.helm.sh/release-name": z.string().optional(),
        "meta.helm.sh/release-namespace": z.string().optional(),
      })
      .default({}),
  }),
});

/**
 * Finds gateways whose ClusterRoles belong to somebody else's Helm release: Helm would stop half-way.
 *
 * Release names need only be unique in a namespace, but the chart names cluster-wide objects after them.
 */
export async function takenClusterRoles(settings: Settings, api: ApiClient): Promise<Problem[]> {
  const found = await Promise.all(
    Object.entries(settings.releases).map(async ([name, release]) => {
      const helmRelease = gatewayRelease(name, release);
      const [role] = helmRelease === undefined ? [] : clusterRoles(helmRelease);
      if (helmRelease === undefined || role === undefined) return [];
      const answer = await api.get(`/apis/rbac.authorization.k8s.io/v1/clusterroles/${role}`);
      if (answer.kind !== "found") return [];
      const { annotations } = clusterRole.parse(answer.object).metadata;
      const owner = `${annotations["meta.helm.sh/release-namespace"]}/${annotations["meta.helm.sh/release-name"]}`;
      if (owner === `${namespaceOf(name, release).name}/${helmRelease}`) return [];
      const whose = owner.includes("undefined")
        ? "was made by other means"
        : `belongs to the Helm release ${owner}`;
      const message = `would make the ClusterRole ${role}, which ${whose}; choose another name for this release`;
      return [{ key: keyOf(["releases", name]), message }];
    }),
  );
  return found.flat();
}
