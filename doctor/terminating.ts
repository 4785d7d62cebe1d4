import type { Finding } from "./findings.ts";
import type { Namespace } from "./objects.ts";

/** An object that is still in a namespace that is being deleted. */
export interface Remaining {
  /** As `kubectl` takes it: `persistentvolumeclaims`, `daskclusters.gateway.dask.org`. */
  readonly resource: string;
  readonly name: string;
  readonly finalizers: readonly string[];
}

/** The resources that the namespace's controller still finds in it, as `kubectl` takes them; pure. */
export function remainingResources({ status }: Namespace): string[] {
  const said = status.conditions.find(
    ({ type, status: is }) => type === "NamespaceContentRemaining" && is === "True",
  );
  const found = [...(said?.message ?? "").matchAll(/([a-z0-9]+)\.([a-z0-9.-]*) has \d+ resource instances/g)];
  return found.map(([, resource = "", group = ""]) => (group === "" ? resource : `${resource}.${group}`));
}

/** Why a namespace that is being deleted does not go: the objects in it and who must let go of them; pure. */
export function terminating(namespace: Namespace, remaining: readonly Remaining[]): Finding[] {
  const { name, deletionTimestamp } = namespace.metadata;
  if (deletionTimestamp === undefined) return [];
  const held = remaining.filter(({ finalizers }) => finalizers.length > 0);
  const problem = `the namespace ${name} is being deleted since ${deletionTimestamp} and does not go`;
  return [
    ...held.map((object) => ({
      problem: `${problem}: ${object.resource} ${object.name} holds it by the finalizer ${object.finalizers.join(", ")}`,
      evidence: conditionsOf(namespace),
      remedy: finalizerRemedy(name, object),
    })),
    ...(held.length > 0 ? [] : withoutHolder(namespace, remaining, problem)),
  ];
}

function withoutHolder(namespace: Namespace, remaining: readonly Remaining[], problem: string): Finding[] {
  const evidence = [
    ...conditionsOf(namespace),
    ...remaining.map(({ resource, name }) => `${resource} ${name}`),
  ];
  const undiscovered = namespace.status.conditions.find(
    ({ type, status }) => type === "NamespaceDeletionDiscoveryFailure" && status === "True",
  );
  if (undiscovered !== undefined) {
    return [
      {
        problem: `${problem}: the API server cannot list all its kinds of objects`,
        evidence,
        remedy:
          "a service behind the API is gone: bring it back, or delete its entry (kubectl get apiservices shows which is not Available)",
      },
    ];
  }
  return [
    {
      problem,
      evidence,
      remedy: "its objects are going: --fix waits for them, or look again in a minute",
      fix: { kind: "await-namespace", name: namespace.metadata.name },
    },
  ];
}

function conditionsOf({ status }: Namespace): string[] {
  return status.conditions.filter((each) => each.status === "True").map(({ message }) => message);
}

/** Who owns a finalizer, and what lets it go; the first that fits. */
const OWNERS: readonly [finalizer: RegExp, remedy: string][] = [
  [/pvc-protection/, "a pod still uses the claim: delete the pod"],
  [/pv-protection/, "a claim still uses the volume: delete the claim"],
  [
    /load-balancer/,
    "the cloud has not deleted the load balancer: its controller must run, and its words are in the events of the Service",
  ],
  [/external-attacher|external-provisioner/, "the storage driver must run to delete the disk"],
];

function finalizerRemedy(namespace: string, { resource, name, finalizers }: Remaining): string {
  const owner = OWNERS.find(([pattern]) => finalizers.some((each) => pattern.test(each)));
  if (owner !== undefined) return owner[1];
  const patch = `kubectl patch ${resource} ${name} -n ${namespace} --type=merge -p '{"metadata":{"finalizers":null}}'`;
  return `the controller that owns it is gone or fails: bring it back; where nothing is left for it to clean up: ${patch}`;
}
