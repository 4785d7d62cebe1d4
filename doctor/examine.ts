import type { ApiEditor } from "../providers/existing/api-client.ts";
import { UserError } from "../settings/problems.ts";
import { clusterOfSettings, clusterOfState, identityIfAny, unreachable } from "./cluster.ts";
import { diagnose, type Facts } from "./diagnosis.ts";
import type { Finding } from "./findings.ts";
import { lookForLabelled, placesOf } from "./labelled.ts";
import { type Locks, locksAround } from "./lock.ts";
import { look } from "./look.ts";
import { lookForNoted } from "./noted.ts";
import { lookHere } from "./processes.ts";
import { type Pulumi, readConfig, readLocks, readOwner } from "./pulumi.ts";
import { parseState, type StackState } from "./state.ts";
import { cutInstallations } from "./unnoted.ts";

/** What is wrong with a stack, and where it can be mended. */
export interface Examined {
  readonly findings: readonly Finding[];
  /** The stack's cluster, where it answers. */
  readonly api?: ApiEditor;
}

/**
 * Looks at a stack's locks, state and cluster, and changes nothing.
 *
 * @param alone whether people say that nobody else runs the stack or makes anything of its names
 */
export async function examine(pulumi: Pulumi, alone: boolean): Promise<Examined> {
  const { state, config, locks = alone ? NO_LOCKS : undefined } = await read(pulumi);
  const chosen = await clusterOfSettings(config.cluster, config.secrets);
  const named = await identityIfAny(chosen);
  const places = placesOf(config.releases);
  const facts: Facts = {
    state,
    here: lookHere(locks?.held ?? []),
    releases: places.map(({ release }) => release),
    alone,
    ...(locks === undefined ? {} : { locks }),
    ...(named === undefined ? {} : { named }),
  };
  try {
    // A destroy that has ended took the kubeconfig out of the state, and not what the state does not know.
    const api = state.kubeconfig === undefined ? undefined : await clusterOfState(state.kubeconfig);
    const where = api ?? chosen;
    if (where === undefined) return { findings: diagnose(facts) };
    const owner = state.owner ?? (await readOwner(pulumi));
    const labelled = await lookForLabelled(where, places, owner);
    const cut = cutInstallations(state, labelled, alone);
    const noted = await lookForNoted(where, state, cut, api === undefined && !alone ? owner : undefined);
    const all = { ...facts, noted, labelled };
    if (api === undefined) return { findings: diagnose(all), api: where };
    return { findings: diagnose({ ...all, seen: await look(api, state) }), api };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { findings: [unreachable(error, state, config.cluster), ...diagnose(facts)] };
  }
}

const NO_LOCKS: Locks = { held: [], unreadable: [], moved: false };

interface Read {
  readonly state: StackState;
  readonly config: Readonly<Record<string, unknown>>;
  /** Absent where the backend shows none. */
  readonly locks?: Locks;
}

/** Reads the state between two looks at the locks: a run that ends in between leaves no lock, and a state of its middle. */
async function read(pulumi: Pulumi): Promise<Read> {
  const [before, config] = await Promise.all([readLocks(pulumi), readConfig(pulumi)]);
  const state = parseState(await pulumi.run(["stack", "export", "--show-secrets"]));
  const after = await readLocks(pulumi);
  if (before === undefined || after === undefined) return { state, config };
  return { state, config, locks: locksAround(before, after) };
}
