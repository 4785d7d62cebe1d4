import * as pulumi from "@pulumi/pulumi";
import type { Exposure } from "../../components/cluster.ts";
import type { ExposeSettings } from "../../settings/releases/release.ts";
import type { Tags } from "../cloud/tags.ts";
import * as aws from "./aws.ts";
import type { EksContext } from "./context.ts";
import type { EksNetwork } from "./network.ts";

/** Start of the annotations that Amazon's part of Kubernetes reads on a Service of type LoadBalancer. */
const ANNOTATION = "service.beta.kubernetes.io/aws-load-balancer";

/**
 * How a Service leaves the cluster: by a Network Load Balancer, with a host name of Amazon's choice or an Elastic IP.
 *
 * The annotation of its kind must stay while the Service lives: a change would leave the old load balancer behind.
 */
export function exposeEks(
  service: string,
  wanted: ExposeSettings,
  context: EksContext,
  network: EksNetwork,
): Exposure {
  const type = wanted.type ?? "LoadBalancer";
  if (type !== "LoadBalancer") return { type, annotations: wanted.annotations };
  const { loadBalancer } = context.settings;
  const address = loadBalancer.static ? elasticIp(service, context, network) : undefined;
  const subnets = loadBalancer.internal
    ? network.privateSubnets
    : network.publicSubnets.slice(0, loadBalancer.subnets);
  return {
    type,
    annotations: {
      [`${ANNOTATION}-type`]: "nlb",
      [`${ANNOTATION}-additional-resource-tags`]: tagList(context.tags),
      ...(loadBalancer.internal ? { [`${ANNOTATION}-internal`]: "true" } : {}),
      ...(subnets.length === 0 ? {} : { [`${ANNOTATION}-subnets`]: list(subnets) }),
      ...(address === undefined ? {} : { [`${ANNOTATION}-eip-allocations`]: address.allocationId }),
      ...wanted.annotations,
    },
    ...(address === undefined ? {} : { address: address.publicIp }),
    ...(wanted.allowFrom === undefined ? {} : { allowFrom: wanted.allowFrom }),
  };
}

function elasticIp(service: string, { name, addresses, parent }: EksContext, network: EksNetwork): aws.Eip {
  const address = new aws.Eip(
    `endpoint-${service}`,
    { domain: "vpc", tags: { Name: `${name}-${service}` } },
    { parent, dependsOn: [...network.resources] },
  );
  addresses.add(address);
  return address;
}

/** Tags as the annotation for them is written. */
export function tagList(tags: Tags): string {
  return Object.entries(tags)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}

function list(ids: readonly pulumi.Input<string>[]): pulumi.Output<string> {
  return pulumi.all([...ids]).apply((all) => all.join(","));
}

const DNS_TTL_S = 300;

/** Makes the record of a host in Route 53: an address, or an alias, which may stand at the top of a zone too. */
export function recordEks(
  host: string,
  target: pulumi.Input<string>,
  zone: string,
  { settings, parent }: EksContext,
): pulumi.Resource {
  const { zoneId } = aws.getZoneOutput({ name: zone }, { parent });
  const loadBalancers = aws.getHostedZoneIdOutput({ loadBalancerType: "network" }, { parent });
  return new aws.Record(
    host,
    {
      name: host,
      zoneId,
      type: "A",
      ...(settings.loadBalancer.static
        ? { ttl: DNS_TTL_S, records: [target] }
        : { aliases: [{ name: target, zoneId: loadBalancers.id, evaluateTargetHealth: false }] }),
    },
    { parent },
  );
}
