import type { Calls, Registered, Run, States } from "./mock-engine.ts";

/** What the Google provider answers beside the inputs. */
export const gcpStates: States = {
  "gcp:compute/address:Address": (name) => ({ address: `198.51.100.${10 + (name.length % 200)}` }),
  "gcp:serviceaccount/account:Account": (_name, { accountId, project }) => ({
    email: `${accountId}@${project}.iam.gserviceaccount.com`,
    member: `serviceAccount:${accountId}@${project}.iam.gserviceaccount.com`,
  }),
  "gcp:container/cluster:Cluster": (_name, inputs) => ({
    ...networkOf(inputs),
    id: `projects/${inputs.project}/locations/${inputs.location}/clusters/${inputs.name}`,
    endpoint: "203.0.113.5",
    masterAuth: { clusterCaCertificate: "Q0E=" },
    controlPlaneEndpointsConfig: {
      dnsEndpointConfig: { endpoint: "gke-0123.europe-west1.gke.goog", allowExternalTraffic: true },
    },
  }),
};

/** Where a cluster stands, as Google answers it: by paths, whatever it was given. */
function networkOf({ name, network, subnetwork }: Record<string, unknown>) {
  const nameOf = (given: unknown) => (/-id$/.test(String(given)) ? name : given);
  return {
    network: `projects/my-project/global/networks/${nameOf(network)}`,
    subnetwork: `projects/my-project/regions/europe-west1/subnetworks/${nameOf(subnetwork)}`,
  };
}

/** Answers of the Google provider's functions. */
export const gcpCalls: Calls = {
  "gcp:organizations/getClientConfig:getClientConfig": () => ({ accessToken: "ya29.token" }),
  "gcp:container/getCluster:getCluster": ({ name, project, location }) => ({
    id: `projects/${project}/locations/${location}/clusters/${name}`,
    name,
    endpoint: "203.0.113.6",
    masterAuths: [{ clusterCaCertificate: "Q0E=" }],
    controlPlaneEndpointsConfigs: [{ dnsEndpointConfigs: [{ endpoint: "gke-9.europe-west1.gke.goog" }] }],
    workloadIdentityConfigs: [{ workloadPool: `${project}.svc.id.goog` }],
  }),
};

/** What the OpenStack provider answers beside the inputs: Magnum's cluster, and addresses of Neutron. */
export const openstackStates: States = {
  "openstack:containerinfra/cluster:Cluster": (name, { labels }) => ({
    apiAddress: "https://198.51.100.5:6443",
    // The Cluster API driver tells none; this label is written for it alone.
    masterAddresses: "csi_cinder_reclaim_policy" in Object(labels) ? [] : ["198.51.100.5"],
    kubeconfig: { raw_config: `kubeconfig of ${name}`, host: "https://198.51.100.5:6443" },
  }),
  "openstack:networking/floatingIp:FloatingIp": (name) => ({
    address: `198.51.100.${10 + (name.length % 200)}`,
  }),
};

/** Answers of the OpenStack provider's functions. */
export const openstackCalls: Calls = {
  "openstack:containerinfra/getClusterTemplate:getClusterTemplate": ({ name }) => ({
    name,
    id: `uuid-of-${name}`,
  }),
  "openstack:containerinfra/getCluster:getCluster": ({ name }) => ({
    name,
    id: `uuid-of-${name}`,
    masterAddresses: ["198.51.100.6"],
    kubeconfig: { raw_config: `kubeconfig of ${name}` },
  }),
  "openstack:networking/getPortIds:getPortIds": ({ fixedIp }) => ({ ids: [`port-of-${fixedIp}`] }),
  "openstack:dns/getDnsZone:getDnsZone": ({ name }) => ({ name, id: `zone-of-${name}` }),
};

const EKS_ARN = "arn:aws:eks:eu-central-1:123456789012:cluster/";

/** What the Amazon provider answers beside the inputs. */
export const awsStates: States = {
  "aws:eks/cluster:Cluster": (_name, inputs) => ({
    arn: `${EKS_ARN}${inputs.name}`,
    endpoint: "https://0A1B.gr7.eu-central-1.eks.amazonaws.com",
    certificateAuthority: { data: "Q0E=" },
  }),
  "aws:eks/nodeGroup:NodeGroup": (name) => ({
    resources: [{ autoscalingGroups: [{ name: `eks-${name}-asg` }], remoteAccessSecurityGroupId: "" }],
  }),
  "aws:iam/role:Role": (name) => ({ arn: `arn:aws:iam::123456789012:role/${name}`, name: `${name}-1a2b3c4` }),
  "aws:ec2/eip:Eip": (name) => ({ allocationId: `eipalloc-${name}`, publicIp: "203.0.113.20" }),
  "aws:ec2/launchTemplate:LaunchTemplate": () => ({ latestVersion: 3 }),
};

/** Answers of the Amazon provider's functions. */
export const awsCalls: Calls = {
  "aws:index/getAvailabilityZones:getAvailabilityZones": () => ({
    names: ["eu-central-1c", "eu-central-1a", "eu-central-1b"],
  }),
  "aws:eks/getCluster:getCluster": ({ name }) => ({
    name,
    arn: `${EKS_ARN}${name}`,
    endpoint: "https://2C3D.gr7.eu-central-1.eks.amazonaws.com",
    certificateAuthorities: [{ data: "Q0E=" }],
    version: "1.34",
  }),
  "aws:eks/getClusterAuth:getClusterAuth": ({ name }) => ({ name, token: "k8s-aws-v1.token" }),
  "aws:route53/getZone:getZone": () => ({ zoneId: "Z0123" }),
  "aws:lb/getHostedZoneId:getHostedZoneId": () => ({ id: "Z0NLB" }),
};

/** What the providers of every cloud answer beside the inputs; each cloud adds its own. */
export const cloudStates: States = {
  ...gcpStates,
  ...awsStates,
  ...openstackStates,
  // One of a chart is read back, so it has a spec that nobody stated here.
  "kubernetes:core/v1:Service": (_name, inputs) => ({
    spec: inputs.spec ?? { type: "LoadBalancer", ports: [] },
    status: { loadBalancer: { ingress: [{ ip: "203.0.113.10" }] } },
  }),
};
/** Answers of every cloud's functions; each cloud adds its own. */
export const cloudCalls: Calls = {
  ...gcpCalls,
  ...awsCalls,
  ...openstackCalls,
  // The charts, of which the program wants the CRDs alone: those of the test have none.
  "kubernetes:helm:template": () => ({ result: [] }),
};

/** Whether a resource lives inside the cluster: a Kubernetes object or a Helm release. */
export function isInCluster({ type }: Registered): boolean {
  return type.startsWith("kubernetes:");
}

/** Whether a resource belongs to the cloud: all but what is in the cluster, what is random and components. */
export function isOfCloud({ type }: Registered): boolean {
  return /^(gcp|aws|openstack):/.test(type);
}

/** URNs that stand more than once among the resources of a run: the engine refuses such a program. */
export function duplicateNames({ resources }: Run): string[] {
  const urns = resources.map((each) => each.urn);
  return urns.filter((urn, index) => urns.indexOf(urn) !== index);
}
