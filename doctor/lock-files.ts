import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Look, parseLock } from "./lock.ts";

/** The locks in a folder of a backend of files: a file that cannot be read as one counts all the same. */
export function locksIn(folder: string): Look {
  if (!existsSync(folder)) return { held: [], unreadable: [] };
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  const looks = files.sort().map((name) => lookAt(join(folder, name)));
  return {
    held: looks.flatMap(({ held }) => held),
    unreadable: looks.flatMap(({ unreadable }) => unreadable),
  };
}

function lookAt(file: string): Look {
  const unreadable: Look = { held: [], unreadable: [file] };
  try {
    const lock = parseLock(readFileSync(file, "utf8"));
    return lock === undefined ? unreadable : { held: [lock], unreadable: [] };
  } catch (error) {
    // One that went since its folder was listed: its run has ended.
    const gone = error instanceof Error && "code" in error && error.code === "ENOENT";
    return gone ? { held: [], unreadable: [] } : unreadable;
  }
}
