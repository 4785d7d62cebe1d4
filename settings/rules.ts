import { z } from "zod";
import { END_SUFFIX } from "../components/dask-operator/chart.ts";
import { checkCluster } from "./clusters/cluster-rules.ts";
import { type Problem, problemAt, type Report } from "./problems.ts";
import { checkCrds } from "./releases/crd-rules.ts";
import {
  checkClusterRoles,
  checkDaskGateway,
  daskGatewayClaims,
  gatewayRelease,
} from "./releases/dask-gateway-rules.ts";
import { checkDaskOperator, daskOperatorClaims } from "./releases/dask-operator-rules.ts";
import { checkDask, daskClaims } from "./releases/dask-rules.ts";
import { checkDaskhub, daskhubClaims } from "./releases/daskhub-rules.ts";
import { checkPostgresOperator } from "./releases/database-rules.ts";
import { checkHub, hubClaims } from "./releases/jupyterhub-rules.ts";
import { checkNamespaces, checkSharing } from "./releases/namespace-rules.ts";
import type { ReleaseSettings, Settings } from "./schema.ts";
import { checkSecrets } from "./secret-rules.ts";

/** Finds what the schema alone cannot: settings that contradict each other or the cluster. */
export function check(settings: Settings, input: unknown): Problem[] {
  const report: Report = (path, message) => problemAt(path, input, message);
  return [
    ...checkCluster(settings, report),
    ...checkPostgresOperator(settings),
    ...Object.entries(settings.releases).flatMap(([name, release]) =>
      checkRelease(name, release, settings, report),
    ),
    ...checkNamespaces(settings),
    ...checkSharing(settings, claims),
    ...checkSecrets(settings, releaseNames(input)),
    ...checkCrds(settings),
    ...checkClusterRoles(settings),
  ];
}

const withReleases = z.object({ releases: z.record(z.string(), z.unknown()) });

/** The names of all releases of a file, those that the schema refuses included. */
function releaseNames(input: unknown): string[] {
  const { data } = withReleases.safeParse(input);
  return Object.keys(data?.releases ?? {});
}

function checkRelease(name: string, release: ReleaseSettings, settings: Settings, report: Report): Problem[] {
  if (name === "cluster")
    return [report(["releases", name], "is a name that dask:secrets needs itself; choose another")];
  switch (release.kind) {
    case "dask":
      return checkDask(name, release, settings, report);
    case "dask-gateway":
      return checkDaskGateway(name, release, settings, report);
    case "dask-operator":
      return checkDaskOperator(name, release, settings, report);
    case "jupyterhub":
      return checkHub(name, release, settings, report);
    case "daskhub":
      return checkDaskhub(name, release, settings, report);
    default:
      return release satisfies never;
  }
}

/** What a release makes in its namespace that no other may make there. */
function claims(name: string, release: ReleaseSettings): readonly string[] {
  const helmReleases = [name, ...helmReleasesBeside(name, release)];
  return [...helmReleases.map((each) => `the Helm release ${each}`), ...objectClaims(name, release)];
}

/** The Helm releases of a release beside the one of its own name. */
function helmReleasesBeside(name: string, release: ReleaseSettings): string[] {
  if (release.kind === "dask-operator") return [`${name}${END_SUFFIX}`];
  const gateway = gatewayRelease(name, release);
  return gateway === undefined || gateway === name ? [] : [gateway];
}

function objectClaims(name: string, release: ReleaseSettings): readonly string[] {
  switch (release.kind) {
    case "dask":
      return daskClaims(name, release);
    case "dask-gateway":
      return daskGatewayClaims(name);
    case "dask-operator":
      return daskOperatorClaims(name);
    case "jupyterhub":
      return hubClaims();
    case "daskhub":
      return daskhubClaims(name, release);
    default:
      return release satisfies never;
  }
}
