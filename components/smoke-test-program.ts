import { readFileSync } from "node:fs";

/** What a smoke test proves: that a Dask cluster, a gateway, a hub or the operator serves its users. */
export type SmokeTestSubject = "dask" | "gateway" | "hub" | "operator";

/** The Python program of a smoke test, whole: what all have in common, then its own part. */
export function smokeTestProgram(subject: SmokeTestSubject): string {
  return ["common", subject].map(read).join("\n");
}

function read(part: string): string {
  return readFileSync(new URL(`smoke-tests/${part}.py`, import.meta.url), "utf8");
}
