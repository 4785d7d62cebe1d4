import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";

/** Most characters that a cloud allows in the name of a kind of resource; all allow `[a-z][-a-z0-9]*`. */
export interface NameLimit {
  readonly max: number;
}

/** Characters that Pulumi adds to a logical name where it names a resource itself: a dash and seven digits. */
export const AUTONAME_SUFFIX = 8;

const HASH = 6;

/**
 * A name that a cloud accepts, made of parts: lower case, dashes for what is not allowed, cut where it is too long.
 *
 * A name that was cut ends in a hash of the whole, so that two long names stay two.
 */
export function cloudName({ max }: NameLimit, ...parts: readonly string[]): string {
  const whole = parts.join("-");
  const clean = whole
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "");
  if (clean.length <= max && clean !== "") return clean;
  const hash = createHash("sha256").update(whole).digest("hex").slice(0, HASH);
  return `${clean === "" ? "x" : clean.slice(0, max - HASH - 1).replace(/-+$/, "")}-${hash}`;
}

/**
 * Name of the cluster of this stack, at most 30 characters: `<project>-<stack>`, or the settings' own.
 *
 * Every other name starts with it, so that all parts of a stack are found by one prefix.
 */
export function clusterName(own: string | undefined): string {
  return own ?? cloudName({ max: 30 }, pulumi.getProject(), pulumi.getStack());
}
