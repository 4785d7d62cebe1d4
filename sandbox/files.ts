import { readFileSync, readlinkSync, renameSync, symlinkSync, writeFileSync } from "node:fs";

/** Makes `path` a symbolic link to `target` in one step; does nothing where it is that already. */
export function link(target: string, path: string): void {
  if (attempt(() => readlinkSync(path)) === target) return;
  const fresh = `${path}.${process.pid}`;
  symlinkSync(target, fresh);
  renameSync(fresh, path);
}

/** Writes a private file (mode 600) in one step, so that no reader sees half of it; unchanged where it is the same. */
export function writePrivate(path: string, text: string): void {
  if (readIfThere(path) === text) return;
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, text, { mode: 0o600 });
  renameSync(fresh, path);
}

/** The text of a file, or undefined where it cannot be read. */
export function readIfThere(path: string): string | undefined {
  return attempt(() => readFileSync(path, "utf8"));
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
