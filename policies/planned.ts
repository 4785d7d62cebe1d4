/** A resource as it is planned. */
export interface Planned {
  /** Pulumi's type token: `kubernetes:apps/v1:Deployment`. */
  readonly type: string;
  /** Inputs; a secret may stand as `{ secret: value }`, where whoever asks knows that it is one. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** A map of inputs. */
export type Fields = Readonly<Record<string, unknown>>;

/** The type of a Helm release. */
export const HELM_RELEASE = "kubernetes:helm.sh/v3:Release";

/** A value as a map; an empty one where it is none. */
export function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** A value as a list; an empty one where it is none. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A part of the inputs: a map, and the keys that lead to it. */
export interface Part {
  readonly path: string;
  readonly value: Fields;
}

/** Every map of a value, itself included, with the path to it; what is marked secret is left out. */
export function parts(value: unknown, path = ""): readonly Part[] {
  if (typeof value !== "object" || value === null || isMarked(value)) return [];
  const below = Object.entries(value).flatMap(([key, each]) =>
    parts(each, path === "" ? key : `${path}.${key}`),
  );
  return Array.isArray(value) ? below : [{ path, value: value as Fields }, ...below];
}

/** Whether a value is marked as a secret. */
export function isMarked(value: unknown): boolean {
  return Object.keys(fields(value)).join() === "secret";
}
