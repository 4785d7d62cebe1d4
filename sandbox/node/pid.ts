import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startedAt } from "../identity.ts";
import type { Layout } from "../layout.ts";

/** The pid of the sandbox's program of that name; undefined where it does not run. */
export function runningPid(layout: Layout, name: string): number | undefined {
  try {
    const { pid, started } = JSON.parse(readFileSync(join(layout.pids, `${name}.json`), "utf8"));
    return startedAt(pid) === started ? pid : undefined;
  } catch {
    return undefined;
  }
}
