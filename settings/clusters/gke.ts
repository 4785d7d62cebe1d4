import { z } from "zod";
import { cidr } from "../quantities.ts";
import { cloud } from "./cloud.ts";
import { network } from "./networks.ts";
import { nodePools } from "./node-pools.ts";

const rangeName = z.string().min(1);

const existingNetwork = z.strictObject({
  name: z.string().min(1).describe("Name of the VPC network."),
  subnetwork: z.string().min(1).describe("Name of its subnetwork in the cluster's region."),
  pods: rangeName.describe("Name of the subnetwork's secondary range for pods."),
  services: rangeName.describe("Name of the subnetwork's secondary range for Services."),
  nat: z
    .boolean()
    .default(false)
    .describe("Makes a router and NAT in it. `false` where private nodes reach the internet already."),
});

const networks = z.strictObject({
  existing: existingNetwork.optional().describe("A network that is there already. Default: one is made."),
  nodes: network.default("10.0.0.0/20").describe("Addresses of nodes."),
  pods: network.default("10.4.0.0/14").describe("Addresses of pods: each node takes 256 of them."),
  services: network.default("10.8.0.0/20").describe("Addresses of Services."),
  controlPlane: network.default("172.16.0.0/28").describe("Addresses of the control plane, a /28."),
  privateNodes: z
    .boolean()
    .default(true)
    .describe("Nodes without public addresses, which reach the internet by NAT."),
});

const controlPlane = z.strictObject({
  endpoint: z
    .enum(["dns", "ip"])
    .default("dns")
    .describe(
      "How the Kubernetes API is reached: `dns`, a name that Google guards by IAM, or `ip`, an address for `authorizedNetworks`.",
    ),
  authorizedNetworks: z
    .array(cidr)
    .default([])
    .describe("IPv4 networks that may connect to the address of the control plane, in CIDR notation."),
});

const maintenance = z.strictObject({
  days: z
    .array(z.enum(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]))
    .min(1)
    .default(["SA", "SU"])
    .describe("Days of the week."),
  start: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: "must be a time of day like 03:00" })
    .default("03:00")
    .describe("Start, in UTC."),
  hours: z.int().min(4).max(23).default(6).describe("Length in hours."),
});

/** Settings of a cluster of Google Kubernetes Engine. */
export const gke = z
  .strictObject({
    provider: z.literal("gke"),
    ...cloud,
    project: z
      .string()
      .regex(/^[a-z][-a-z0-9:.]{4,62}$/, {
        error: "must be the id of a Google Cloud project, like my-project-1",
      })
      .optional()
      .describe("Google Cloud project, by id. Default: `gcp:project`, else `GOOGLE_PROJECT`."),
    location: z
      .string({
        error: ({ input }) =>
          `${input === undefined ? "is missing; set it to" : "must be"} a zone like europe-west1-b, or a region like europe-west1`,
      })
      .regex(/^[a-z]+-[a-z]+\d+(-[a-z])?$/, {
        error: "must be a zone like europe-west1-b, or a region like europe-west1",
      })
      .describe(
        "A zone, or a region for a control plane in three zones: dearer, and it stays up while it is upgraded.",
      ),
    nodeZones: z
      .array(z.string().regex(/^[a-z]+-[a-z]+\d+-[a-z]$/, { error: "must be a zone, like europe-west1-b" }))
      .min(1)
      .optional()
      .describe(
        "Zones of the nodes. Default: one, because traffic between zones costs and disks cannot follow a pod.",
      ),
    existing: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Name of a cluster that is there already: it gets the pools of `nodePools` and nothing else.",
      ),
    channel: z
      .enum(["RAPID", "REGULAR", "STABLE", "EXTENDED"])
      .default("REGULAR")
      .describe("Release channel, by which Google upgrades the cluster."),
    maintenance: maintenance
      .optional()
      .describe("When Google may upgrade the cluster. Default: at any time."),
    deletionProtection: z
      .boolean()
      .default(false)
      .describe("Refuses to delete the cluster. To destroy it, set `false` and run `pulumi up` first."),
    network: networks.prefault({}).describe("Network of the cluster."),
    controlPlane: controlPlane.prefault({}).describe("Who reaches the Kubernetes API, and how."),
    auth: z
      .enum(["plugin", "token"])
      .default("plugin")
      .describe(
        "How Pulumi logs in to Kubernetes: `gke-gcloud-auth-plugin` as gcloud's own account, or a `token` of an hour, with which `pulumi destroy` and `refresh` need `--run-program`.",
      ),
    enableApis: z
      .boolean()
      .default(true)
      .describe("Enables the APIs of the project that are needed, and leaves them enabled."),
    dns: z
      .strictObject({
        zone: z.string().min(1).describe("Name of the managed zone in Cloud DNS, not its domain."),
        project: z.string().min(1).optional().describe("Project of the zone. Default: the cluster's."),
      })
      .optional()
      .describe("Cloud DNS zone that gets a record for the `host` of each release."),
    storageClass: z
      .string()
      .min(1)
      .optional()
      .describe("Storage class for volumes. Default: the cluster's own, `standard-rwo`."),
    nodePools: nodePools().prefault({}),
  })
  .describe("A cluster of Google Kubernetes Engine.");

/** Settings of a cluster of Google Kubernetes Engine. */
export type GkeSettings = z.output<typeof gke>;
