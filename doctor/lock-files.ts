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
  const text = textOf(file);
  if (text === undefined) return { held: [], unreadable: [file] };
  // It went since its folder was listed: its run has ended.
  if (text === GONE) return { held: [], unreadable: [] };
  const lock = parseLock(text);
  return lock === undefined ? { held: [], unreadable: [file] } : { held: [lock], unreadable: [] };
}

const GONE = Symbol("gone");

function textOf(file: string): string | typeof GONE | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ENOENT" ? GONE : undefined;
  }
}
