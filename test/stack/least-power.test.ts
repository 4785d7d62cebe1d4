import assert from "node:assert/strict";
import { parse } from "yaml";
import { UNRESTRICTED_ANNOTATION } from "../../components/pod-security.ts";
import { type Fields, fields, list } from "../../policies/planned.ts";
import { containersOf, type Pod, podsOf } from "../../policies/pods.ts";
import { cloudCalls, cloudStates } from "../graph/clouds.ts";
import { onExisting } from "../graph/existing-cluster.ts";
import { removeDefinitions } from "./definitions.ts";
import { EVERY_KIND, openEveryKind } from "./every-kind.ts";
import { inRestricted } from "./restricted-namespace.ts";
import { type Bench, sandboxTest } from "./sandbox.ts";
import { helmRecords } from "./secret-values.ts";
import { simulatePostgres } from "./simulated-postgres.ts";

sandboxTest(
  "a namespace of the restricted Pod Security profile takes the stack's own pods, but those that say why not",
  async (bench) => {
    const pods = await plannedPods();
    const [excused, others] = [true, false].map((wanted) =>
      [...pods].filter(([, { annotations }]) => UNRESTRICTED_ANNOTATION in annotations === wanted),
    );
    await inRestricted(bench, async (admit) => {
      for (const [, { spec }] of others ?? []) await admit(spec);
      assert.ok(others !== undefined && others.length >= 5);
      assert.ok(excused !== undefined && excused.length > 0);
      for (const [name, { spec }] of excused)
        await assert.rejects(admit(spec), /PodSecurity "restricted/, name);
    });
  },
);

/** The parts of a stack whose pods are given a token of Kubernetes, and what they do with it. */
const TOKENS: Readonly<Record<string, string>> = {
  "cloudnative-pg": "runs every Postgres",
  "dask-kubernetes-operator": "makes pods for DaskClusters",
  "dask-gateway api": "makes DaskClusters",
  "dask-gateway controller": "makes the pods of DaskClusters",
  "dask-gateway traefik": "reads the routes of DaskClusters",
  "jupyterhub hub": "starts people's servers",
  "jupyterhub user-scheduler": "places people's servers",
  "kube-smoke-test": "makes a DaskCluster, as people do",
};

/** The parts whose pods the restricted profile would refuse, and why they are as they are. */
const UNRESTRICTED: Readonly<Record<string, string>> = {
  "dask scheduler": "the chart has no value for what a container may do",
  "dask worker": "the chart has no value for what a container may do",
  "dask jupyter": "the chart has no value for what a container may do",
  "dask-gateway api": "the chart has no values for what pods and containers may do",
  "dask-gateway controller": "the chart has no values for what pods and containers may do",
  "dask-gateway traefik": "the chart has no values for what pods and containers may do",
  "jupyterhub continuous-image-puller": "its containers only wait, as the chart writes them",
  "kube-smoke-test": "it installs packages into its image, and its annotation says so",
};

sandboxTest(
  "of a stack with every kind, each pod has requests and limits, and powers beyond the restricted profile for a reason",
  async (bench) => {
    await removeDefinitions(bench);
    const stopPostgres = simulatePostgres(bench);
    const hub = { userScheduler: true, placeholders: 1 };
    const stack = await openEveryKind(bench, "powers", { team: hub, course: { placeholders: 1 } });
    try {
      await stack.up();
      const pods = [...(await podsOfStack(bench)), ...(await podsBeforeDeletion(bench))];
      const parts = new Set(pods.map(partOf));
      for (const part of [...Object.keys(TOKENS), ...Object.keys(UNRESTRICTED), ...OTHER_PARTS])
        assert.ok(parts.has(part), `${part} is not among ${[...parts].join(", ")}`);
      assert.deepEqual(pods.flatMap(unsizedContainers), []);
      assert.deepEqual(partsThat(pods, hasToken), Object.keys(TOKENS).sort());
      assert.deepEqual(await refusedParts(bench, pods), Object.keys(UNRESTRICTED).sort());
    } finally {
      await stack.destroy({ remove: true });
      await stopPostgres();
      await removeDefinitions(bench);
    }
  },
);

/** Parts with no power at all. */
const OTHER_PARTS = ["jupyterhub proxy", "user-placeholder", "team-smoke-test", "kube-end-clusters"];

interface RunningPod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: Fields;
}

/** The pods in the namespaces of a stack with every kind, and of the operator that it makes. */
async function podsOfStack({ kubectl }: Bench): Promise<readonly RunningPod[]> {
  const { items }: { items: readonly RunningPod[] } = JSON.parse(
    await kubectl("get", "pods", "--all-namespaces", "-o", "json"),
  );
  return items.filter(({ metadata }) => [...EVERY_KIND, "cnpg-system"].includes(metadata.namespace));
}

/** What a pod belongs to, by the labels that its chart gives it. */
function partOf({ metadata: { name, labels = {} } }: RunningPod): string {
  const { app, component, "job-name": job } = labels;
  if (job !== undefined) return job;
  const known = labels["app.kubernetes.io/name"];
  const inner = component ?? labels["app.kubernetes.io/component"];
  const part = inner === "gateway" ? "api" : inner;
  return [known ?? app ?? name, ...(part === undefined ? [] : [part])].join(" ");
}

function partsThat(pods: readonly RunningPod[], check: (pod: RunningPod) => boolean): string[] {
  return [...new Set(pods.filter(check).map(partOf))].sort();
}

function unsizedContainers(pod: RunningPod): string[] {
  return containersOf({ spec: pod.spec, annotations: {} })
    .filter(({ resources }) => {
      const { requests, limits } = fields(resources);
      const { cpu, memory } = fields(requests);
      return cpu === undefined || memory === undefined || fields(limits).memory === undefined;
    })
    .map(({ name }) => `${partOf(pod)}: ${name}`);
}

/** Whether the API server has given a pod a token of its ServiceAccount. */
function hasToken({ spec }: RunningPod): boolean {
  return list(spec.volumes).some((volume) =>
    list(fields(fields(volume).projected).sources).some((source) => "serviceAccountToken" in fields(source)),
  );
}

/** The parts that have a pod which a namespace of the restricted profile would not take. */
function refusedParts(bench: Bench, pods: readonly RunningPod[]): Promise<string[]> {
  return inRestricted(bench, async (admit) => {
    const refused: string[] = [];
    for (const [part, { spec }] of new Map(pods.map((pod) => [partOf(pod), pod]))) {
      const answer = await admit(spec).catch((error: Error) => error);
      if (!(answer instanceof Error)) continue;
      assert.match(answer.message, /violates PodSecurity "restricted/, part);
      refused.push(part);
    }
    return refused.sort();
  });
}

/** The pods that run before a deletion, as Helm has noted them. */
async function podsBeforeDeletion(bench: Bench): Promise<readonly RunningPod[]> {
  const records = Object.values(await helmRecords(bench, EVERY_KIND));
  const hooks = records.flatMap((record) => (JSON.parse(record) as HelmRecord).hooks ?? []);
  return hooks
    .filter(({ kind, events }) => kind === "Job" && events.includes("pre-delete"))
    .map(({ name, manifest }) => ({
      metadata: { name, namespace: NOWHERE },
      spec: fields(fields(fields(fields(parse(manifest)).spec).template).spec),
    }));
}

const NOWHERE = "not yet";

interface HelmRecord {
  readonly hooks?: readonly {
    readonly name: string;
    readonly kind: string;
    readonly events: readonly string[];
    readonly manifest: string;
  }[];
}

/** The pods that a stack with a release of every kind makes beside those of the charts. */
async function plannedPods(): Promise<ReadonlyMap<string, Pod>> {
  const { resources } = await onExisting(
    {
      releases: {
        batch: { kind: "dask" },
        packed: { kind: "dask", packages: { pip: ["s3fs"] } },
        shared: { kind: "dask-gateway" },
        team: { kind: "daskhub", expose: "ClusterIP", placeholders: 1 },
        course: { kind: "jupyterhub", expose: "ClusterIP" },
        kube: { kind: "dask-operator", clientPackages: [] },
      },
    },
    { states: cloudStates, calls: cloudCalls },
  );
  return new Map(resources.flatMap((each) => podsOf(each).map((pod) => [each.name, pod] as const)));
}
