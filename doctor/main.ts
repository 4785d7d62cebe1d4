import { parseArgs } from "node:util";
import type { ApiEditor } from "../providers/existing/api-client.ts";
import { UserError } from "../settings/problems.ts";
import { clusterOfSettings, clusterOfState, identityIfAny, unreachable } from "./cluster.ts";
import { diagnose, type Facts } from "./diagnosis.ts";
import type { Finding } from "./findings.ts";
import { lookForLabelled, placesOf } from "./labelled.ts";
import { look } from "./look.ts";
import { fixesOf, mend } from "./mend.ts";
import { lookForNoted } from "./noted.ts";
import { lookHere } from "./processes.ts";
import { openStack, type Pulumi, readConfig, readLocks, readOwner } from "./pulumi.ts";
import { report } from "./report.ts";
import { parseState } from "./state.ts";
import { cutInstallations } from "./unnoted.ts";

// npm run doctor -- --stack <name> [--fix [--no-other-run]]: what is wrong with a stack, and what mends it. Ends with 0
// where nothing is wrong, 1 where something is, 2 where it could not look. --no-other-run: nobody else runs the stack or
// makes anything of its names, which a backend that shows no locks and a namespace of others cannot tell.

const options = {
  stack: { type: "string" },
  fix: { type: "boolean", default: false },
  "no-other-run": { type: "boolean", default: false },
} as const;

async function main(): Promise<number> {
  const { stack: name, fix, "no-other-run": alone } = parseArgs({ options }).values;
  const pulumi = await openStack(name);
  for (let round = 1; ; round++) {
    const { findings, api } = await examine(pulumi, alone);
    console.log(report(pulumi.stack, findings));
    const fixes = fixesOf(findings);
    if (fixes.length === 0) return findings.length === 0 ? 0 : 1;
    if (!fix || round > MOST_ROUNDS) {
      console.log(`\nTo mend what can be: npm run doctor -- --stack ${pulumi.stack} --fix`);
      return 1;
    }
    console.log("");
    for (const each of fixes) console.log(`Mended: ${await mend(each, pulumi, api)}.`);
    console.log("");
  }
}

/** How often is mended and looked again: what one fix uncovers, the next one mends. */
const MOST_ROUNDS = 5;

interface Examined {
  readonly findings: readonly Finding[];
  /** The stack's cluster, where it answers. */
  readonly api?: ApiEditor;
}

async function examine(pulumi: Pulumi, alone: boolean): Promise<Examined> {
  const state = parseState(await pulumi.run(["stack", "export", "--show-secrets"]));
  const locks = (await readLocks(pulumi)) ?? (alone ? [] : undefined);
  const config = await readConfig(pulumi);
  const chosen = await clusterOfSettings(config.cluster, config.secrets);
  const named = await identityIfAny(chosen);
  const places = placesOf(config.releases);
  const facts: Facts = {
    state,
    here: lookHere(locks ?? []),
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
    const labelled = await lookForLabelled(where, places, state.owner ?? (await readOwner(pulumi)));
    const noted = await lookForNoted(where, state, cutInstallations(state, labelled, alone));
    const all = { ...facts, noted, labelled };
    if (api === undefined) return { findings: diagnose(all), api: where };
    return { findings: diagnose({ ...all, seen: await look(api, state) }), api };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { findings: [unreachable(error), ...diagnose(facts)] };
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof UserError ? error.message : error);
  process.exitCode = 2;
}
