import { type Fields, fields, list, type Planned } from "./planned.ts";
import { containersOf, type Pod, podsOf } from "./pods.ts";

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
