import { setTimeout as sleep } from "node:timers/promises";
import type { ApiEditor } from "../providers/existing/api-client.ts";
import { UserError } from "../settings/problems.ts";
import type { Finding, Fix } from "./findings.ts";
import { pathIn, shortPath } from "./paths.ts";
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

/** How long objects get to go, in milliseconds, and how often they are looked for. */
const PATIENCE_MS = 120_000;
const PERIOD_MS = 500;

/**
 * Mends one thing and answers what was done, in words.
 *
 * @param patience milliseconds that objects get to go
 * @throws UserError where what was to go is still there
 */
export async function mend(
  fix: Fix,
  { run }: Pulumi,
  api: ApiEditor | undefined,
  patience = PATIENCE_MS,
): Promise<string> {
  switch (fix.kind) {
    case "unlock":
      await run(["cancel", "--yes"]);
      return "removed the lock";
    case "clear-pending":
      await run(["stack", "import"], withoutPending(await run(["stack", "export"]), fix.adopt));
      if (fix.adopt.length > 0) await refresh(run, fix.adopt);
      return `took ${fix.count} pending operation(s) out of the state${fix.adopt.length > 0 ? `, and ${fix.adopt.length} object(s) into it` : ""}`;
    case "delete-secrets":
      await remove(
        fix.names.map((name) => pathIn("v1", "secrets", fix.namespace, name)),
        api,
        patience,
      );
      return `deleted ${fix.names.map((name) => `Secret ${fix.namespace}/${name}`).join(", ")}`;
    case "delete-objects":
      await remove(fix.paths, api, patience);
      return `deleted ${fix.paths.map(shortPath).join(", ")}`;
    case "await-namespace":
      return (await untilGone(pathIn("v1", "namespaces", undefined, fix.name), api, Date.now() + patience))
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

/** Deletes objects and waits until all of them are gone. */
async function remove(paths: readonly string[], api: ApiEditor | undefined, patience: number): Promise<void> {
  for (const path of paths) await api?.remove(path);
  const deadline = Date.now() + patience;
  const left: string[] = [];
  for (const path of paths) if (!(await untilGone(path, api, deadline))) left.push(shortPath(path));
  if (left.length === 0) return;
  throw new UserError(
    `the cluster was asked to delete ${left.join(", ")}, and ${patience / 1000} s later nothing shows that this is gone: kubectl get <kind> <name> -o yaml names the finalizers that hold it; let go of it and run the doctor again; what else it would have mended is as it was`,
  );
}

/** Waits until an object is gone, and answers whether it is: not where this user may not see it. */
async function untilGone(path: string, api: ApiEditor | undefined, deadline: number): Promise<boolean> {
  while (api !== undefined) {
    const { kind } = await api.get(path);
    if (kind !== "found") return kind === "absent";
    if (Date.now() >= deadline) return false;
    await sleep(PERIOD_MS);
  }
  return false;
}

async function refresh(run: Pulumi["run"], urns: readonly string[]): Promise<void> {
  await run(["refresh", "--yes", "--skip-preview", ...urns.flatMap((urn) => ["--target", urn])]);
}
