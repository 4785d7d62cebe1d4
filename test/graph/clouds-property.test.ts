import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { deploy } from "../../deploy.ts";
import { nodeResources } from "../../providers/cloud/machine-types.ts";
import { parseSettings } from "../../settings/parse.ts";
import { SettingsError } from "../../settings/problems.ts";
import { bytes } from "../../settings/quantities.ts";
import type { Settings } from "../../settings/schema.ts";
import { cloudCalls, cloudStates, duplicateNames, isOfCloud } from "./clouds.ts";
import { type Run, run } from "./mock-engine.ts";

const MACHINES = ["e2-standard-2", "e2-standard-4", "n2-standard-8", "n2-highmem-4", "c2-standard-16"];

const pool = fc.record(
  {
    machineType: fc.constantFrom(...MACHINES),
    min: fc.integer({ min: 0, max: 2 }),
    max: fc.integer({ min: 1, max: 20 }),
    spot: fc.boolean(),
    labels: fc.constantFrom({}, { size: "big" }),
    taints: fc.constantFrom([], [{ key: "team", value: "a" }]),
  },
  { requiredKeys: ["machineType", "max"] },
);
const core = fc.record({
  machineType: fc.constantFrom(...MACHINES),
  min: fc.integer({ min: 1, max: 2 }),
  max: fc.constant(3),
});
const nodePools = fc
  .record(
    {
      core,
      user: pool,
      scheduler: pool,
      worker: pool,
      big: pool,
      second: fc.record({ role: fc.constant("worker") }),
    },
    { requiredKeys: ["core"] },
  )
  .map(({ second, ...rest }) => (second ? { ...rest, second: { ...second, ...rest.core } } : rest));

const size = {
  cores: fc.constantFrom(0.5, 1, 2, 3, 6),
  memory: fc.constantFrom("512M", "2G", "8G", "24G"),
};
const expose = fc.option(fc.constant({ allowFrom: ["203.0.113.0/24"] }), { nil: undefined });
const placement = fc.constantFrom(
  undefined,
  { nodeSelector: { "dask/node-pool": "big" } },
  { nodeSelector: { size: "big" }, tolerations: [{ key: "team", operator: "Exists" }] },
);
const release = fc.record({
  kind: fc.constant("dask"),
  scheduler: fc.record({ ...size, expose }),
  workers: fc.record({ replicas: fc.integer({ min: 1, max: 5 }), ...size }),
  workerGroups: fc.dictionary(fc.constantFrom("g1", "g2"), fc.record({ ...size, placement })),
  jupyter: fc.oneof(fc.constant(false), fc.record({ ...size, expose })),
});
/** Names that are short, long, or like what a chart makes of another name. */
const names = fc.constantFrom(
  "a",
  "a-dask",
  "dask",
  "dask-a",
  "a-scheduler",
  "a-rather-long-release-name-01",
);
const stacks = fc.constantFrom(
  "dev",
  "Team_A.prod",
  "a-stack-name-that-is-longer-than-any-cloud-would-allow-it",
);

const input = fc.record({
  cluster: fc.record({
    provider: fc.constant("gke"),
    project: fc.constant("my-project"),
    location: fc.constantFrom("europe-west1-b", "us-central1"),
    nodePools,
  }),
  releases: fc.dictionary(names, release, { minKeys: 1, maxKeys: 3 }),
});

/** The settings, where they are accepted: what is refused cannot go wrong later. */
function accepted(raw: object): Settings | undefined {
  try {
    return parseSettings({ ...raw, liveChecks: false });
  } catch (error) {
    if (error instanceof SettingsError) return undefined;
    throw error;
  }
}

interface Node {
  readonly labels: Record<string, string>;
  readonly taints: readonly { key: string; value: string }[];
  readonly machineType: string;
}
interface Pod {
  readonly nodeSelector: Record<string, string>;
  readonly tolerations: readonly { key?: string; operator?: string; value?: string }[];
  readonly resources: { readonly requests: { readonly cpu: number; readonly memory: string } };
}

/** The pods that the Helm releases of a run ask for, as their values say. */
function podsOf(made: Run): Pod[] {
  const releases = made.all("kubernetes:helm.sh/v3:Release").filter(({ inputs }) => inputs.chart === "dask");
  assert.ok(releases.length > 0);
  return releases.flatMap(({ inputs }) => {
    const values = inputs.values as Record<string, Pod & { enabled?: boolean }>;
    const groups = values.additional_worker_groups as unknown as Pod[];
    const { scheduler, worker, jupyter } = values;
    const all = [scheduler, worker, ...groups, ...(jupyter?.enabled === true ? [jupyter] : [])];
    return all.filter((each): each is Pod => each !== undefined);
  });
}

/** Whether Kubernetes could put a pod on a node: selected labels, tolerated taints, room. */
function fits({ nodeSelector, tolerations, resources }: Pod, node: Node): boolean {
  const room = nodeResources("gke", node.machineType);
  return (
    Object.entries(nodeSelector).every(([key, value]) => node.labels[key] === value) &&
    node.taints.every((taint) =>
      tolerations.some(
        ({ key, operator, value }) => key === taint.key && (operator === "Exists" || value === taint.value),
      ),
    ) &&
    room !== undefined &&
    resources.requests.cpu <= room.cores &&
    bytes(resources.requests.memory) <= room.memory
  );
}

/** Most characters of the names that Google Cloud gives or takes, by type. */
const LIMITS: Readonly<Record<string, number>> = { Cluster: 40, Account: 30 };
const NODE_POOL_LIMIT = 40;
const AUTONAME_SUFFIX = 8;

function checkNames(made: Run): void {
  assert.deepEqual(duplicateNames(made), []);
  for (const { type, name, inputs } of made.resources.filter(isOfCloud)) {
    const kind = type.split(":").at(-1) ?? "";
    const given = inputs.accountId ?? inputs.name;
    if (kind === "NodePool") assert.ok(name.length + AUTONAME_SUFFIX <= NODE_POOL_LIMIT, name);
    if (typeof given !== "string") continue;
    assert.match(given, /^[a-z]([-a-z0-9]*[a-z0-9])?$/, type);
    assert.ok(given.length <= (LIMITS[kind] ?? 63), `${type} ${given}`);
  }
  const physical = made.all("gcp:compute/address:Address").map(({ inputs }) => inputs.name);
  assert.equal(new Set(physical).size, physical.length, "two addresses share a name");
}

test("settings that are accepted never give a pod without a node or a name that cannot be", async () => {
  let ran = 0;
  await fc.assert(
    fc.asyncProperty(input, stacks, async (raw, stack) => {
      const settings = accepted(raw);
      fc.pre(settings !== undefined);
      const made = await run(() => deploy(settings), { states: cloudStates, calls: cloudCalls, stack });
      const nodes = made
        .all("gcp:container/nodePool:NodePool")
        .map(({ inputs }) => inputs.nodeConfig as unknown as Node);
      for (const pod of podsOf(made))
        assert.ok(
          nodes.some((node) => fits(pod, node)),
          JSON.stringify(pod),
        );
      checkNames(made);
      ran++;
    }),
    { numRuns: 8, maxSkipsPerRun: 300 },
  );
  assert.ok(ran >= 8, `${ran} stacks ran`);
});
