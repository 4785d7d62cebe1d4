import * as pulumi from "@pulumi/pulumi";
import { UserError } from "../../settings/problems.ts";

/** What settings want of a cluster, or what a cluster is, by the settings' own keys below `dask:cluster`. */
export type Traits = Readonly<Record<string, unknown>>;

/**
 * Refuses settings that a cluster cannot follow any more.
 *
 * Without it a changed setting would be ignored in silence, or make the cluster and all in it anew.
 *
 * @param cloud whose words say it: `Google Cloud`
 * @param wanted what the settings say now; what either side leaves open is not compared
 * @throws UserError that names every such setting, what the cluster has, and the remedy
 */
export function refuseChanges(cloud: string, wanted: Traits, actual: Traits): void {
  const faults = Object.entries(wanted)
    .map(([setting, value]) => ({ setting, value: text(value), has: text(actual[setting]) }))
    .filter(({ value, has }) => value !== "" && has !== "" && value !== has)
    .map(({ setting, value, has }) => `  dask:cluster.${setting} is ${value}, and the cluster has ${has}`);
  if (faults.length === 0) return;
  throw new UserError(
    [
      `${cloud} cannot change these of a cluster that is there; put them back, or destroy the stack and bring it up again.`,
      ...faults,
    ].join("\n"),
  );
}

function text(value: unknown): string {
  if (value === undefined || value === null) return "";
  return Array.isArray(value) ? value.join(", ") : String(value);
}

/** Does what refuses settings; its words are printed without a stack, because they are all the user needs. */
export function refuse(check: () => void): void {
  try {
    check();
  } catch (error) {
    throw error instanceof UserError ? lastWords(error.message) : error;
  }
}

/** An error that keeps its words: Pulumi would put the name of each input that waits for them in front. */
function lastWords(message: string): pulumi.RunError {
  const error = new pulumi.RunError(message);
  return Object.defineProperty(error, "message", { get: () => message, set: () => undefined });
}

/**
 * Compares what a cloud has with what the settings want, once that is known.
 *
 * @param actual outputs of the cluster and of what it stands in
 * @returns an output that fails where `refuseChanges` refuses; see `once`
 */
export function compared(
  cloud: string,
  wanted: Traits,
  actual: pulumi.Output<object>,
): pulumi.Output<unknown> {
  return actual.apply((has) => refuse(() => refuseChanges(cloud, wanted, { ...has })));
}

/** An output that is there once all comparisons have passed: what hangs on it is not touched before. */
export function once<Value>(
  comparisons: readonly pulumi.Output<unknown>[],
  output: pulumi.Output<Value>,
): pulumi.Output<Value> {
  return pulumi.all([output, ...comparisons]).apply(([value]) => value) as pulumi.Output<Value>;
}

/**
 * Keeps inputs as they were when a resource was made, for all parts of a cluster: a transformation of their parent.
 *
 * A cloud makes a resource anew where one of them changes, and because the names are ours, Pulumi would delete the old
 * one first: the cluster, with all in it.
 *
 * @param fixed inputs by type of resource
 */
export function keeping(fixed: Readonly<Record<string, readonly string[]>>): pulumi.ResourceTransformation {
  return ({ type, props, opts }) => {
    const inputs = fixed[type];
    return inputs === undefined
      ? undefined
      : { props, opts: pulumi.mergeOptions(opts, { ignoreChanges: [...inputs] }) };
  };
}
