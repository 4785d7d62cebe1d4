import { z } from "zod";

const object = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});

/** API path of an object of Kubernetes, from its own text; `undefined` for what is none or has no name; pure. */
export function objectPath(value: unknown): string | undefined {
  const { data } = object.safeParse(value);
  if (data === undefined) return undefined;
  const { namespace, name } = data.metadata;
  return pathIn(data.apiVersion, pluralOf(data.kind), namespace, name);
}

/** API path of a kind's objects, or of one of them, in a namespace or in the whole cluster; pure. */
export function pathIn(apiVersion: string, plural: string, namespace?: string, name?: string): string {
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const place = namespace === undefined ? "" : `/namespaces/${namespace}`;
  return `${root}${place}/${plural}${name === undefined ? "" : `/${name}`}`;
}

/** The namespace of an object, from its API path; `undefined` for what belongs to none, like a namespace; pure. */
export function namespaceIn(path: string): string | undefined {
  return /\/namespaces\/([^/]+)\/./.exec(path)?.[1];
}

/** The plural by which the API knows a kind: all that Kubernetes and our charts have follow these rules. */
function pluralOf(kind: string): string {
  const lower = kind.toLowerCase();
  if (/[^aeiou]y$/.test(lower)) return `${lower.slice(0, -1)}ies`;
  return /(s|x|ch|sh)$/.test(lower) ? `${lower}es` : `${lower}s`;
}

/** `namespaces/x`, `roles/x in y`: an API path in words; pure. */
export function shortPath(path: string): string {
  const parts = path.split("/").slice(path.startsWith("/api/") ? 3 : 4);
  const [first, namespace, ...rest] = parts;
  return first === "namespaces" && rest.length > 0 ? `${rest.join("/")} in ${namespace}` : parts.join("/");
}
