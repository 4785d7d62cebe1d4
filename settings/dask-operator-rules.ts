import { fullName, longestReleaseName } from "../components/dask-operator-chart.ts";
import { type DaskOperatorSettings, watchedNamespaces } from "./dask-operator.ts";
import { namespaceOf } from "./namespace-rules.ts";
import type { Problem, Report } from "./problems.ts";
import type { Settings } from "./schema.ts";

/** The rules of a release of kind `dask-operator`, beyond the schema. */
export function checkDaskOperator(
  name: string,
  release: DaskOperatorSettings,
  settings: Settings,
  report: Report,
): Problem[] {
  const found: Problem[] = [];
  const most = longestReleaseName(name);
  if (name.length > most) {
    const message = `has ${name.length} characters and its objects' names would pass 63; use at most ${most}`;
    found.push(report(["releases", name], message));
  }
  const own = watchedNamespaces(namespaceOf(name, release).name, release);
  const twice = own.find((namespace, index) => own.indexOf(namespace) !== index);
  if (twice !== undefined) {
    const message = `names ${twice} twice (the release's own is always one); remove it`;
    found.push(report(["releases", name, "namespaces"], message));
  }
  const other = olderRival(name, own, settings);
  if (other !== undefined) {
    const message = `would work in namespace ${other.namespace}, where ${other.name} does already; let one operator serve it`;
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

/** Names that objects of the release will have in its namespace, which no other release may make there. */
export function daskOperatorClaims(name: string): string[] {
  return [`the objects named ${fullName(name)}`];
}
