import { z } from "zod";
import { clusterRoles as gatewayRoles } from "../components/dask-gateway/chart.ts";
import { userSchedulerRole } from "../components/hub/chart.ts";
import type { ApiClient } from "../providers/existing/api-client.ts";
import { keyOf, type Problem } from "../settings/problems.ts";
import { gatewayRelease } from "../settings/releases/dask-gateway-rules.ts";
import { namespaceOf } from "../settings/releases/namespace-rules.ts";
import type { ReleaseSettings, Settings } from "../settings/schema.ts";

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
 * Finds releases whose ClusterRoles belong to somebody else's Helm release: Helm would stop half-way.
 *
 * Release names need only be unique in a namespace, but the charts of gateways and hubs name cluster-wide objects after
 * them.
 */
export async function takenClusterRoles(settings: Settings, api: ApiClient): Promise<Problem[]> {
  const wanted = Object.entries(settings.releases).flatMap(([name, release]) =>
    rolesOf(name, release).map((each) => ({ name, namespace: namespaceOf(name, release).name, ...each })),
  );
  const found = await Promise.all(
    wanted.map(async ({ name, namespace, helmRelease, role }) => {
      const answer = await api.get(`/apis/rbac.authorization.k8s.io/v1/clusterroles/${role}`);
      if (answer.kind !== "found") return [];
      const { annotations } = clusterRole.parse(answer.object).metadata;
      const owner = `${annotations["meta.helm.sh/release-namespace"]}/${annotations["meta.helm.sh/release-name"]}`;
      if (owner === `${namespace}/${helmRelease}`) return [];
      const whose = owner.includes("undefined")
        ? "was made by other means"
        : `belongs to the Helm release ${owner}`;
      const remedy = `choose another name for this release, like ${name}-2, and keep its namespace with namespace: ${namespace}`;
      const message = `would make the ClusterRole ${role}, which ${whose}; ${remedy}`;
      return [{ key: keyOf(["releases", name]), message }];
    }),
  );
  return found.flat();
}

interface Role {
  readonly helmRelease: string;
  readonly role: string;
}

/** One ClusterRole for each set that a chart makes: of the gateway, and of a hub's own scheduler. */
function rolesOf(name: string, release: ReleaseSettings): readonly Role[] {
  const helmRelease = gatewayRelease(name, release);
  const [role] = helmRelease === undefined ? [] : gatewayRoles(helmRelease);
  const packs = "userScheduler" in release && release.userScheduler;
  return [
    ...(helmRelease === undefined || role === undefined ? [] : [{ helmRelease, role }]),
    ...(packs ? [{ helmRelease: name, role: userSchedulerRole(name) }] : []),
  ];
}
