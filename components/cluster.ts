import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { ServiceType } from "../settings/clusters/cluster.ts";
import type { Placement, Role } from "../settings/placement.ts";
import type { ExposeSettings } from "../settings/releases/release.ts";

/** How a Service leaves the cluster, as data: what a component needs to write the Service. */
export interface Exposure {
  readonly type: ServiceType;
  readonly annotations: Readonly<Record<string, pulumi.Input<string>>>;
  /** Address that the load balancer is asked to take. */
  readonly loadBalancerIP?: pulumi.Input<string>;
  /** Address that the load balancer will have, where it is known before the Service is made. */
  readonly address?: pulumi.Input<string>;
  /** Networks that may connect, in CIDR notation; load balancers only. */
  readonly allowFrom?: readonly string[];
  /** Host or address under which NodePorts are reached; NodePort only. */
  readonly nodeAddress?: pulumi.Input<string>;
}

/** What every provider gives, and all that releases know of a cluster. */
export interface Cluster {
  /** The Kubernetes provider of everything inside the cluster, with a stable `clusterIdentifier`. */
  readonly provider: k8s.Provider;
  /** Kubeconfig with one context, as YAML or JSON text; secret. */
  readonly kubeconfig: pulumi.Output<string>;
  /** Storage class of volumes; `undefined` means the cluster's default class. */
  readonly storageClass?: pulumi.Input<string>;
  /**
   * Answers how a Service is exposed; `settings` is what its release asks for.
   *
   * A cloud may make an address for it: `name` must be one of its kind in the stack, and be asked for once.
   */
  expose(name: string, settings: ExposeSettings): Exposure;
  /** Where pods of a role run. */
  placement(role: Role): Placement;
  /**
   * Makes the DNS record of a host; absent where the settings name no zone.
   *
   * @param host full name, without a dot at its end
   * @param target what `expose` answered as `address`, else the address or host name that the load balancer got
   */
  dns?(host: string, target: pulumi.Input<string>): pulumi.Resource;
  /** Commands that reach the cluster by other ways than `kubectl`, by what they do: `ssh` to a master. */
  readonly commands?: Readonly<Record<string, pulumi.Output<string>>>;
  /**
   * Whether the stack made the cluster, so that `pulumi destroy` takes it down with all that makes disks and load
   * balancers go; `false` for one that was there already, whatever the stack has added to it.
   */
  readonly madeByStack: boolean;
  /** All that in-cluster resources need while they live and while they are torn down. */
  readonly ready: readonly pulumi.Resource[];
}
