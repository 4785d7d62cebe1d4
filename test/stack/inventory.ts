import { eventually } from "../eventually.ts";
import type { Bench } from "./sandbox.ts";

/** Kinds that come and go by themselves. */
const RESTLESS = ["events", "events.events.k8s.io"];

/** Leases by which the cluster's own parts live; all others belong to somebody. */
const OWN_LEASES =
  /^Lease (kube-node-lease\/|kube-system\/(apiserver-|kube-(controller-manager|scheduler|proxy)))/;

/** Seconds in which the cluster takes away what it has made for a Service that is gone; most of it goes within one. */
const GONE_SECONDS = 120;

interface Item {
  readonly kind: string;
  readonly metadata: {
    readonly namespace?: string;
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

/**
 * Every object of every kind and namespace of the API server, as `kind namespace/name`, sorted.
 * Endpoints of Services that are there go without saying; those of others are waited for, and named where they stay.
 */
export async function inventory(bench: Bench): Promise<string[]> {
  const all = () => items(bench);
  const found = await eventually(all, (list) => stray(list).length === 0, GONE_SECONDS).catch(all);
  return [...found.filter((item) => serviceOf(item) === undefined), ...stray(found)]
    .map(named)
    .filter((each) => !OWN_LEASES.test(each))
    .sort();
}

async function items({ kubectl }: Bench): Promise<Item[]> {
  const kinds = (await kubectl("api-resources", "--verbs=list", "-o", "name"))
    .split("\n")
    .filter((kind) => !RESTLESS.includes(kind));
  const list = await kubectl("get", kinds.join(","), "--all-namespaces", "--ignore-not-found", "-o", "json");
  return (JSON.parse(list) as { items: Item[] }).items;
}

/** Endpoints without their Service. */
function stray(list: readonly Item[]): Item[] {
  const there = new Set(list.map(named));
  return list.filter((item) => {
    const service = serviceOf(item);
    return service !== undefined && !there.has(service);
  });
}

/** The Service that endpoints are of, as the inventory names it; undefined for objects of other kinds. */
function serviceOf({ kind, metadata: { namespace = "", name, labels = {} } }: Item): string | undefined {
  if (kind === "Endpoints") return `Service ${namespace}/${name}`;
  if (kind === "EndpointSlice") return `Service ${namespace}/${labels["kubernetes.io/service-name"] ?? name}`;
  return undefined;
}

function named({ kind, metadata: { namespace = "", name } }: Item): string {
  return `${kind} ${namespace}/${name}`;
}
