import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { UserError } from "../../settings/problems.ts";

/** Where a program is found on `PATH`; `undefined` where it is not. */
export function findProgram(name: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const names = process.platform === "win32" ? [`${name}.exe`, `${name}.cmd`] : [name];
  return (env.PATH ?? "")
    .split(delimiter)
    .filter((directory) => directory !== "")
    .flatMap((directory) => names.map((each) => join(directory, each)))
    .find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * Refuses to go on without a program that the kubeconfig names.
 *
 * @throws UserError with the remedy, where it is not on `PATH`: else the first object in the cluster would fail,
 *   after everything that costs money was made
 */
export function requireProgram(name: string, remedy: string, env: NodeJS.ProcessEnv = process.env): void {
  if (findProgram(name, env) === undefined) throw new UserError(`${name} is not on PATH; ${remedy}`);
}
