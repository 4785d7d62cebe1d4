import type * as pulumi from "@pulumi/pulumi";
import { ownsPostgresCrds } from "../../settings/releases/crd-rules.ts";
import { needsPostgresOperator } from "../../settings/releases/database-rules.ts";
import type { Settings } from "../../settings/schema.ts";
import { chartRelease } from "../chart.ts";
import type { Cluster } from "../cluster.ts";
import { createNamespace } from "../namespace.ts";
import { OPERATOR_RELEASE } from "./chart.ts";
import { operatorValues } from "./values.ts";

/** The operator that runs every Postgres of the cluster. */
export interface PostgresOperator {
  /** What every Postgres depends on; empty where the operator was there already. */
  readonly resources: readonly pulumi.Resource[];
}

/** Makes the operator once for the whole cluster, where a release needs it and nobody else runs one. */
export function createPostgresOperator(settings: Settings, cluster: Cluster): PostgresOperator {
  if (!needsPostgresOperator(settings)) return { resources: [] };
  const { postgres } = settings;
  const namespace = createNamespace(postgres.namespace, cluster);
  const values = operatorValues(cluster.placement("core"), ownsPostgresCrds(settings));
  const release = chartRelease(
    OPERATOR_RELEASE,
    { chart: "cloudnative-pg", settings: postgres, values, cluster, namespace },
    {},
  );
  return { resources: [release] };
}
