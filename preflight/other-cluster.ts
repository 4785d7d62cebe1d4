import { z } from "zod";
import type { ApiClient } from "../providers/existing/api-client.ts";
import { keyOf, type Problem } from "../settings/problems.ts";
import type { OwnState } from "./own-state.ts";

const withUid = z.object({ metadata: z.object({ uid: z.string() }) });

/**
 * Finds that the kubeconfig now points at another cluster than the one that holds the stack.
 *
 * The engine would make everything anew there, and delete what it knows here through a kubeconfig of before.
 */
export async function otherCluster(api: ApiClient, { clusterIdentifier }: OwnState): Promise<Problem[]> {
  if (!isUid(clusterIdentifier)) return [];
  const answer = await api.get("/api/v1/namespaces/kube-system");
  if (answer.kind !== "found" || withUid.parse(answer.object).metadata.uid === clusterIdentifier) return [];
  const message =
    `points at another cluster (${api.server}) than the one that holds the stack; set context or kubeconfig back, ` +
    "or take another stack for this cluster. Where the old one is gone for good: pulumi stack rm --force, stack init, up";
  return [{ key: keyOf(["cluster"]), message }];
}

/** Whether a cluster's identifier tells it from others: where the user could not read the UID, a URL stands there. */
export function isUid(identifier: string | undefined): identifier is string {
  return identifier !== undefined && UID.test(identifier);
}

const UID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/;
