import * as pulumi from "@pulumi/pulumi";
import { keptCrds, readCrds } from "./components/crds.ts";
import { createReleases } from "./components/index.ts";
import { ownerLabel } from "./components/namespace.ts";
import { type Outputs, outputsOf } from "./outputs.ts";
import { checkDefinitions } from "./preflight/definitions.ts";
import { preflight } from "./preflight/index.ts";
import { readOwnState } from "./preflight/own-state.ts";
import { canBeAsked, planCluster } from "./providers/index.ts";
import { UserError } from "./settings/problems.ts";
import type { Settings } from "./settings/schema.ts";

/**
 * Deploys what the settings describe: cluster, then releases, then outputs.
 *
 * Runs the same under `pulumi up`, inline under the Automation API and under mocks.
 *
 * @throws pulumi.RunError before anything is created, where the settings do not fit the world
 */
export async function deploy(settings: Settings): Promise<Outputs> {
  // Beside what follows, as each of them waits for somebody else.
  const readingState = canBeAsked(settings) ? readOwnState() : undefined;
  const readingCrds = startedEarly(readCrds(settings));
  const plan = await planCluster(settings).catch(withoutStack);
  await preflight(settings, plan, ownerLabel(), readingState).catch(withoutStack);
  const crds = await readingCrds.catch(withoutStack);
  await checkDefinitions(settings, crds, plan.api, ownerLabel()).catch(withoutStack);
  const cluster = plan.create();
  const releases = createReleases(settings, cluster, crds);
  return outputsOf(cluster, releases, keptCrds(settings, crds, cluster));
}

/** What is awaited only after others: if it fails meanwhile, whatever they say comes first. */
function startedEarly<Value>(work: Promise<Value>): Promise<Value> {
  work.catch(() => {});
  return work;
}

/** A RunError is printed without its stack: the message is all the user needs. */
function withoutStack(error: unknown): never {
  throw error instanceof UserError ? new pulumi.RunError(error.message) : error;
}
