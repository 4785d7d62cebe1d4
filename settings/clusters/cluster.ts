import { z } from "zod";
import { placement, roles } from "../placement.ts";
import { eks } from "./eks.ts";
import { gke } from "./gke.ts";
import { magnum } from "./magnum.ts";

/** How a Service can leave a cluster, in Kubernetes' own words. */
export const serviceType = z.enum(["ClusterIP", "NodePort", "LoadBalancer"]);
export type ServiceType = z.output<typeof serviceType>;

const existing = z
  .strictObject({
    provider: z.literal("existing"),
    kubeconfig: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Path of the kubeconfig. Default: the first file of `KUBECONFIG`, else `~/.kube/config`. An inline kubeconfig goes to `dask:secrets` as `cluster.kubeconfig`.",
      ),
    context: z
      .string()
      .min(1)
      .optional()
      .describe("Context of the kubeconfig. Default: its current context."),
    storageClass: z
      .string()
      .min(1)
      .optional()
      .describe("Storage class for volumes. Default: the cluster's own."),
    expose: serviceType
      .default("ClusterIP")
      .describe(
        "How this cluster lets Services out: `LoadBalancer`, `NodePort` or not at all (`ClusterIP`).",
      ),
    nodeAddress: z
      .string()
      .min(1)
      .optional()
      .describe("Address under which NodePorts are reached. Default: the host of the API server."),
    placement: z
      .partialRecord(z.enum(roles), placement)
      .default({})
      .describe("Node selectors and tolerations by role: `core`, `user`, `scheduler`, `worker`, `gpu`."),
  })
  .describe("A cluster that is there already: kind, minikube, k3s, anything.");

/** Settings of `dask:cluster`, one shape for each provider. */
export const cluster = z.discriminatedUnion("provider", [existing, gke, eks, magnum], {
  error: ({ code }: { readonly code?: string | undefined }) =>
    code === "invalid_type"
      ? "is missing; set it to a map of keys, with provider one of existing, gke, eks, magnum"
      : undefined,
});

/** Settings of `dask:cluster`. */
export type ClusterSettings = z.output<typeof cluster>;
/** Settings of a cluster that is there already. */
export type ExistingSettings = z.output<typeof existing>;
