import type * as pulumi from "@pulumi/pulumi";
import type { Addresses } from "./endpoint.ts";

/** What every kind of release gives to the stack's outputs. */
export interface Release {
  /** Where its parts are reached, by name. */
  readonly endpoints: Addresses;
  /** Generated passwords and tokens by name; secret. */
  readonly credentials: Readonly<Record<string, pulumi.Output<string>>>;
  /** What `pulumi destroy` leaves in the cluster, in words; absent where it leaves nothing. */
  readonly kept?: readonly pulumi.Output<string>[];
  /** What proved that Dask computes and how to read its result; absent where the test is off. */
  readonly smokeTest?: SmokeTestResult;
}

/** A smoke test that has run: `up` ends with an error when it fails. */
export interface SmokeTestResult {
  /** The Job, as `<namespace>/<name>`. */
  readonly job: pulumi.Output<string>;
  /** The command that shows its one line of JSON: versions, workers, seconds to the first result. */
  readonly read: pulumi.Output<string>;
}
