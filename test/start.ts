import { type ImageSet, images } from "../sandbox/images/images.ts";
import { startSandbox } from "../sandbox/sandbox.ts";
import { startCloud } from "./openstack/cloud.ts";
import type { PlacedLevel } from "./places.ts";

// node start.ts <level> <folder>: starts what the tests of a level run on, builds what it needs, and ends.

const log = (line: string) => console.log(line);

const START: Readonly<Record<PlacedLevel, (root: string) => Promise<unknown>>> = {
  stack: (root) => startSandbox({ root, nodes: "simulated", log }),
  openstack: (root) => startCloud({ root, log }),
  e2e: (root) => startSandbox({ root, nodes: "real", images: Object.keys(images) as ImageSet[], log }),
};

const [level = "", root = ""] = process.argv.slice(2);
try {
  await START[level as PlacedLevel](root);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
