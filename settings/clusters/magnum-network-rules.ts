import type { Fault } from "../problems.ts";
import type { MagnumSettings } from "./magnum.ts";
import { overlap } from "./networks.ts";

/** What has addresses in a cluster beside its nodes. */
type Inside = "pods" | "Services";

/** Addresses of pods and Services by driver: values of capi-helm-charts; labels in Magnum's user guide for Heat. */
const RANGES: Readonly<Record<MagnumSettings["driver"], Readonly<Record<Inside, string>>>> = {
  capi: { pods: "172.16.0.0/13", Services: "172.24.0.0/13" },
  heat: { pods: "10.100.0.0/16", Services: "10.254.0.0/16" },
};

/** Labels by which drivers take other addresses, each network of pods its own; the usual one first. */
const LABELS: Readonly<Record<Inside, readonly [string, ...string[]]>> = {
  pods: ["calico_ipv4pool", "cilium_ipv4pool", "flannel_network_cidr"],
  Services: ["service_cluster_ip_range"],
};

/** A network that overlaps neither driver's. */
const APART = "10.0.0.0/24";

/** Overlaps of the nodes' network with those of pods and Services: what goes to one would end at the other. */
export function rangeFaults({ driver, existing, network, labels }: MagnumSettings): Fault[] {
  const { nodes } = network;
  if (existing !== undefined || network.existing !== undefined || nodes === undefined) return [];
  return (["pods", "Services"] as const)
    .filter((inside) => !LABELS[inside].some((label) => label in labels))
    .filter((inside) => overlap(nodes, RANGES[driver][inside]))
    .map((inside): Fault => {
      const message = `overlaps ${RANGES[driver][inside]}, which this driver gives to ${inside}; choose a network apart from it, like ${APART}, or set dask:cluster.labels.${LABELS[inside][0]} where your cloud has another`;
      return [["network", "nodes"], message];
    });
}
