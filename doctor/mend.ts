import { setTimeout as sleep } from "node:timers/promises";
import type { ApiEditor } from "../providers/existing/api-client.ts";
import type { Finding, Fix } from "./findings.ts";
import { shortPath } from "./paths.ts";
import { shortUrn } from "./pending.ts";
import type { Pulumi } from "./pulumi.ts";
import { withoutPending } from "./state.ts";

/** The order in which things can be mended: nothing can be written before the lock is gone. */
const ORDER: readonly Fix["kind"][] = [
  "unlock",
  // Before the notes that tell of them.
  "delete-objects",
  "clear-pending",
  "delete-secrets",
  "await-namespace",
  "finish-deletion",
  "refresh",
];

/** What can be mended of some findings, in the order in which it can; nothing while another run may be at work; pure. */
export function fixesOf(findings: readonly Finding[]): Fix[] {
  if (findings.some(({ waits }) => waits === true)) return [];
  const fixes = findings.flatMap(({ fix }) => (fix === undefined ? [] : [fix]));
  const urns = fixes.flatMap((fix) => (fix.kind === "refresh" ? fix.urns : []));
  const others = fixes.filter(({ kind }) => kind !== "refresh");
  // One command for all: each of them takes seconds.
  const all: readonly Fix[] = urns.length === 0 ? others : [...others, { kind: "refresh", urns }];
  return [...all].sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
}

/** Mends one thing and answers what was done, in words. */
export async function mend(fix: Fix, { run }: Pulumi, api: ApiEditor | undefined): Promise<string> {
  switch (fix.kind) {
    case "unlock":
      await run(["cancel", "--yes"]);
      return "removed the lock";
    case "clear-pending":
      await run(["stack", "import"], withoutPending(await run(["stack", "export"]), fix.adopt));
      if (fix.adopt.length > 0) await refresh(run, fix.adopt);
      return `took ${fix.count} pending operation(s) out of the state${fix.adopt.length > 0 ? `, and ${fix.adopt.length} object(s) into it` : ""}`;
    case "delete-secrets":
      for (const name of fix.names) await api?.remove(`/api/v1/namespaces/${fix.namespace}/secrets/${name}`);
      return `deleted ${fix.names.map((name) => `Secret ${fix.namespace}/${name}`).join(", ")}`;
    case "delete-objects":
      for (const path of fix.paths) await api?.remove(path);
      for (const path of fix.paths) await untilGone(path, api);
      return `deleted ${fix.paths.map(shortPath).join(", ")}`;
    case "await-namespace":
      return (await untilGone(`/api/v1/namespaces/${fix.name}`, api))
        ? `waited until the namespace ${fix.name} was gone`
        : `waited for the namespace ${fix.name}, which is still there`;
    case "finish-deletion":
      await run(["destroy", "--yes", "--skip-preview", "--target", fix.urn]);
      return `ended the deletion of ${shortUrn(fix.urn)}`;
    case "refresh":
      await refresh(run, fix.urns);
      return `refreshed ${fix.urns.length} resource(s) of the state`;
    default:
      return fix satisfies never;
  }
}

/** How long objects get to go, in milliseconds, and how often they are looked for. */
const PATIENCE_MS = 120_000;
const PERIOD_MS = 500;

/** Waits until an object is gone, and answers whether it is. */
async function untilGone(path: string, api: ApiEditor | undefined): Promise<boolean> {
  const deadline = Date.now() + PATIENCE_MS;
  while (api !== undefined && Date.now() < deadline) {
    if ((await api.get(path)).kind !== "found") return true;
    await sleep(PERIOD_MS);
  }
  return false;
}

async function refresh(run: Pulumi["run"], urns: readonly string[]): Promise<void> {
  await run(["refresh", "--yes", "--skip-preview", ...urns.flatMap((urn) => ["--target", urn])]);
}
