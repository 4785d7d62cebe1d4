import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Imports every test file beside a module, so that a whole level runs in one process.
 *
 * Loading Pulumi takes a second of CPU: in a process for each file that would be most of the level's time.
 */
export async function importTests(moduleUrl: string): Promise<void> {
  const files = readdirSync(dirname(fileURLToPath(moduleUrl))).filter((file) => file.endsWith(".test.ts"));
  for (const file of files.sort()) await import(new URL(file, moduleUrl).href);
}
