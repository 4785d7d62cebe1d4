/**
 * The parts of `@pulumi/gcp` that the stack uses, each from its own file.
 *
 * The package's index would load and type-check all of Google Cloud: a fifth of a second at every start and 300 MB.
 */

export { Address } from "@pulumi/gcp/compute/address.js";
export { Firewall } from "@pulumi/gcp/compute/firewall.js";
export { type GetSubnetworkResult, getSubnetwork } from "@pulumi/gcp/compute/getSubnetwork.js";
export { Network } from "@pulumi/gcp/compute/network.js";
export { Router } from "@pulumi/gcp/compute/router.js";
export { RouterNat } from "@pulumi/gcp/compute/routerNat.js";
export { Subnetwork } from "@pulumi/gcp/compute/subnetwork.js";
// The default export is the live object; a named one would be read when this file is loaded.
export { default as config } from "@pulumi/gcp/config/vars.js";
export { Cluster, type ClusterArgs } from "@pulumi/gcp/container/cluster.js";
export { getCluster, getClusterOutput } from "@pulumi/gcp/container/getCluster.js";
export { NodePool, type NodePoolArgs } from "@pulumi/gcp/container/nodePool.js";
export { RecordSet } from "@pulumi/gcp/dns/recordSet.js";
export { getClientConfig, getClientConfigOutput } from "@pulumi/gcp/organizations/getClientConfig.js";
export { IAMMember } from "@pulumi/gcp/projects/iammember.js";
export { Service } from "@pulumi/gcp/projects/service.js";
export { Account } from "@pulumi/gcp/serviceaccount/account.js";
export type { container as types } from "@pulumi/gcp/types/input.js";
