import type { Problem, Report } from "../problems.ts";
import type { Settings } from "../schema.ts";
import { checkEks } from "./eks-rules.ts";
import { checkGke } from "./gke-rules.ts";
import { checkHosts } from "./host-rules.ts";
import { checkMagnum } from "./magnum-rules.ts";

/** The rules of `dask:cluster`, and of what releases ask of it, beyond the schema. */
export function checkCluster(settings: Settings, report: Report): Problem[] {
  return [...checkProvider(settings, report), ...checkHosts(settings, report)];
}

function checkProvider({ cluster, secrets, releases }: Settings, report: Report): Problem[] {
  switch (cluster.provider) {
    case "existing": {
      const both = cluster.kubeconfig !== undefined && secrets.cluster?.kubeconfig !== undefined;
      const message = "must not be set beside the inline kubeconfig of dask:secrets; remove one of them";
      return both ? [report(["cluster", "kubeconfig"], message)] : [];
    }
    case "gke":
      return checkGke(cluster, releases, report);
    case "eks":
      return checkEks(cluster, releases, report);
    case "magnum":
      return checkMagnum(cluster, releases, report);
    default:
      return cluster satisfies never;
  }
}
