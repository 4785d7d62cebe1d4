import type { Bench } from "./sandbox.ts";
import { withCharts } from "./sandbox.ts";
import { withoutWebhooks } from "./simulated-postgres.ts";

/** A release of a stack that is killed. */
interface KilledRelease {
  readonly created: object;
  /** What an edit adds. */
  readonly edited: object;
  /** Kinds of objects in the namespace, and what their text holds after the edit and not before. */
  readonly shows: readonly [kinds: string, mark: RegExp];
  /** Whether the namespace is there already and stays. */
  readonly lent?: true;
}

const gateway = {
  created: { kind: "dask-gateway" },
  edited: { limits: { workers: 7 } },
  shows: ["configmaps", /workers\W+7\b/],
} as const satisfies KilledRelease;

/** The stacks that are killed: their releases, by what is added to the stack's name. */
export const STACKS = {
  dask: {
    one: {
      created: { kind: "dask", workers: { replicas: 1 } },
      edited: { workers: { replicas: 2 } },
      shows: ["deployments", /"name":"\S+-worker"[^}]*}[\s\S]*"spec":{[^}]*"replicas":2\b/],
    },
  },
  gateway: { one: gateway },
  pair: {
    one: {
      created: { kind: "dask", jupyter: false },
      edited: { jupyter: {} },
      shows: ["services", /"name":"[^"]+-jupyter"/],
    },
    two: {
      created: { kind: "dask-gateway" },
      edited: { prefix: "/dask" },
      shows: ["configmaps", /prefix\W+\/dask\b/],
    },
  },
  operator: {
    one: {
      created: { kind: "dask-operator" },
      edited: { memory: "600M" },
      shows: ["deployments", /"memory":"600M"/],
    },
  },
  "lent gateway": { one: { ...gateway, lent: true } },
  "lent hub": {
    one: {
      created: { kind: "daskhub", expose: { allowFrom: ["10.0.0.0/8"] }, database: { timeout: "60s" } },
      edited: { user: { environment: { EDITED: "yes" } } },
      shows: ["secrets", /EDITED/],
      lent: true,
    },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, KilledRelease>>>>;

/** A kind of stack that is killed. */
export type StackKind = keyof typeof STACKS;

/** All of them, for a draw. */
export const KINDS = Object.keys(STACKS) as [StackKind, ...StackKind[]];

function releasesOf(kind: StackKind): readonly (readonly [name: string, release: KilledRelease])[] {
  return Object.entries<KilledRelease>(STACKS[kind]);
}

/** The namespace and the name of a release. */
function placeOf(stack: string, name: string): string {
  return `${stack}-${name}`;
}

/** The `dask:` keys of a stack's file, before or after the edit. */
export function configOf(kind: StackKind, stack: string, which: "created" | "edited") {
  const releases = releasesOf(kind).map(([name, { created, edited, lent }]) => {
    const place = placeOf(stack, name);
    const namespace = lent === true ? { namespace: { name: place, create: false } } : {};
    return [place, { ...created, ...namespace, ...(which === "edited" ? edited : {}) }] as const;
  });
  return withCharts({
    "dask:cluster": { provider: "existing", expose: "LoadBalancer" },
    "dask:postgres": withoutWebhooks,
    "dask:releases": Object.fromEntries(releases),
  });
}

/** Namespaces that a stack uses, and whether it was handed them. */
export function namespacesOf(kind: StackKind, stack: string): readonly { name: string; lent: boolean }[] {
  return releasesOf(kind).map(([name, { lent }]) => ({ name: placeOf(stack, name), lent: lent === true }));
}

/** What is wrong with a stack's releases: Deployments that are not ready, an edit that did not arrive; empty: nothing. */
export async function wrongWith(
  bench: Bench,
  kind: StackKind,
  stack: string,
  which: "created" | "edited",
): Promise<string[]> {
  const found = await Promise.all(
    releasesOf(kind).map(async ([name, { shows }]) => {
      const place = placeOf(stack, name);
      const [kinds, mark] = shows;
      const shown = mark.test(await textOf(bench, kinds, place));
      const edit = which === "edited" ? "the edit did not arrive" : "it is edited already";
      return [
        ...(await unready(bench, place)),
        ...(shown === (which === "edited") ? [] : [`${place}: ${edit}`]),
      ];
    }),
  );
  return found.flat();
}

async function unready({ kubectl }: Bench, namespace: string): Promise<string[]> {
  const { items } = JSON.parse(await kubectl("get", "deployments", "-n", namespace, "-o", "json")) as {
    items: {
      metadata: { name: string };
      spec: { replicas: number };
      status: { readyReplicas?: number };
    }[];
  };
  if (items.length === 0) return [`no Deployment in ${namespace}`];
  return items.flatMap(({ metadata: { name }, spec, status }) =>
    (status.readyReplicas ?? 0) === spec.replicas ? [] : [`${namespace}/${name} is not ready`],
  );
}

/** Objects of a namespace as compact JSON, the contents of Secrets as plain text and without Helm's own. */
async function textOf({ kubectl }: Bench, kinds: string, namespace: string): Promise<string> {
  const list = await kubectl("get", kinds, "-n", namespace, "-l", "owner!=helm", "-o", "json");
  const { items } = JSON.parse(list) as { items: { kind: string; data?: Record<string, string> }[] };
  const plain = items.map((each) =>
    each.kind === "Secret"
      ? Object.values(each.data ?? {}).map((value) => Buffer.from(value, "base64").toString())
      : each,
  );
  return JSON.stringify(plain);
}
