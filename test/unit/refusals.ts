import assert from "node:assert/strict";
import { parseSettings } from "../../settings/parse.ts";
import { SettingsError } from "../../settings/problems.ts";

/** The problems of a stack file as lines of key and message; none where it is accepted. */
export function problemsOf(input: unknown): string[] {
  try {
    parseSettings(input);
  } catch (error) {
    assert.ok(error instanceof SettingsError, String(error));
    return error.problems.map(({ key, message }) => `${key} ${message}`);
  }
  return [];
}

/** What tests of a cloud's settings write a stack file with. */
export interface CloudStack<Pool> {
  /** A stack file with the pools `core` and `worker`; `own` are further keys of the cluster. */
  settings(own?: object, releases?: object): { cluster: object; releases: object };
  /** The key `nodePools` with further pools, or others of the same names. */
  pools(more: object): { nodePools: Record<"core" | "worker", Pool> };
  /** The problems of such a file, a line each. */
  problems(own: object, releases?: object): string[];
  /** Fails unless one of the file's problems is the expected one. */
  refuses(own: object, expected: RegExp, releases?: object): void;
}

/** Stack files of one cloud. */
export function cloudStack<Pool>(
  cluster: object,
  nodePools: Record<"core" | "worker", Pool>,
): CloudStack<Pool> {
  const settings = (own: object = {}, releases: object = {}) => ({
    cluster: { ...cluster, nodePools, ...own },
    releases,
  });
  const problems = (own: object, releases?: object) => problemsOf(settings(own, releases));
  return {
    settings,
    problems,
    pools: (more) => ({ nodePools: { ...nodePools, ...more } }),
    refuses(own, expected, releases) {
      const found = problems(own, releases);
      assert.ok(
        found.some((line) => expected.test(line)),
        `${expected} not in\n${found.join("\n")}`,
      );
    },
  };
}
