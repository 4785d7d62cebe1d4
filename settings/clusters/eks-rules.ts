import type { Fault, Problem, Report } from "../problems.ts";
import type { ExposeSettings } from "../releases/release.ts";
import type { Settings } from "../schema.ts";
import type { EksSettings } from "./eks.ts";
import { gpusOf } from "./eks-facts.ts";
import { loadBalancerFaults, networkFaults } from "./eks-network-rules.ts";
import { MOST_TAGS, poolFaults, roomFaults } from "./eks-pool-rules.ts";
import { decidedAlready } from "./existing-rules.ts";
import { aligned } from "./networks.ts";
import { checkPools, type PoolTraits } from "./pool-rules.ts";

/** What node groups of EKS can do. */
export function eksTraits({ existing }: Pick<EksSettings, "existing">): PoolTraits {
  return { cloud: "eks", severalMachineTypes: true, otherNodes: existing !== undefined, gpus: gpusOf };
}

/** The rules of a cluster on EKS, beyond the schema. */
export function checkEks(cluster: EksSettings, releases: Settings["releases"], report: Report): Problem[] {
  const faults = [
    ...versionFaults(cluster),
    ...networkFaults(cluster),
    ...endpointFaults(cluster),
    ...loadBalancerFaults(cluster),
    ...adminFaults(cluster),
    ...tagFaults(cluster),
    ...poolFaults(cluster),
    ...roomFaults(cluster),
  ];
  return [
    ...faults.map(([path, message]) => report(["cluster", ...path], message)),
    ...withoutEffect(cluster, report),
    ...checkPools(cluster.nodePools, eksTraits(cluster), releases, report),
  ];
}

/** What a load balancer of Amazon cannot do, and a release asks for: the key below `expose`, and why. */
export function eksExposureFault({
  address,
  allowFrom,
}: ExposeSettings): readonly [key: string, message: string] | undefined {
  if (address !== undefined)
    return [
      "address",
      "cannot be asked for on Amazon; remove it, and for an address that stays set dask:cluster.loadBalancer to { static: true, subnets: 1 }",
    ];
  if (allowFrom?.some((network) => network.includes(":")) === true)
    return ["allowFrom", "names IPv6 networks, which load balancers of EKS do not know; name IPv4 networks"];
  return undefined;
}

/** Settings that a cluster or a VPC which is there already has its own of. */
function withoutEffect({ existing, network }: EksSettings, report: Report): Problem[] {
  if (existing !== undefined) return decidedAlready(OF_A_CLUSTER, report);
  if (network.existing === undefined) return [];
  return decidedAlready(["network.cidr"], report, "is a matter of the existing VPC; remove it here");
}

const OF_A_CLUSTER = [
  "version",
  "network.cidr",
  "network.serviceCidr",
  "network.zones",
  "endpoint",
  "admins",
  "addons",
  "logs",
  "deletionProtection",
];

/** The oldest minor version of Kubernetes that the charts work with. */
const OLDEST_MINOR = 30;

function versionFaults({ version, existing }: EksSettings): Fault[] {
  if (existing !== undefined || Number(version.slice("1.".length)) >= OLDEST_MINOR) return [];
  const message = `is older than 1.${OLDEST_MINOR}, the first that the charts work with; name one in standard support: aws eks describe-cluster-versions`;
  return [[["version"], message]];
}

/** Amazon takes networks only as they start. */
function endpointFaults({ endpoint, existing }: EksSettings): Fault[] {
  if (existing !== undefined) return [];
  return endpoint.allowFrom.flatMap((cidr, index): Fault[] => {
    const message = `is not the first address of its network; write ${aligned(cidr)}`;
    return aligned(cidr) === cidr ? [] : [[["endpoint", "allowFrom", index], message]];
  });
}

const PRINCIPAL = /^arn:aws(-cn|-us-gov)?:iam::\d{12}:(role|user)\/.+$/;

function adminFaults({ admins }: EksSettings): Fault[] {
  return admins.flatMap((arn, index): Fault[] => {
    const path = ["admins", index];
    const session = /^arn:aws[\w-]*:sts::(\d{12}):assumed-role\/([^/]+)/.exec(arn);
    if (session !== null)
      return [[path, `is a session; name its role, like arn:aws:iam::${session[1]}:role/${session[2]}`]];
    if (!PRINCIPAL.test(arn))
      return [[path, "must be the ARN of an IAM role or user; write arn:aws:iam::<account>:role/<name>"]];
    return admins.indexOf(arn) === index ? [] : [[path, "stands there twice; remove one"]];
  });
}

/** What Amazon takes in tags, without the comma and the equals sign that part the tags of a load balancer. */
const TAG = /^[\p{L}\p{Z}\p{N}_.:/+@-]*$/u;

function tagFaults({ tags, owner }: EksSettings): Fault[] {
  const count = Object.keys(tags).length;
  if (count > MOST_TAGS)
    return [
      [["tags"], `are ${count}, and with those of stack and cluster only ${MOST_TAGS} fit; remove some`],
    ];
  const message = "has characters that Amazon's tags do not take; use letters, digits, spaces and _.:/+@-";
  const values = [
    ...Object.entries(tags).map(([key, text]) => [["tags", key], text] as const),
    [["owner"], owner ?? ""] as const,
  ];
  return values.filter(([, text]) => !TAG.test(text)).map(([path]) => [path, message]);
}
