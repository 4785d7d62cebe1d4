import type { Calls, Registered, Run, States } from "./mock-engine.ts";

/** What the Google provider answers beside the inputs. */
export const gcpStates: States = {
  "gcp:compute/address:Address": (name) => ({ address: `198.51.100.${10 + (name.length % 200)}` }),
  "gcp:serviceaccount/account:Account": (_name, { accountId, project }) => ({
    email: `${accountId}@${project}.iam.gserviceaccount.com`,
    member: `serviceAccount:${accountId}@${project}.iam.gserviceaccount.com`,
  }),
  "gcp:container/cluster:Cluster": (_name, inputs) => ({
    id: `projects/${inputs.project}/locations/${inputs.location}/clusters/${inputs.name}`,
    endpoint: "203.0.113.5",
    masterAuth: { clusterCaCertificate: "Q0E=" },
    controlPlaneEndpointsConfig: {
      dnsEndpointConfig: { endpoint: "gke-0123.europe-west1.gke.goog", allowExternalTraffic: true },
    },
  }),
};

/** Answers of the Google provider's functions. */
export const gcpCalls: Calls = {
  "gcp:organizations/getClientConfig:getClientConfig": () => ({ accessToken: "ya29.token" }),
  "gcp:container/getCluster:getCluster": ({ name, project, location }) => ({
    id: `projects/${project}/locations/${location}/clusters/${name}`,
    name,
    endpoint: "203.0.113.6",
    masterAuths: [{ clusterCaCertificate: "Q0E=" }],
    controlPlaneEndpointsConfigs: [{ dnsEndpointConfigs: [{ endpoint: "gke-9.europe-west1.gke.goog" }] }],
  }),
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
