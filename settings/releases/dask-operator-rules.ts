import { fullName, longestReleaseName } from "../../components/dask-operator/chart.ts";
import type { Problem, Report } from "../problems.ts";
import type { Settings } from "../schema.ts";
import { type DaskOperatorSettings, watchedNamespaces } from "./dask-operator.ts";
import type { HubSettings } from "./jupyterhub.ts";
import { namespaceOf } from "./namespace-rules.ts";
import { checkName, checkOverrides } from "./release-rules.ts";

/** The rules of a release of kind `dask-operator`, beyond the schema. */
export function checkDaskOperator(
  name: string,
  release: DaskOperatorSettings,
  settings: Settings,
  report: Report,
): Problem[] {
  const found = [
    ...checkName(name, longestReleaseName(name), report),
    ...checkOverrides(["releases", name, "values"], release.values, report),
  ];
  const own = watchedNamespaces(namespaceOf(name, release).name, release);
  const twice = own.find((namespace, index) => own.indexOf(namespace) !== index);
  if (twice !== undefined) {
    const message = `names ${twice} twice (the release's own is always one); remove it`;
    found.push(report(["releases", name, "namespaces"], message));
  }
  const other = olderRival(name, own, settings);
  if (other !== undefined) {
    const message = `would work in namespace ${other.namespace}, where ${other.name} does already; leave it to one operator`;
    found.push(report(["releases", name], message));
  }
  return found;
}

/** An operator that stands earlier in the file and serves one of the same namespaces: both would make every cluster. */
function olderRival(name: string, own: readonly string[], { releases }: Settings) {
  for (const [rival, settings] of Object.entries(releases)) {
    if (rival === name) return undefined;
    if (settings.kind !== "dask-operator") continue;
    const theirs = watchedNamespaces(namespaceOf(rival, settings).name, settings);
    const namespace = own.find((each) => theirs.includes(each));
    if (namespace !== undefined) return { name: rival, namespace };
  }
  return undefined;
}

/** Whether the operator that a hub names is there and lets the hub's notebooks make clusters. */
export function checkOperatorOfHub(
  name: string,
  hub: HubSettings,
  { releases }: Settings,
  report: Report,
): Problem[] {
  if (hub.operator === undefined) return [];
  const path = ["releases", name, "operator"];
  const found: Problem[] = [];
  if (hub.user.serviceAccountName !== undefined) {
    const message = "stands beside operator, which gives notebooks a ServiceAccount; remove one of them";
    found.push(report(["releases", name, "user", "serviceAccountName"], message));
  }
  const operator = releases[hub.operator];
  const namespace = namespaceOf(name, hub).name;
  if (operator?.kind !== "dask-operator") {
    const known = Object.keys(releases).filter((each) => releases[each]?.kind === "dask-operator");
    const remedy =
      known.length > 0
        ? `use ${known.join(" or ")}`
        : `add it: ${hub.operator}: { kind: dask-operator, namespaces: [${namespace}] }`;
    return [...found, report(path, `must be the name of a release of kind dask-operator; ${remedy}`)];
  }
  if (!watchedNamespaces(namespaceOf(hub.operator, operator).name, operator).includes(namespace)) {
    const message = `does not serve namespace ${namespace}; add ${namespace} to releases.${hub.operator}.namespaces`;
    found.push(report(path, message));
  }
  return found;
}

/** Names that objects of the release will have in its namespace, which no other release may make there. */
export function daskOperatorClaims(name: string): string[] {
  return [`the objects named ${fullName(name)}`];
}
