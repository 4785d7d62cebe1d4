import { badImages } from "./images.ts";
import type { Planned } from "./planned.ts";
import { needlessTokens, unrestricted } from "./powers.ts";
import { openSchedulers } from "./public.ts";
import { plainSecrets } from "./secrets.ts";
import { unsized } from "./sizes.ts";

/** What every resource of a stack must hold to. */
export interface Policy {
  readonly name: string;
  /** What is forbidden, and what to do. */
  readonly description: string;
  /** What is wrong with a resource, a line each. */
  check(resource: Planned): readonly string[];
}

/** The policies for Dask on Kubernetes: pure functions of planned resources. */
export const policies: readonly Policy[] = [
  {
    name: "no-public-scheduler",
    description:
      "Whoever reaches a scheduler, a notebook or a gateway runs code: name the networks that may.",
    check: openSchedulers,
  },
  {
    name: "pinned-images",
    description: "Images have a tag that is not latest, or a digest.",
    check: badImages,
  },
  {
    name: "no-plain-secrets",
    description: "Passwords and tokens stand in Secrets, never in plain values, variables or ConfigMaps.",
    check: plainSecrets,
  },
  {
    name: "sized-pods",
    description: "Every container asks for cores and memory and has a limit of memory.",
    check: unsized,
  },
  {
    name: "no-needless-tokens",
    description: "A pod that has no ServiceAccount of its own gets no token of Kubernetes.",
    check: needlessTokens,
  },
  {
    name: "restricted-pods",
    description:
      "Pods run under the restricted Pod Security profile, or say why not in the annotation dask/unrestricted.",
    check: unrestricted,
  },
];

/** Everything that is wrong with some resources, as `policy: resource: what`. */
export function violations(resources: readonly (Planned & { readonly name: string })[]): string[] {
  return policies.flatMap(({ name, check }) =>
    resources.flatMap((each) => check(each).map((what) => `${name}: ${each.name}: ${what}`)),
  );
}
