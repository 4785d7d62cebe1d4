import { nodeTaints } from "../../providers/cloud/node-pools.ts";
import { isGpuMachine, nodeImage } from "../../providers/eks/facts.ts";
import type { Problem, Report } from "../problems.ts";
import type { ExposeSettings } from "../releases/release.ts";
import type { Settings } from "../schema.ts";
import type { EksSettings } from "./eks.ts";
import { type Fault, loadBalancerFaults, networkFaults } from "./eks-network-rules.ts";
import type { NodePool } from "./node-pools.ts";
import { checkPools, type PoolTraits } from "./pool-rules.ts";

/** What node groups of EKS can do. */
const TRAITS: PoolTraits = { cloud: "eks", severalMachineTypes: true };

/** The rules of a cluster on EKS, beyond the schema. */
export function checkEks(cluster: EksSettings, releases: Settings["releases"], report: Report): Problem[] {
  const otherNodes = cluster.existing !== undefined;
  const faults = [
    ...existingFaults(cluster),
    ...networkFaults(cluster),
    ...loadBalancerFaults(cluster),
    ...adminFaults(cluster),
    ...tagFaults(cluster),
    ...Object.entries(cluster.nodePools).flatMap(([name, pool]) => poolFaults(name, pool)),
  ];
  return [
    ...faults.map(([path, message]) => report(["cluster", ...path], message)),
    ...checkPools(cluster.nodePools, { ...TRAITS, otherNodes }, releases, report),
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

/** Settings of the control plane and its network, which a cluster that is there already has its own of. */
function existingFaults({
  existing,
  admins,
  logs,
  addons,
  network,
  deletionProtection,
}: EksSettings): Fault[] {
  if (existing === undefined) return [];
  const given: Readonly<Record<string, boolean>> = {
    admins: admins.length > 0,
    logs: logs !== undefined,
    addons: Object.keys(addons).length > 0,
    deletionProtection,
    "network.zones": network.zones !== undefined,
  };
  return Object.entries(given)
    .filter(([, isGiven]) => isGiven)
    .map(([key]) => [key.split("."), "is a matter of the existing cluster; remove it here"]);
}

const PRINCIPAL = /^arn:aws(-cn|-us-gov)?:iam::\d{12}:(role|user)\/.+$/;

function adminFaults({ admins }: EksSettings): Fault[] {
  return admins.flatMap((arn, index): Fault[] => {
    const path = ["admins", String(index)];
    const session = /^arn:aws[\w-]*:sts::(\d{12}):assumed-role\/([^/]+)/.exec(arn);
    if (session !== null)
      return [[path, `is a session; name its role, like arn:aws:iam::${session[1]}:role/${session[2]}`]];
    if (!PRINCIPAL.test(arn))
      return [[path, "must be the ARN of an IAM role or user, like arn:aws:iam::123456789012:role/admin"]];
    return admins.indexOf(arn) === index ? [] : [[path, "stands there twice; remove one"]];
  });
}

/** What Amazon takes in tags, without the comma and the equals sign that part the tags of a load balancer. */
const TAG = /^[\p{L}\p{Z}\p{N}_.:/+@-]*$/u;

function tagFaults({ tags, owner }: EksSettings): Fault[] {
  const message = "has characters that Amazon's tags do not take; use letters, digits, spaces and _.:/+@-";
  const values = [
    ...Object.entries(tags).map(([key, text]) => [["tags", key], text] as const),
    [["owner"], owner ?? ""] as const,
  ];
  return values.filter(([, text]) => !TAG.test(text)).map(([path]) => [path, message]);
}

/** Labels that EKS keeps for Kubernetes and for itself. */
const RESERVED_LABEL = /(^|\.)(kubernetes\.io|k8s\.io|eks\.amazonaws\.com)\//;

function labelFaults(at: (...path: string[]) => string[], labels: NodePool["labels"]): Fault[] {
  return Object.entries(labels).flatMap(([key, value]): Fault[] => {
    if (RESERVED_LABEL.test(key))
      return [[at("labels", key), "has a key that EKS keeps for itself; rename it"]];
    return value === "" ? [[at("labels", key), "has no value, and EKS wants one; write true"]] : [];
  });
}

/** Longest key of a node label that still fits the tag by which the autoscaler learns of it: 128 characters in all. */
const LONGEST_LABEL_KEY = 128 - "k8s.io/cluster-autoscaler/node-template/label/".length;

function poolFaults(name: string, pool: NodePool): Fault[] {
  const at = (...path: string[]) => ["nodePools", name, ...path];
  const images = new Set(pool.machineType.map(nodeImage));
  const gpus = pool.machineType.some(isGpuMachine);
  const keys = nodeTaints(pool).map(({ key }) => key);
  const long = [...Object.keys(pool.labels), ...keys].find((key) => key.length > LONGEST_LABEL_KEY);
  const faults: (Fault | false)[] = [
    images.size > 1 && [
      at("machineType"),
      "names machine types with different processors or GPUs, which take different images; make a pool for each",
    ],
    (pool.gpu !== undefined || pool.role === "gpu") &&
      !gpus && [at("machineType"), "has no GPU; name one that has, like g5.xlarge"],
    pool.diskType !== undefined &&
      !/^gp[23]$/.test(pool.diskType) && [at("diskType"), "must be gp3 or gp2; write gp3"],
    long !== undefined && [
      at(),
      `has a label or taint key of ${long.length} characters; the autoscaler reads at most ${LONGEST_LABEL_KEY}, so shorten it`,
    ],
  ];
  return [...labelFaults(at, pool.labels), ...faults.filter((fault) => fault !== false)];
}
