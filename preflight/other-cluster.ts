import { z } from "zod";
import type { ApiClient } from "../providers/existing/api-client.ts";
import { keyOf, type Problem } from "../settings/problems.ts";
import type { OwnState } from "./own-state.ts";

const withUid = z.object({ metadata: z.object({ uid: z.string() }) });

/**
 * Finds that the kubeconfig now points at another cluster than the one that holds the stack.
 *
 * The engine would make everything anew there, and delete what it knows here through a kubeconfig of before.
 *
 * @param identifier what tells the kubeconfig's cluster from others, where it was asked for already
 */
export async function otherCluster(
  api: ApiClient,
  identifier: string | undefined,
  { clusterIdentifier }: OwnState,
): Promise<Problem[]> {
  if (!isUid(clusterIdentifier)) return [];
  const here = identifier ?? (await uidOf(api));
  if (!isUid(here) || here === clusterIdentifier) return [];
  const message =
    `points at another cluster (${api.server}) than the one that holds the stack; set existing, context or kubeconfig back, ` +
    "or take another stack for this cluster. Where the old one is gone for good: pulumi stack rm --force, stack init, up";
  return [{ key: keyOf(["cluster"]), message }];
}

async function uidOf(api: ApiClient): Promise<string | undefined> {
  const answer = await api.get("/api/v1/namespaces/kube-system");
  return answer.kind === "found" ? withUid.parse(answer.object).metadata.uid : undefined;
}

/** Whether a cluster's identifier tells it from others: where the user could not read the UID, a URL stands there. */
export function isUid(identifier: string | undefined): identifier is string {
  return identifier !== undefined && UID.test(identifier);
}

const UID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/;
