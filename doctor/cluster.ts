import { z } from "zod";
import { type ApiClient, type ApiEditor, connect } from "../providers/existing/api-client.ts";
import { chosenContext, selectContext } from "../providers/existing/kubeconfig.ts";
import { UserError } from "../settings/problems.ts";
import type { Finding } from "./findings.ts";
import type { StackState } from "./state.ts";

/** Connects to the cluster that holds the stack. Throws a UserError where its kubeconfig cannot be used. */
export function clusterOfState(kubeconfig: string): Promise<ApiEditor> {
  return connect(selectContext(kubeconfig, "the stack's state", process.cwd()));
}

/**
 * What is wrong where the stack's cluster does not answer; pure.
 *
 * @param cluster `dask:cluster`
 */
export function unreachable(
  error: UserError,
  { helmReleases }: Pick<StackState, "helmReleases">,
  cluster: unknown,
): Finding {
  // Behind any other provider the stack has a cloud's resources, which this would leave to cost money.
  const all = existing.safeParse(cluster).success
    ? ", or pulumi stack rm --force forgets all of it at once"
    : "";
  return {
    problem: "the stack's cluster cannot be looked at",
    evidence: [error.message],
    remedy: `start the cluster or renew the login. Where it is gone for good: PULUMI_K8S_DELETE_UNREACHABLE=true pulumi destroy${withoutHelm(Object.values(helmReleases))}${all}`,
  };
}

/** What takes Helm releases out of a state: that variable does not reach them, nor can what others need be taken out. */
function withoutHelm(urns: readonly string[]): string {
  if (urns.length === 0) return "";
  const commands = urns.map((urn) => `pulumi state delete '${urn}'`).join(", ");
  return `; where that stops at a Helm release, take it out of the state and destroy again (${commands})`;
}

const existing = z.object({
  provider: z.literal("existing"),
  kubeconfig: z.string().optional(),
  context: z.string().optional(),
});

const inline = z.object({ cluster: z.object({ kubeconfig: z.string() }) });

/**
 * Connects to the cluster that the settings name now; `undefined` where they name none or it cannot be used.
 *
 * @param secrets `dask:secrets`, which may hold the kubeconfig
 */
export async function clusterOfSettings(cluster: unknown, secrets: unknown): Promise<ApiEditor | undefined> {
  const { data } = existing.safeParse(cluster);
  if (data === undefined) return undefined;
  return unlessUnusable(() => {
    const text = inline.safeParse(secrets).data?.cluster.kubeconfig;
    return connect(chosenContext(data, text));
  });
}

/** UID of the `kube-system` namespace of a cluster that may not answer. */
export function identityIfAny(api: ApiEditor | undefined): Promise<string | undefined> {
  return unlessUnusable(async () => (api === undefined ? undefined : identityOf(api)));
}

async function unlessUnusable<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

const withUid = z.object({ metadata: z.object({ uid: z.string() }) });

/** UID of a cluster's `kube-system` namespace: what tells it from others; `undefined` where the user may not see it. */
export async function identityOf(api: ApiClient): Promise<string | undefined> {
  const answer = await api.get("/api/v1/namespaces/kube-system");
  return answer.kind === "found" ? withUid.parse(answer.object).metadata.uid : undefined;
}
