import { z } from "zod";
import { OWNER_LABEL } from "../components/namespace.ts";
import { objectPath } from "./paths.ts";

/*
 * The stack's state as `pulumi stack export --show-secrets` prints it, as far as it tells where the stack is and what
 * an interrupted run left.
 */

const SECRET = "4dabf18193072939515e22adb298388d";

const metadata = z.object({
  name: z.string().optional(),
  namespace: z.string().optional(),
  labels: z.record(z.string(), z.unknown()).optional(),
  annotations: z.record(z.string(), z.unknown()).optional(),
});
const named = z.looseObject({
  metadata: metadata.optional(),
  name: z.string().optional(),
  namespace: z.string().optional(),
});
const resource = z.looseObject({
  urn: z.string(),
  type: z.string(),
  id: z.string().optional(),
  external: z.boolean().optional(),
  delete: z.boolean().optional(),
  retainOnDelete: z.boolean().optional(),
  inputs: z.record(z.string(), z.unknown()).default({}),
});
const operation = z.object({ resource, type: z.string() });
const exported = z.object({
  deployment: z.object({
    resources: z.array(resource).nullish(),
    pending_operations: z.array(operation).nullish(),
  }),
});

/** An operation that a run began and did not end. */
export interface PendingOperation {
  readonly urn: string;
  /** Type of the resource: `kubernetes:core/v1:Namespace`. */
  readonly resource: string;
  /** `creating`, `updating`, `deleting` or `reading`. */
  readonly type: string;
  /** `<namespace>/<name>` of the Helm release that it is about. */
  readonly helmRelease?: string;
  /** API path of the plain object that it is about. */
  readonly path?: string;
  /** Whether the object's name was drawn: nobody would find it again. */
  readonly drawn?: true;
  /** Whether the object is to outlive the stack. */
  readonly kept?: true;
}

/** What the state says. */
export interface StackState {
  /** Kubeconfig of the cluster that the stack's objects are in; absent before the first of them. */
  readonly kubeconfig?: string;
  /** UID of that cluster's `kube-system` namespace, or what stands in for it. */
  readonly clusterIdentifier?: string;
  /** Value of the owner label of what the stack made. */
  readonly owner?: string;
  readonly pending: readonly PendingOperation[];
  /** The URNs of Helm releases, by `<namespace>/<name>`. */
  readonly helmReleases: Readonly<Record<string, string>>;
  /** The URNs of plain objects of Kubernetes, by their API path. */
  readonly objects: Readonly<Record<string, string>>;
  /** Namespaces that the stack made. */
  readonly ownNamespaces: readonly string[];
  /** All namespaces that hold something of the stack. */
  readonly namespaces: readonly string[];
}

/** Reads an exported state; pure. Throws a ZodError for what is none. */
export function parseState(text: string): StackState {
  const { deployment } = exported.parse(JSON.parse(text));
  const resources = deployment.resources ?? [];
  const operations = deployment.pending_operations ?? [];
  const all = [...resources, ...operations.map((each) => each.resource)];
  const provider = resources.find(({ urn }) => urn.endsWith("::pulumi:providers:kubernetes::cluster"));
  const kubeconfig = textOf(provider?.inputs.kubeconfig);
  const clusterIdentifier = textOf(provider?.inputs.clusterIdentifier);
  const owner = all.flatMap(({ inputs }) => ownerOf(inputs)).at(0);
  return {
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(clusterIdentifier === undefined ? {} : { clusterIdentifier }),
    ...(owner === undefined ? {} : { owner }),
    pending: operations.map(({ resource: about, type }) => {
      const helmRelease = about.type === HELM_RELEASE ? placeOf(about.inputs) : undefined;
      const path = pathOf(about);
      return {
        urn: about.urn,
        resource: about.type,
        type,
        ...(helmRelease === undefined ? {} : { helmRelease }),
        ...(path === undefined ? {} : { path }),
        ...(isDrawn(about.inputs) ? { drawn: true } : {}),
        ...(about.retainOnDelete === true ? { kept: true } : {}),
      };
    }),
    objects: Object.fromEntries(
      resources.flatMap((each) => {
        const path = each.delete === true || each.external === true ? undefined : pathOf(each);
        return path === undefined ? [] : [[path, each.urn]];
      }),
    ),
    helmReleases: Object.fromEntries(
      resources.flatMap(({ type, inputs, urn }) => {
        const place = type === HELM_RELEASE ? placeOf(inputs) : undefined;
        return place === undefined ? [] : [[place, urn]];
      }),
    ),
    ownNamespaces: unique(all.filter(({ type }) => type === NAMESPACE).map(({ inputs }) => nameOf(inputs))),
    namespaces: unique(
      all.flatMap(({ type, inputs }) => (type === NAMESPACE ? nameOf(inputs) : homeOf(inputs))),
    ),
  };
}

const HELM_RELEASE = "kubernetes:helm.sh/v3:Release";
const NAMESPACE = "kubernetes:core/v1:Namespace";

function nameOf(inputs: unknown): string | undefined {
  const { data } = named.safeParse(inputs);
  return data?.metadata?.name ?? data?.name;
}

function pathOf({ type, inputs }: z.output<typeof resource>): string | undefined {
  return type.startsWith("kubernetes:") && type !== HELM_RELEASE ? objectPath(inputs) : undefined;
}

/** The provider's mark of a name that it drew. */
const DRAWN = "pulumi.com/autonamed";

function isDrawn(inputs: unknown): boolean {
  return named.safeParse(inputs).data?.metadata?.annotations?.[DRAWN] === "true";
}

function homeOf(inputs: unknown): string | undefined {
  const { data } = named.safeParse(inputs);
  return data?.metadata?.namespace ?? data?.namespace;
}

function ownerOf(inputs: unknown): string[] {
  const owner = named.safeParse(inputs).data?.metadata?.labels?.[OWNER_LABEL];
  return typeof owner === "string" ? [owner] : [];
}

function placeOf(inputs: unknown): string | undefined {
  const name = nameOf(inputs);
  const namespace = homeOf(inputs);
  return name === undefined || namespace === undefined ? undefined : `${namespace}/${name}`;
}

function unique(names: readonly (string | undefined)[]): string[] {
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}

/** A text of the state, a decrypted secret included. */
function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  const secret = z.object({ [SECRET]: z.string(), plaintext: z.string() }).safeParse(value);
  if (!secret.success) return undefined;
  const plain: unknown = JSON.parse(secret.data.plaintext);
  return typeof plain === "string" ? plain : undefined;
}

const editable = z.looseObject({
  deployment: z.looseObject({
    resources: z.array(z.looseObject({ urn: z.string() })).nullish(),
    pending_operations: z.array(z.looseObject({ resource: z.looseObject({ urn: z.string() }) })).nullish(),
  }),
});

/**
 * The exported state without its pending operations; what else it holds, encrypted secrets included, stays as it is.
 *
 * @param adopt URNs whose objects the operations have made: they become resources, each once
 */
export function withoutPending(text: string, adopt: readonly string[] = []): string {
  const state = editable.parse(JSON.parse(text));
  const operations = state.deployment.pending_operations ?? [];
  const made = adopt.flatMap((urn) => {
    const resource = operations.findLast((each) => each.resource.urn === urn)?.resource;
    return resource === undefined ? [] : [{ ...resource, id: idOf(resource.inputs) }];
  });
  const resources = [...(state.deployment.resources ?? []), ...made];
  return JSON.stringify({
    ...state,
    deployment: { ...state.deployment, resources, pending_operations: [] },
  });
}

/** The provider's id of an object: `<namespace>/<name>`, or its name alone. */
function idOf(inputs: unknown): string | undefined {
  const namespace = homeOf(inputs);
  const name = nameOf(inputs);
  return namespace === undefined ? name : `${namespace}/${name}`;
}
