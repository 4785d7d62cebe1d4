import { z } from "zod";
import { dnsLabel, duration } from "../quantities.ts";
import { cloud } from "./cloud.ts";
import { network as cidr } from "./networks.ts";
import { nodePools } from "./node-pools.ts";

const subnetId = z
  .string()
  .regex(/^subnet-[0-9a-f]+$/, { error: "must be the id of a subnet, like subnet-0a1b2c3d4e5f67890" });

const existingNetwork = z.strictObject({
  privateSubnets: z
    .array(subnetId)
    .min(1)
    .describe(
      "Ids of private subnets with a way out, in two or more zones. Nodes run in the first, so give the largest.",
    ),
  publicSubnets: z
    .array(subnetId)
    .default([])
    .describe("Ids of public subnets for load balancers. Default: those that carry the tag for them."),
});

const network = z.strictObject({
  cidr: cidr
    .default("10.0.0.0/16")
    .describe("Addresses of the VPC, a network of size `/16` to `/20`; every pod has one of them."),
  serviceCidr: cidr
    .default("172.20.0.0/16")
    .describe("Addresses of Services inside the cluster, of size `/12` to `/24`; apart from the VPC's."),
  zones: z
    .array(z.string().min(1))
    .optional()
    .describe(
      "Two or three zones, like `[eu-central-1a, eu-central-1b]`. All nodes run in the first: volumes and Dask's traffic stay in one zone. Default: the first two of the region.",
    ),
  existing: existingNetwork
    .optional()
    .describe("Subnets of a VPC that is there already. Default: the stack makes a VPC."),
});

const endpoint = z.strictObject({
  public: z
    .boolean()
    .default(true)
    .describe("Whether the API server is reached from outside the VPC; from inside it always is."),
  allowFrom: z
    .array(cidr)
    .min(1)
    .default(["0.0.0.0/0"])
    .describe("IPv4 networks that may connect from outside, in CIDR notation."),
});

const loadBalancer = z.strictObject({
  static: z
    .boolean()
    .default(false)
    .describe(
      "Gives every endpoint an Elastic IP that is known beforehand; needs `subnets: 1`. Default: a host name that Amazon chooses.",
    ),
  subnets: z
    .int()
    .min(1)
    .max(10)
    .optional()
    .describe("How many of the public subnets, from the first on, load balancers stand in. Default: all."),
  internal: z
    .boolean()
    .default(false)
    .describe("Whether endpoints are reached from inside the VPC and networks connected to it only."),
});

const logs = z.strictObject({
  types: z
    .array(z.enum(["api", "audit", "authenticator", "controllerManager", "scheduler"]))
    .min(1)
    .describe("Logs of the control plane that go to CloudWatch, where they cost by volume."),
  days: z
    .literal([1, 3, 5, 7, 14, 30, 60, 90, 180, 365])
    .default(30)
    .describe("Days after which log entries are removed."),
});

const values = z
  .record(z.string(), z.unknown())
  .default({})
  .describe("Chart values merged last, over everything the stack sets.");

const autoscaler = z.strictObject({
  install: z
    .boolean()
    .optional()
    .describe("Whether the stack installs it. Default: yes, unless the cluster is in `existing`."),
  scaleDownAfter: duration.default("10m").describe("How long a node stands idle before it is removed."),
  values,
});

const devicePlugin = z.strictObject({
  install: z
    .boolean()
    .optional()
    .describe(
      "Whether the stack installs it. Default: where a pool has GPUs, unless the cluster is in `existing`.",
    ),
  values,
});

const addons = ["vpc-cni", "kube-proxy", "eks-pod-identity-agent", "coredns", "aws-ebs-csi-driver"] as const;
/** Names of the EKS add-ons that a cluster gets. */
export type AddonName = (typeof addons)[number];

/** Settings of a cluster on Amazon EKS. */
export const eks = z
  .strictObject({
    provider: z.literal("eks"),
    region: z
      .string({
        error: ({ input }) =>
          input === undefined
            ? "is missing; set it to the name of a region, like eu-central-1"
            : "must be the name of a region; write one like eu-central-1",
      })
      .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, {
        error: "must be the name of a region; write one like eu-central-1",
      })
      .describe("Region of Amazon Web Services, like `eu-central-1`."),
    ...cloud,
    profile: z
      .string()
      .min(1)
      .optional()
      .describe("Profile of `~/.aws/config` with the credentials. Default: what the AWS CLI would take."),
    existing: z
      .string()
      .regex(/^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$/, { error: "must be the name of an EKS cluster" })
      .optional()
      .describe("Name of an EKS cluster that is there already. Default: the stack makes one."),
    version: z
      .string({ error: 'must be text; put it in quotes: "1.35"' })
      .regex(/^1\.\d{2}$/, { error: 'must be a minor version of Kubernetes in quotes, like "1.35"' })
      .default("1.35")
      .describe(
        "Minor version of Kubernetes in Amazon's standard support (`aws eks describe-cluster-versions`), one upwards at a time. Nodes follow it; add-ons by `addons`.",
      ),
    network: network.prefault({}).describe("The network of the cluster."),
    endpoint: endpoint.prefault({}).describe("Who reaches the API server."),
    auth: z
      .enum(["plugin", "token"])
      .default("plugin")
      .describe(
        "How Pulumi logs in to Kubernetes: `plugin` runs the AWS CLI; with a `token` of 15 minutes `pulumi destroy` and `refresh` need `--run-program`.",
      ),
    admins: z
      .array(z.string().min(1))
      .default([])
      .describe(
        "ARNs of further IAM roles and users that administer the cluster. Who creates it always does.",
      ),
    nodePools: nodePools().prefault({}),
    loadBalancer: loadBalancer.prefault({}).describe("How endpoints leave the cluster."),
    storageClass: dnsLabel
      .optional()
      .describe(
        "Storage class for volumes. Default: `gp3`, which the stack makes; the own default of a cluster in `existing`.",
      ),
    autoscaler: autoscaler.prefault({}).describe("The cluster autoscaler, which adds and removes nodes."),
    devicePlugin: devicePlugin
      .prefault({})
      .describe("NVIDIA's device plugin, which shows a node's GPUs to Kubernetes."),
    addons: z
      .partialRecord(
        z.enum(addons),
        z.string().regex(/^v\d/, { error: "must be a version, like v1.2.3-eksbuild.1" }),
      )
      .default({})
      .describe("Versions of EKS add-ons. Default: Amazon's, for the Kubernetes version at creation."),
    logs: logs.optional().describe("Logs of the control plane. Default: none."),
    dns: z
      .strictObject({ zone: z.string().min(1).describe("Name of a public hosted zone, like `example.org`.") })
      .optional()
      .describe("Route 53 zone in which the stack makes records for its hosts. Default: no records."),
    deletionProtection: z
      .boolean()
      .default(false)
      .describe("Refuses to destroy the cluster until this is false and `pulumi up` has run."),
  })
  .describe("A cluster on Amazon EKS.");

/** Settings of a cluster on Amazon EKS. */
export type EksSettings = z.output<typeof eks>;
