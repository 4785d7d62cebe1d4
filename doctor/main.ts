import { parseArgs } from "node:util";
import { UserError } from "../settings/problems.ts";
import { examine } from "./examine.ts";
import { fixesOf, mend } from "./mend.ts";
import { openStack } from "./pulumi.ts";
import { report } from "./report.ts";

// npm run doctor -- --stack <name> [--fix [--no-other-run]]: what is wrong with a stack, and what mends it. Ends with 0
// where nothing is wrong, 1 where something is, 2 where it could not look or mend. --no-other-run: nobody else runs the
// stack or makes anything of its names, which a backend that shows no locks and a namespace of others cannot tell.

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

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof UserError ? error.message : error);
  process.exitCode = 2;
}
