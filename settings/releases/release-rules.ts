import type { Problem, Report } from "../problems.ts";

/** A release's name must fit the names that follow from it. */
export function checkName(name: string, most: number, report: Report): Problem[] {
  if (name.length <= most) return [];
  const message = `has ${name.length} characters and names that follow from it would be too long; use at most ${most}`;
  return [report(["releases", name], message)];
}

/** Names of Services start with a letter, other names of Kubernetes may start with a digit. */
export function checkServiceName(name: string, report: Report): Problem[] {
  if (!/^\d/.test(name)) return [];
  const message = `must start with a letter, because Services are named after it; rename it, like r${name}`;
  return [report(["releases", name], message)];
}

/** Values that would change the names of a chart's objects. */
export function checkOverrides(
  path: readonly string[],
  values: Readonly<Record<string, unknown>>,
  report: Report,
): Problem[] {
  return ["fullnameOverride", "nameOverride"]
    .filter((key) => key in values)
    .map((key) => report([...path, key], "changes the names that the stack relies on; remove it"));
}
