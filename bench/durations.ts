import type { Registered } from "../test/graph/mock-engine.ts";

/**
 * Typical minutes of what a stack waits for.
 *
 * Published are only clusters: GKE 3 to 5 (pulumi/examples, gcp-cs-gke); EKS 10 to 15 (pulumi/examples, aws-ts-eks), 13
 * to 16 measured in 21 regions (easontechtalk.com), 13 here. Nobody publishes a figure for Magnum: 15 is what the tests
 * of Azimuth allow for a platform. All others are our own estimates without a source; a first node of a pool after 3
 * minutes, and 1.5 for a release, whose images of about 1 GB a new node has to pull.
 */
const durations: Readonly<Record<string, number>> = {
  "gcp:container/cluster:Cluster": 5,
  "gcp:container/nodePool:NodePool": 3,
  "gcp:compute/network:Network": 0.7,
  "gcp:compute/subnetwork:Subnetwork": 0.5,
  "gcp:compute/router:Router": 0.3,
  "gcp:compute/routerNat:RouterNat": 0.3,
  "gcp:compute/address:Address": 0.1,
  "aws:eks/cluster:Cluster": 13,
  "aws:eks/nodeGroup:NodeGroup": 3,
  "aws:eks/addon:Addon": 0.7,
  "aws:ec2/natGateway:NatGateway": 2,
  "aws:ec2/vpc:Vpc": 0.2,
  "aws:ec2/subnet:Subnet": 0.2,
  "aws:iam/role:Role": 0.2,
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": 0.1,
  "openstack:containerinfra/clusterTemplate:ClusterTemplate": 0.1,
  "openstack:containerinfra/cluster:Cluster": 15,
  "openstack:containerinfra/nodeGroup:NodeGroup": 3,
  "kubernetes:helm.sh/v3:Release": 1.5,
  "kubernetes:batch/v1:Job": 0.5,
  "kubernetes:postgresql.cnpg.io/v1:Cluster": 1.5,
  "kubernetes:core/v1:Service": 1,
};

/** Typical minutes that it takes to make a resource; none for what is there at once, like a chart without pods. */
export function typicalMinutes({ type, inputs }: Registered): number {
  return String(inputs.chart).endsWith("/before-delete") ? 0 : (durations[type] ?? 0);
}
