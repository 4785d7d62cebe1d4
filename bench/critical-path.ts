import type { Registered } from "../test/graph/mock-engine.ts";

/** How long it takes to make something, in minutes. */
export type Duration = (resource: Registered) => number;

/** One link of a chain: a resource, how long it takes, and when it is done if nothing else makes it wait. */
export interface Link {
  readonly type: string;
  readonly name: string;
  readonly minutes: number;
  readonly done: number;
}

/**
 * The longest chain of dependencies that ends at a resource, or of the whole graph; pure.
 *
 * A resource starts when all that it depends on is done; a component takes no time, and is done when its children are.
 */
export function criticalPath(
  resources: readonly Registered[],
  minutesOf: Duration,
  end?: Registered,
): Link[] {
  const byUrn = new Map(resources.map((each) => [each.urn, each]));
  const children = childrenOf(resources);
  const known = new Map<string, Link[]>();
  const pathTo = (urn: string): Link[] => {
    const seen = known.get(urn);
    if (seen !== undefined) return seen;
    // Before it is known: what a component's child depends on may lead back to the component.
    known.set(urn, []);
    const resource = byUrn.get(urn);
    if (resource === undefined) return [];
    const needs = isComponent(resource)
      ? (children.get(urn) ?? []).map((child) => child.urn)
      : [...resource.dependencies, providerUrn(resource)];
    const before = longest(needs.map(pathTo));
    const minutes = minutesOf(resource);
    const link = { type: resource.type, name: resource.name, minutes, done: doneOf(before) + minutes };
    const path = minutes === 0 ? before : [...before, link];
    known.set(urn, path);
    return path;
  };
  return longest((end === undefined ? resources : [end]).map(({ urn }) => pathTo(urn)));
}

/** When the last link of a chain is done, in minutes from the start. */
export function doneOf(path: readonly Link[]): number {
  return path.at(-1)?.done ?? 0;
}

function childrenOf(resources: readonly Registered[]): Map<string, Registered[]> {
  const children = new Map<string, Registered[]>();
  for (const each of resources) {
    const siblings = children.get(each.parent) ?? [];
    siblings.push(each);
    children.set(each.parent, siblings);
  }
  return children;
}

function longest(paths: readonly Link[][]): Link[] {
  return paths.reduce((best, path) => (doneOf(path) > doneOf(best) ? path : best), []);
}

/** Components have no provider's package in their type: `dask:index:Dask`, `pulumi:pulumi:Stack`. */
function isComponent({ type }: Registered): boolean {
  return type.startsWith("dask:") || type === "pulumi:pulumi:Stack";
}

/** The provider stands as `<urn>::<id>`; a default provider depends on nothing. */
function providerUrn({ provider }: Registered): string {
  return provider.split("::").slice(0, -1).join("::");
}
