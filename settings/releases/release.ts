import { z } from "zod";
import { serviceType } from "../clusters/cluster.ts";
import { cidr, dnsLabel, duration } from "../quantities.ts";

const namespaceObject = z.strictObject({
  name: dnsLabel.describe("Name of the namespace."),
  create: z
    .boolean()
    .default(true)
    .describe("`false` where the namespace was handed to you: it is used and left alone."),
});

/** A namespace, by name or as `{ name, create: false }` where it was handed to the user. */
export const namespace = z.union([dnsLabel.transform((name) => ({ name, create: true })), namespaceObject], {
  error:
    "must be a namespace name or { name, create }; write { name: team, create: false } for one that was handed to you",
});

const exposeObject = z.strictObject({
  type: serviceType.optional().describe("Service type. Default: the way `dask:cluster` says."),
  allowFrom: z.array(cidr).min(1).optional().describe("Networks that may connect, in CIDR notation."),
  address: z
    .union([z.ipv4(), z.ipv6()], { error: "must be an IPv4 or IPv6 address; write 203.0.113.9" })
    .optional()
    .describe("Address that the load balancer is to take."),
  annotations: z.record(z.string(), z.string()).default({}).describe("Further annotations of the Service."),
});

/** How a Service is exposed: a Service type, or an object with `allowFrom`, `address` and `annotations`. */
export const expose = z.union([serviceType.transform((type) => exposeObject.parse({ type })), exposeObject], {
  error: "must be ClusterIP, NodePort, LoadBalancer or { type, allowFrom, address, annotations }",
});
/** How a Service is exposed; a missing `type` means the way the cluster says. */
export type ExposeSettings = z.output<typeof expose>;

/** Name of an exposed Service in DNS, without a port: that is the Service's own. */
export const host = z
  .string()
  .regex(/^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$/, {
    error: "must be a full host name in lower case, without scheme and port; write dask.example.org",
  });

/** Where a chart comes from instead of its pinned place. */
export const chart = z.strictObject({
  path: z.string().min(1).optional().describe("Directory or archive on this machine."),
  repo: z
    .url({ error: "must be a URL; write https://host/path or oci://host/path" })
    .optional()
    .describe("Chart repository, or an `oci://` registry."),
  version: z.string().min(1).optional().describe("Version of the chart."),
});
/** Where a chart comes from instead of its pinned place. */
export type ChartSettings = z.output<typeof chart>;

/** What every Helm release accepts. */
export const helm = {
  chart: chart
    .default({})
    .describe("Another chart source: a mirror, a directory, an archive or an OCI reference."),
  values: z
    .record(z.string(), z.unknown())
    .default({})
    .describe("Chart values merged last, over everything the stack sets."),
};

/** What every kind of release with generated tokens or passwords accepts. */
export const rotating = {
  rotation: z
    .union([z.string().min(1), z.int()], { error: "must be a word or a whole number; write 2" })
    .optional()
    .describe(
      "Any word or number: another one than before makes all generated tokens and passwords of the release anew and restarts what uses them.",
    ),
};

/** What every kind of release accepts. */
export const common = {
  namespace: namespace
    .optional()
    .describe("Namespace, a name or `{ name, create }`. Default: the release's name."),
  ...helm,
  smokeTest: z.boolean().optional().describe("Overrides `dask:smokeTest` for this release."),
  timeout: duration.default("15m").describe("How long to wait until the release is ready."),
};
