import { z } from "zod";
import { OWNER_LABEL } from "../components/namespace.ts";
import type { ApiClient, ApiEditor } from "../providers/existing/api-client.ts";
import { identityOf } from "./cluster.ts";
import { REVISION_LABELS, type Revision, revisionSecret } from "./helm.ts";
import * as objects from "./objects.ts";
import type { Running } from "./pods.ts";
import type { StackState } from "./state.ts";
import { type Remaining, remainingResources } from "./terminating.ts";

/** What the cluster holds of a stack. */
export interface Seen {
  /** UID of the `kube-system` namespace; absent where the user may not see it. */
  readonly identity?: string;
  /** The stack's namespaces that are there. */
  readonly namespaces: readonly objects.Namespace[];
  /** What is left in those that are being deleted, by namespace. */
  readonly remaining: Readonly<Record<string, readonly Remaining[]>>;
  /** Revisions of Helm releases; absent where the user may not list Secrets. */
  readonly revisions?: readonly Revision[];
  readonly running: Running;
}

/**
 * Reads what the cluster holds of a stack.
 *
 * @throws ApiError where the cluster does not answer
 */
export async function look(api: ApiEditor, state: StackState): Promise<Seen> {
  const identity = await identityOf(api);
  const own = state.owner === undefined ? [] : await labelled(api, state.owner);
  const named = await Promise.all(state.namespaces.map((name) => find(api, `/api/v1/namespaces/${name}`)));
  const all = [...(own ?? []), ...named.filter((each) => each !== undefined)];
  const namespaces = [...new Map(all.map((each) => [each.metadata.name, each])).values()];
  const names = namespaces.map(({ metadata }) => metadata.name);
  const leaving = namespaces.filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
  const remaining = await Promise.all(
    leaving.map(async (each) => [each.metadata.name, await remainingIn(api, each)] as const),
  );
  const revisions = await inEach(api, names, `secrets?labelSelector=${REVISION_LABELS}`, revisionSecret);
  return {
    ...(identity === undefined ? {} : { identity }),
    namespaces,
    remaining: Object.fromEntries(remaining),
    ...(revisions === undefined ? {} : { revisions }),
    running: await lookAtPods(api, names, { logs: true }),
  };
}

function labelled(api: ApiClient, owner: string) {
  return list(api, `/api/v1/namespaces?labelSelector=${OWNER_LABEL}%3D${owner}`, objects.namespace);
}

async function find(api: ApiClient, path: string): Promise<objects.Namespace | undefined> {
  const answer = await api.get(path);
  return answer.kind === "found" ? objects.namespace.parse(answer.object) : undefined;
}

/** The objects of a list; `undefined` where this user may not see them or the cluster does not know the kind. */
async function list<Shape extends z.ZodType>(
  api: ApiClient,
  path: string,
  shape: Shape,
): Promise<z.output<Shape>[] | undefined> {
  const answer = await api.get(path);
  if (answer.kind !== "found") return undefined;
  return z
    .object({ items: z.array(z.unknown()) })
    .parse(answer.object)
    .items.flatMap((item) => {
      const parsed = shape.safeParse(item);
      return parsed.success ? [parsed.data] : [];
    });
}

/** The objects of a kind in some namespaces; `undefined` where one of them may not be looked into. */
async function inEach<Shape extends z.ZodType>(
  api: ApiClient,
  namespaces: readonly string[],
  resource: string,
  shape: Shape,
  group = "/api/v1",
): Promise<z.output<Shape>[] | undefined> {
  const lists = await Promise.all(
    namespaces.map((name) => list(api, `${group}/namespaces/${name}/${resource}`, shape)),
  );
  return lists.some((each) => each === undefined) ? undefined : lists.flatMap((each) => each ?? []);
}

async function remainingIn(api: ApiClient, namespace: objects.Namespace): Promise<Remaining[]> {
  const found = await Promise.all(
    remainingResources(namespace).map(async (resource) => {
      const path = await pathOf(api, resource);
      const held = await list(api, path.replace("*", namespace.metadata.name), objects.held);
      return (held ?? []).map(({ metadata: { name, finalizers } }) => ({ resource, name, finalizers }));
    }),
  );
  return found.flat();
}

const apiGroup = z.object({ preferredVersion: z.object({ groupVersion: z.string() }) });

/** The API path of a kind's objects in the namespace `*`. */
async function pathOf(api: ApiClient, resource: string): Promise<string> {
  const [plural = "", ...group] = resource.split(".");
  if (group.length === 0) return `/api/v1/namespaces/*/${plural}`;
  const answer = await api.get(`/apis/${group.join(".")}`);
  const version = answer.kind === "found" ? apiGroup.parse(answer.object).preferredVersion.groupVersion : "";
  return `/apis/${version}/namespaces/*/${plural}`;
}

/** Reads the pods of some namespaces, what they wait for and what is said of them, and their logs if asked for. */
export async function lookAtPods(
  api: ApiEditor,
  names: readonly string[],
  { logs }: { readonly logs: boolean },
): Promise<Running> {
  const all = async <Shape extends z.ZodType>(resource: string, shape: Shape, group?: string) =>
    (await inEach(api, names, resource, shape, group)) ?? [];
  const workloadsOf = async (kind: string, group: string) => {
    const found = await all(`${kind.toLowerCase()}s`, objects.workload, group);
    return found.map((each) => ({ ...each, kind }));
  };
  const [pods, claims, services, events, ...workloads] = await Promise.all([
    all("pods", objects.pod),
    all("persistentvolumeclaims", objects.claim),
    all("services", objects.service),
    all("events", objects.event),
    workloadsOf("Deployment", "/apis/apps/v1"),
    workloadsOf("StatefulSet", "/apis/apps/v1"),
    workloadsOf("DaemonSet", "/apis/apps/v1"),
    workloadsOf("Job", "/apis/batch/v1"),
  ]);
  return {
    pods,
    claims,
    services,
    events,
    workloads: workloads.flat(),
    logs: logs ? await logsOf(api, pods) : {},
  };
}

/** How many lines of a log are fetched, and how many containers' logs at most. */
const LOG_LINES = 8;
const MOST_LOGS = 20;

/** The last lines of containers that do not stay up. */
async function logsOf(api: ApiEditor, pods: readonly objects.Pod[]): Promise<Record<string, string>> {
  const wanted = pods.flatMap(({ metadata, status }) =>
    [...status.initContainerStatuses, ...status.containerStatuses]
      .filter(
        ({ ready, state, lastState }) =>
          !ready && (state.terminated ?? lastState.terminated ?? state.running),
      )
      .map((container) => ({ metadata, container })),
  );
  const logs = await Promise.all(
    wanted.slice(0, MOST_LOGS).map(async ({ metadata: { namespace, name }, container }) => {
      const previous = container.state.waiting !== undefined && container.restartCount > 0;
      const query = `container=${container.name}&tailLines=${LOG_LINES}&previous=${previous}`;
      const log = await api.text(`/api/v1/namespaces/${namespace}/pods/${name}/log?${query}`);
      return [`${namespace}/${name}/${container.name}`, log ?? ""] as const;
    }),
  );
  return Object.fromEntries(logs);
}
