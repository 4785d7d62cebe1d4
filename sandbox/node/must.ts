import type { Ended } from "../command.ts";

/** The output of a command that has ended well; throws with its last words where it has not. */
export function must(command: readonly string[], { code, stdout, stderr }: Ended): string {
  if (code === 0) return stdout;
  const words = stderr.trim() === "" ? stdout.trim() : stderr.trim();
  throw new Error(`${command.join(" ")} failed (${code ?? "not run"}): ${words.slice(-3000)}`);
}
