import type { Bench } from "./sandbox.ts";

/** Kinds that come and go by themselves. */
const RESTLESS = ["events", "events.events.k8s.io", "endpointslices.discovery.k8s.io", "endpoints"];

/** Leases by which the cluster's own parts live; all others belong to somebody. */
const OWN_LEASES =
  /^Lease (kube-node-lease\/|kube-system\/(apiserver-|kube-(controller-manager|scheduler|proxy)))/;

/** Every object of every kind and namespace of the API server, as `kind namespace/name`, sorted. */
export async function inventory({ kubectl }: Bench): Promise<string[]> {
  const kinds = (await kubectl("api-resources", "--verbs=list", "-o", "name"))
    .split("\n")
    .filter((kind) => !RESTLESS.includes(kind));
  const list = await kubectl("get", kinds.join(","), "--all-namespaces", "--ignore-not-found", "-o", "json");
  const { items } = JSON.parse(list) as {
    items: { kind: string; metadata: { namespace?: string; name: string } }[];
  };
  return items
    .map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`)
    .filter((each) => !OWN_LEASES.test(each))
    .sort();
}
