import type * as pulumi from "@pulumi/pulumi";
import type { EksSettings } from "../../settings/clusters/eks.ts";
import type { Tags } from "../cloud/tags.ts";
import type { EndpointAddresses } from "./addresses.ts";

/** What all parts of a cluster on EKS are made from. */
export interface EksContext {
  readonly settings: EksSettings;
  /** Name of the cluster, and the start of the names of its parts. */
  readonly name: string;
  /** Tags for what the provider of Amazon does not tag by itself. */
  readonly tags: Tags;
  /** Elastic IPs of endpoints. */
  readonly addresses: EndpointAddresses;
  /** Parent of all parts; it hands them the provider of Amazon for the region. */
  readonly parent: pulumi.Resource;
}
