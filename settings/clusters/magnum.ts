import { z } from "zod";
import { bytes, cidr, dnsLabel, duration, memory } from "../quantities.ts";
import { cloud } from "./cloud.ts";
import { network as cidrv4 } from "./networks.ts";
import { nodePools } from "./node-pools.ts";

const nameOrId = z.string().min(1);

/** Size of a volume: whole gigabytes, as Magnum counts them. */
const volume = memory.refine((size) => bytes(size) % 1e9 === 0, {
  error: "must be whole gigabytes; write 50G",
});

const ownTemplate = z.strictObject({
  image: nameOrId.describe(
    "Image of the nodes, by name or id. It must carry the property `os_distro`, by which Magnum picks its driver.",
  ),
  externalNetwork: nameOrId.describe("Name of the network that has the floating IPs."),
  masterMachineType: nameOrId.describe("Flavour of the masters."),
  networkDriver: z
    .enum(["calico", "cilium", "flannel"])
    .default("calico")
    .describe("Network of the pods; `flannel` enforces no NetworkPolicies, `cilium` needs `driver: capi`."),
  dnsServers: z
    .array(z.union([z.ipv4(), z.ipv6()], { error: "must be the address of a DNS server, like 192.0.2.53" }))
    .min(1)
    .optional()
    .describe("DNS servers of the nodes. Default: the cloud's."),
});

const masters = z.strictObject({
  count: z
    .literal([1, 3, 5], {
      error: "must be 1, 3 or 5, so that a majority of them can agree; use one of these",
    })
    .default(1)
    .describe(
      "Number of masters. They stand behind a load balancer: always with a template of our own, else as the template says.",
    ),
  machineType: nameOrId.optional().describe("Flavour of the masters. Default: the template's."),
});

const existingNetwork = z.strictObject({
  name: nameOrId.describe("Name or id of the network."),
  subnet: nameOrId.optional().describe("Name or id of its subnet. Default: Magnum's choice."),
});

const network = z.strictObject({
  existing: existingNetwork
    .optional()
    .describe("A network that is there already; it needs a router to the outside. Default: one is made."),
  nodes: cidrv4
    .optional()
    .describe("Addresses of the nodes in a network that is made. Default: the cloud's."),
});

const api = z.strictObject({
  floatingIp: z
    .boolean()
    .optional()
    .describe(
      "Whether the Kubernetes API has a floating IP, at its load balancer. Without one, `driver: capi` works only where the cloud's Cluster API management cluster reaches the network of the nodes. Default: yes with a template of our own, else the template's way.",
    ),
  allowFrom: z
    .array(cidr)
    .min(1)
    .optional()
    .describe(
      "Networks that may connect to the Kubernetes API, in CIDR notation. With `driver: capi` the addresses by which the cloud's Cluster API management cluster goes out must be among them, or the cluster never comes up. Default: the template's.",
    ),
});

const ssh = z.strictObject({
  user: z
    .string()
    .regex(/^[a-z_][-a-z0-9_]*$/, { error: "must be the name of a user of the image, like core or ubuntu" })
    .describe("User of the image, like `core` or `ubuntu`."),
  floatingIp: z.boolean().default(false).describe("Gives the first master a floating IP of its own."),
});

const loadBalancer = z.strictObject({
  provider: z
    .enum(["amphora", "ovn"])
    .optional()
    .describe("Octavia provider of the load balancers; `ovn` knows no `allowFrom`. Default: the cloud's."),
  idleTimeout: duration
    .default("1h")
    .describe("How long a silent connection stays open: Octavia's own 50 s would cut websockets."),
});

const ownStorageClass = z.strictObject({
  name: dnsLabel.default("cinder").describe("Name of the class."),
  provisioner: z
    .enum(["cinder.csi.openstack.org", "kubernetes.io/cinder"])
    .default("cinder.csi.openstack.org")
    .describe("Who makes the volumes; `kubernetes.io/cinder` for Kubernetes before 1.26."),
  isDefault: z
    .boolean()
    .optional()
    .describe(
      "Marks it as the cluster's default class. Default: with the Heat driver, which marks none itself.",
    ),
  volumeType: nameOrId.optional().describe("Type of the volumes in Cinder. Default: Cinder's."),
  availabilityZone: nameOrId.optional().describe("Availability zone of the volumes. Default: the node's."),
});

const groupName = z.string().regex(/^([a-z0-9.-]+\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/, {
  error: "must be the key of a label, like capi.stackhpc.com/node-group",
});

/** Settings of a cluster of OpenStack Magnum. */
export const magnum = z
  .strictObject({
    provider: z.literal("magnum"),
    ...cloud,
    existing: nameOrId
      .optional()
      .describe(
        "Name or id of a cluster that is there already: it gets the pools of `nodePools` and no more.",
      ),
    driver: z
      .enum(["capi", "heat"])
      .default("capi")
      .describe("Driver behind the cloud's Magnum: Cluster API, or Heat, which is being retired."),
    template: z
      .union([nameOrId, ownTemplate], {
        error: "must be the name of a cluster template, or { image, externalNetwork, masterMachineType }",
      })
      .optional()
      .describe(
        "Cluster template: the name or id of one of the cloud's, or a description of one to be made.",
      ),
    masters: masters.prefault({}).describe("The nodes of the control plane."),
    keypair: nameOrId.optional().describe("Name of a keypair that is there already, for ssh to the nodes."),
    publicKey: z
      .string()
      .trim()
      .regex(/^(ssh|ecdsa|sk)-\S+ \S+/, { error: "must be a public key, as ~/.ssh/id_ed25519.pub holds it" })
      .optional()
      .describe("Public key for ssh to the nodes, from which the stack makes a keypair."),
    ssh: ssh.optional().describe("How to log in to the first master; the command is an output."),
    network: network.prefault({}).describe("Network of the nodes."),
    nodeFloatingIps: z
      .boolean()
      .optional()
      .describe("Gives every node a floating IP. Default: the template's way."),
    api: api.prefault({}).describe("Who reaches the Kubernetes API, and how."),
    floatingIpPool: nameOrId
      .optional()
      .describe(
        "Name of the network that the floating IPs of endpoints come from. Default: the `externalNetwork` of a template of our own; else endpoints get addresses that are not known beforehand.",
      ),
    loadBalancer: loadBalancer.prefault({}).describe("Load balancers of the endpoints."),
    storageClass: z
      .union([dnsLabel, ownStorageClass], {
        error: "must be the name of a storage class of the cluster, or { name, volumeType, ... } to make one",
      })
      .optional()
      .describe(
        "Storage class for volumes: the name of one that is there, or a description of one to be made. Default: the cluster's own; with the Heat driver, which has none, `cinder` is made.",
      ),
    dockerVolume: volume
      .refine((size) => bytes(size) >= 10e9, { error: "must be at least 10G; raise it" })
      .optional()
      .describe(
        "Volume for images and containers of each node, at least 10G; Heat driver only. Default: none.",
      ),
    bootVolume: z
      .strictObject({
        size: volume.describe("Size, in whole gigabytes."),
        type: nameOrId.optional().describe("Type of the volume in Cinder. Default: Cinder's."),
      })
      .optional()
      .describe("Boots nodes from volumes. Default: from the disk of their flavour."),
    autoHealing: z.boolean().optional().describe("Replaces nodes that fail. Default: the template's way."),
    labels: z
      .record(z.string().min(1), z.string({ error: 'must be text; put it in quotes: "true"' }))
      .default({})
      .describe("Further labels of the Magnum cluster, which its driver reads; not changed later."),
    nodeGroupLabel: groupName
      .optional()
      .describe(
        "Label by which nodes carry the name of their node group. Default: `capi.stackhpc.com/node-group`; with Heat `magnum.openstack.org/nodegroup`.",
      ),
    devicePlugin: z
      .strictObject({
        install: z
          .boolean()
          .optional()
          .describe(
            "Whether the stack installs it. Default: with the Heat driver, where a pool has role `gpu`.",
          ),
        values: z
          .record(z.string(), z.unknown())
          .default({})
          .describe("Chart values merged last, over everything the stack sets."),
      })
      .prefault({})
      .describe(
        "NVIDIA's device plugin, which shows a node's GPUs to Kubernetes; the image brings the drivers.",
      ),
    emptyPools: z
      .boolean()
      .default(false)
      .describe("Whether the cloud's Magnum allows node groups without nodes, so that `min` may be 0."),
    createTimeout: duration.default("60m").describe("How long the cluster may take to come up."),
    deletionProtection: z
      .boolean()
      .default(false)
      .describe("Refuses to delete the cluster. To destroy it, set `false` and run `pulumi up` first."),
    dns: z
      .strictObject({
        zone: z
          .string()
          .regex(/^([a-z0-9_]([-a-z0-9_]*[a-z0-9])?\.)+[a-z0-9-]+\.?$/, {
            error: "must be the name of a zone, like example.org",
          })
          .describe("Name of a zone in Designate, like `example.org`."),
      })
      .optional()
      .describe("Designate zone that gets a record for the `host` of each release."),
    nodePools: nodePools(1).prefault({}),
  })
  .describe("A cluster of OpenStack Magnum.");

/** Settings of a cluster of OpenStack Magnum. */
export type MagnumSettings = z.output<typeof magnum>;
/** Settings of a cluster template that the stack makes. */
export type OwnTemplate = z.output<typeof ownTemplate>;
/** Settings of a storage class that the stack makes. */
export type OwnStorageClass = z.output<typeof ownStorageClass>;
