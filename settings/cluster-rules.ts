import type { Problem, Report } from "./problems.ts";
import type { Settings } from "./schema.ts";

/** The rules of `dask:cluster`, beyond the schema. */
export function checkCluster({ cluster, secrets }: Settings, report: Report): Problem[] {
  switch (cluster.provider) {
    case "existing": {
      const both = cluster.kubeconfig !== undefined && secrets.cluster?.kubeconfig !== undefined;
      const message = "must not be set beside the inline kubeconfig of dask:secrets; remove one of them";
      return both ? [report(["cluster", "kubeconfig"], message)] : [];
    }
    default:
      return cluster.provider satisfies never;
  }
}
