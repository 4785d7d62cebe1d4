import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { keyOf, SettingsError } from "../../settings/problems.ts";
import { show } from "../../settings/quantities.ts";
import { type ApiClient, connect } from "../existing/api-client.ts";
import { chosenContext, type KubeContext, selectContext } from "../existing/kubeconfig.ts";
import { wordsOf } from "./checks.ts";
import type { MagnumCluster } from "./cluster.ts";
import { rawConfig } from "./kubeconfig.ts";
import { notUp } from "./wishes.ts";

/** A cluster that is there already, as Magnum answered before anything is registered. */
export type FoundCluster = Pick<
  openstack.containerinfra.GetClusterResult,
  "id" | "kubeconfig" | "masterAddresses"
>;

/** Finds a cluster that is there already, by its name or id; Magnum signs a certificate each time, so ask it once. */
export function findMagnum(name: string): Promise<FoundCluster> {
  return openstack.containerinfra.getCluster({ name });
}

/**
 * Connects to the API of a cluster that is there already.
 *
 * @param own kubeconfig from `dask:secrets`, in place of the one that Magnum signed
 * @throws UserError for a cluster that Magnum does not tell, that has not come up, or an own kubeconfig that is none
 */
export async function reachMagnum(
  name: string,
  finding: Promise<FoundCluster>,
  own: string | undefined,
): Promise<ApiClient> {
  const found = await finding.catch((error: unknown) => {
    const remedy = `correct it, or look at it with: openstack coe cluster show ${name}`;
    throw unusable(name, `was not found (${wordsOf(error)}); ${remedy}`);
  });
  return connect(own === undefined ? signedContext(name, found) : chosenContext({}, own));
}

function signedContext(name: string, { kubeconfig }: FoundCluster): KubeContext {
  try {
    return selectContext(rawConfig(kubeconfig), name, process.cwd());
  } catch {
    // There is none, or one without an address.
    throw unusable(name, notUp(name));
  }
}

function unusable(name: string, message: string): SettingsError {
  return new SettingsError([{ key: keyOf(["cluster", "existing"]), value: show(name), message }]);
}

/** The same cluster as what hangs on it needs it. */
export function asFound({ id, kubeconfig, masterAddresses }: FoundCluster): MagnumCluster {
  return {
    id: pulumi.output(id),
    credentials: pulumi.secret(kubeconfig),
    masterAddresses: pulumi.output(masterAddresses),
    resources: [],
  };
}
