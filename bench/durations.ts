import type { Registered } from "../test/graph/mock-engine.ts";

/**
 * Typical minutes of what a stack waits for.
 *
 * Clusters: examples of pulumi/examples (GKE 3 to 5, EKS 10 to 15), NIC's documentation (EKS control plane about 10).
 * Nobody publishes a figure for Magnum: 10 is what its users' scripts allow. Node pools: 2i2c plans 10 minutes for many
 * nodes at once; the first node of a pool is there after about 3. Helm releases: images of JupyterHub and Dask have
 * about 1 GB, which a new node pulls in 1 to 2 minutes.
 */
const durations: Readonly<Record<string, number>> = {
  "gcp:container/cluster:Cluster": 5,
  "gcp:container/nodePool:NodePool": 3,
  "gcp:compute/network:Network": 0.7,
  "gcp:compute/subnetwork:Subnetwork": 0.5,
  "gcp:compute/router:Router": 0.3,
  "gcp:compute/routerNat:RouterNat": 0.3,
  "gcp:compute/address:Address": 0.1,
  "aws:eks/cluster:Cluster": 10,
  "aws:eks/nodeGroup:NodeGroup": 3,
  "aws:eks/addon:Addon": 0.7,
  "aws:ec2/natGateway:NatGateway": 2,
  "aws:ec2/vpc:Vpc": 0.2,
  "aws:ec2/subnet:Subnet": 0.2,
  "aws:iam/role:Role": 0.2,
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": 0.1,
  "openstack:containerinfra/clusterTemplate:ClusterTemplate": 0.1,
  "openstack:containerinfra/cluster:Cluster": 10,
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
