/*
 * The restricted profile of Kubernetes' Pod Security Standards, as pods of this project ask for it.
 */

/** What the restricted profile wants of a pod; images of Dask and Jupyter know the user 1000. */
export const RESTRICTED_POD = {
  runAsNonRoot: true,
  runAsUser: 1000,
  seccompProfile: { type: "RuntimeDefault" },
} as const;

/** What the restricted profile wants of each container beside its pod. */
export const RESTRICTED_CONTAINER = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
};

/** The annotation by which a pod says in one line why it cannot run under the restricted profile. */
export const UNRESTRICTED_ANNOTATION = "dask/unrestricted";
