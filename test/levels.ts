import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { buildObstacle } from "../sandbox/build.ts";
import { imageTools } from "../sandbox/images/tools.ts";
import { repository } from "../sandbox/layout.ts";
import { realNodeObstacle } from "../sandbox/node/prerequisites.ts";
import type { Obstacle } from "../sandbox/obstacle.ts";
import { toolchainObstacle } from "../sandbox/toolchain.ts";
import { cloudObstacle } from "./openstack/cloud.ts";
import { pythonObstacle } from "./python/venv.ts";

/** The levels of tests in the order of what they cost; each is a folder of this one. */
export const LEVELS = ["code", "unit", "graph", "fuzz", "python", "stack", "openstack", "e2e"] as const;

/** One of the levels. */
export type Level = (typeof LEVELS)[number];

/** The levels that these words name, in order; all where there is no word. Throws where one is no level; pure. */
export function levelsNamed(words: readonly string[]): Level[] {
  const known: readonly string[] = LEVELS;
  const unknown = words.find((word) => !known.includes(word));
  if (unknown !== undefined) throw new Error(`There is no level ${unknown}; there are ${LEVELS.join(", ")}.`);
  return LEVELS.filter((level) => words.length === 0 || words.includes(level));
}

/** The files that run a level: one that imports its tests where there is such a file, else all of them. */
export function filesOf(level: Level): string[] {
  const folder = join(repository, "test", level);
  const together = join(folder, "all.ts");
  if (existsSync(together)) return [together];
  const files = readdirSync(folder).filter((file) => file.endsWith(".test.ts"));
  return files.map((file) => join(folder, file));
}

/** Why this machine cannot run a level; undefined where it can. */
export async function obstacleOf(level: Level): Promise<Obstacle | undefined> {
  if (level === "python") return pythonObstacle();
  if (level === "stack") return toolchainObstacle();
  if (level === "openstack") return cloudObstacle();
  if (level === "e2e")
    return realNodeObstacle() ?? toolchainObstacle() ?? buildObstacle(Object.values(imageTools));
  return undefined;
}
