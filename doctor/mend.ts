import type { ApiEditor } from "../providers/existing/api-client.ts";
import type { Finding, Fix } from "./findings.ts";
import type { Pulumi } from "./pulumi.ts";
import { withoutPending } from "./state.ts";

/** The order in which things can be mended: nothing can be written before the lock is gone. */
const ORDER: readonly Fix["kind"][] = ["unlock", "clear-pending", "delete-secrets", "refresh"];

/** What can be mended of some findings, in the order in which it can; nothing while another run may be at work; pure. */
export function fixesOf(findings: readonly Finding[]): Fix[] {
  if (findings.some(({ waits }) => waits === true)) return [];
  const fixes = findings.flatMap(({ fix }) => (fix === undefined ? [] : [fix]));
  return fixes.sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
}

/** Mends one thing and answers what was done, in words. */
export async function mend(fix: Fix, { run }: Pulumi, api: ApiEditor | undefined): Promise<string> {
  switch (fix.kind) {
    case "unlock":
      await run(["cancel", "--yes"]);
      return "removed the lock";
    case "clear-pending":
      await run(["stack", "import"], withoutPending(await run(["stack", "export"])));
      return `took ${fix.count} pending operation(s) out of the state`;
    case "delete-secrets":
      for (const name of fix.names) await api?.remove(`/api/v1/namespaces/${fix.namespace}/secrets/${name}`);
      return `deleted ${fix.names.map((name) => `Secret ${fix.namespace}/${name}`).join(", ")}`;
    case "refresh":
      await run(["refresh", "--yes", "--skip-preview", ...fix.urns.flatMap((urn) => ["--target", urn])]);
      return `refreshed ${fix.urns.length} resource(s) of the state`;
    default:
      return fix satisfies never;
  }
}
