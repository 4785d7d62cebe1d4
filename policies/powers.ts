import { type Fields, fields, HELM_RELEASE, list, type Planned, parts } from "./planned.ts";
import { containersOf, type Pod, podsOf } from "./pods.ts";

/** Containers without a size: of pods, and of what charts make of their values. */
export function unsized(resource: Planned): readonly string[] {
  const own = podsOf(resource)
    .flatMap(containersOf)
    .filter(({ resources }) => !isSize(fields(resources)))
    .map(
      ({ name }) => `container ${name} has no requests of cpu and memory, or no limit of memory; set both`,
    );
  if (resource.type !== HELM_RELEASE) return own;
  return parts(resource.inputs.values)
    .filter(({ value }) => value.image !== undefined && value.enabled !== false && !isSized(value))
    .filter(({ path }) => !/(^|\.)(profileList|kubespawner_override|choices)(\.|$)/.test(path))
    .map(({ path }) => `values.${path} has an image and no size; set requests and limits`);
}

/** Whether a part of a chart's values says how large its pods are, each chart in its own words. */
function isSized(part: Fields): boolean {
  if (isSize(fields(part.resources))) return true;
  const { memory, scheduler, worker } = part;
  if (scheduler !== undefined && worker !== undefined)
    return isSized(fields(scheduler)) && isSized(fields(worker));
  const { limit, guarantee, request } = fields(memory);
  return limit !== undefined && (guarantee ?? request) !== undefined;
}

function isSize({ requests, limits }: Fields): boolean {
  const { cpu, memory } = fields(requests);
  return cpu !== undefined && memory !== undefined && fields(limits).memory !== undefined;
}

/** Pods that get the token of their namespace's default ServiceAccount, for which they have no use. */
export function needlessTokens(resource: Planned): readonly string[] {
  return podsOf(resource)
    .filter(
      ({ spec }) => spec.serviceAccountName === undefined && spec.automountServiceAccountToken !== false,
    )
    .map(() => "its pods get a token of Kubernetes; set automountServiceAccountToken: false");
}

/** The annotation by which a pod says why the profile does not suit it. */
const REASON = "dask/unrestricted";

/** Pods that the restricted Pod Security profile would refuse. */
export function unrestricted(resource: Planned): readonly string[] {
  return podsOf(resource)
    .filter(({ annotations }) => typeof annotations[REASON] !== "string")
    .flatMap(faultsOfPod);
}

function faultsOfPod(pod: Pod): readonly string[] {
  const { spec } = pod;
  const context = fields(spec.securityContext);
  const volumes = list(spec.volumes).map(fields);
  const faults: readonly (readonly [boolean, string])[] = [
    [["hostNetwork", "hostPID", "hostIPC"].some((key) => spec[key] === true), "shares the node's namespaces"],
    [volumes.some(({ hostPath }) => hostPath !== undefined), "mounts a path of the node"],
  ];
  return [
    ...faults.filter(([wrong]) => wrong).map(([, fault]) => `${fault}; do without`),
    ...containersOf(pod).flatMap((each) => faultsOfContainer(each, context)),
  ];
}

function faultsOfContainer(container: Fields, pod: Fields): readonly string[] {
  const own = fields(container.securityContext);
  const { runAsNonRoot, runAsUser, seccompProfile } = { ...pod, ...own };
  const { drop } = fields(own.capabilities);
  const faults: readonly (readonly [boolean, string])[] = [
    [runAsNonRoot !== true || runAsUser === 0, "may run as root; set runAsNonRoot"],
    [fields(seccompProfile).type !== "RuntimeDefault", "has no seccompProfile; set RuntimeDefault"],
    [own.allowPrivilegeEscalation !== false, "may gain privileges; set allowPrivilegeEscalation: false"],
    [own.privileged === true, "is privileged; do without"],
    [!list(drop).includes("ALL"), "keeps capabilities; drop ALL"],
  ];
  return faults.filter(([wrong]) => wrong).map(([, fault]) => `container ${container.name} ${fault}`);
}
