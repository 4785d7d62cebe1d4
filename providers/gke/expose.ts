import * as pulumi from "@pulumi/pulumi";
import type { Exposure } from "../../components/cluster.ts";
import type { GkeSettings } from "../../settings/clusters/gke.ts";
import type { ExposeSettings } from "../../settings/releases/release.ts";
import { recordType, recordValue } from "../cloud/dns-record.ts";
import { cloudName } from "../cloud/naming.ts";
import * as gcp from "./gcp.ts";
import type { GkeContext } from "./network.ts";

/** Annotations that GKE reads on a Service of type LoadBalancer. */
const ADDRESS_ANNOTATION = "networking.gke.io/load-balancer-ip-addresses";
const TYPE_ANNOTATION = "networking.gke.io/load-balancer-type";

/** How a Service leaves the cluster: by a load balancer with an address of its own, known before the Service is. */
export function exposeGke(name: string, wanted: ExposeSettings, context: GkeContext): Exposure {
  const type = wanted.type ?? "LoadBalancer";
  const { annotations } = wanted;
  if (type !== "LoadBalancer") return { type, annotations };
  const allowFrom = wanted.allowFrom === undefined ? {} : { allowFrom: wanted.allowFrom };
  if (wanted.address !== undefined) {
    return { type, annotations, loadBalancerIP: wanted.address, address: wanted.address, ...allowFrom };
  }
  // An internal load balancer takes its address from the subnetwork.
  if (TYPE_ANNOTATION in annotations || ADDRESS_ANNOTATION in annotations) {
    return { type, annotations, ...allowFrom };
  }
  const address = staticAddress(name, context);
  return {
    type,
    annotations: {
      // The kind that is made of backend services; an older one would not take the address by name.
      "cloud.google.com/l4-rbs": "enabled",
      [ADDRESS_ANNOTATION]: address.name,
      ...annotations,
    },
    address: address.address,
    ...allowFrom,
  };
}

/** A regional address: a global one is for HTTP load balancers only. */
function staticAddress(service: string, context: GkeContext): gcp.Address {
  const { name, project, region, labels, description, parent, apis } = context;
  return new gcp.Address(
    service,
    {
      name: cloudName({ max: 63 }, name, service),
      project,
      region,
      addressType: "EXTERNAL",
      labels,
      description,
    },
    { parent, dependsOn: [...apis] },
  );
}

const DNS_TTL_S = 300;

/** The DNS record of a host in the zone of the settings. */
export function recordGke(
  host: string,
  target: pulumi.Input<string>,
  { zone, project }: NonNullable<GkeSettings["dns"]>,
  context: GkeContext,
): pulumi.Resource {
  return new gcp.RecordSet(
    host,
    {
      project: project ?? context.project,
      managedZone: zone,
      name: `${host}.`,
      type: pulumi.output(target).apply(recordType),
      ttl: DNS_TTL_S,
      rrdatas: [pulumi.output(target).apply(recordValue)],
    },
    { parent: context.parent, dependsOn: [...context.apis] },
  );
}
