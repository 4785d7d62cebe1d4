import { existsSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Log } from "../../sandbox/build.ts";
import { createSecrets } from "../../sandbox/credentials.ts";
import { environmentFile, sandboxEnvironment } from "../../sandbox/environment.ts";
import { writePrivate } from "../../sandbox/files.ts";
import { createFolders, type Layout, layoutOf, repository } from "../../sandbox/layout.ts";
import { withLock } from "../../sandbox/lock.ts";
import { release } from "../../sandbox/node/debian.ts";
import { nothingLeft, tracesOf } from "../../sandbox/node/leftovers.ts";
import { namespacesObstacle } from "../../sandbox/node/prerequisites.ts";
import type { Obstacle } from "../../sandbox/obstacle.ts";
import { ensureRunning, type Program, stopProgram } from "../../sandbox/processes.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import { ensureToolchain, toolchainObstacle } from "../../sandbox/toolchain.ts";
import { everyStacks } from "../../sandbox/tools.ts";
import type { Login } from "./api.ts";
import { conductorUp } from "./conductor.ts";
import { DOMAIN, REGION } from "./configuration.ts";
import { stopControlPlanes } from "./control-planes.ts";
import { endAll, insideOf } from "./inside.ts";
import { bootstrapKeystone, writeState } from "./install.ts";
import { ensurePackages } from "./packages.ts";
import { HTTP_SERVICES, type Place, placeOf, rememberedPlace, urlOf } from "./place.ts";
import { MEMBER, seedIdentity, seedResources } from "./seed.ts";
import { answering, type CloudArgs, startDatabase, startQueue, startServices } from "./services.ts";
import { putTables } from "./tables.ts";

/** A running cloud: a place to run stacks, without a cluster of its own. */
export interface Cloud extends Sandbox {
  readonly place: Place;
}

/** Options of `startCloud`. */
export interface CloudOptions {
  /** State folder; two clouds never share anything but packages and built programs. */
  readonly root: string;
  /** Takes progress line by line. Default: silence. */
  readonly log?: Log;
}

/** The program that makes the clusters' control planes. */
const CONTROL_PLANES = "control-planes";

/** The release whose OpenStack, named Zed, is known to work here. */
const DEBIAN = "debian 12";

/** Why this machine can have no cloud; undefined where it can. */
export function cloudObstacle(): Obstacle | undefined {
  const obstacle = namespacesObstacle();
  if (obstacle !== undefined) return obstacle;
  if (release() !== DEBIAN) return { why: `it needs the packages of ${DEBIAN}, and this is ${release()}` };
  return toolchainObstacle();
}

/**
 * Starts OpenStack on this machine, or what of it does not run: Keystone, Glance, the APIs of Nova and Neutron, and
 * Magnum, all on loopback. Resolves when clusters can be made. Throws with the last words of what did not come up.
 */
export async function startCloud({ root, log = () => {} }: CloudOptions): Promise<Cloud> {
  const layout = layoutOf(root);
  createFolders(layout);
  return withLock(layout.lock, async () => {
    createFolders(layout);
    createSecrets(layout);
    await ensureToolchain(layout, log, [...everyStacks, "openstack"]);
    const packages = await ensurePackages(log);
    const place = await placeOf(layout);
    await startAll({ layout, place, packages, inside: insideOf(layout, packages) }, log);
    return cloudAt(layout, place);
  });
}

/**
 * Ends every process of a cloud and of its clusters, and removes its state folder. Does nothing where there is none.
 * Throws where something of it is left on the machine, and names it; the state folder is then kept, so that another
 * stop looks again.
 */
export async function stopCloud({ root }: CloudOptions): Promise<void> {
  const layout = layoutOf(root);
  if (!existsSync(layout.root)) return;
  const traces = tracesOf(layout);
  await withLock(layout.lock, async () => {
    await stopProgram(layout, CONTROL_PLANES);
    await stopControlPlanes(layout);
    await endAll(layout);
    // Before it is forgotten what to look for: else the next stop would find nothing, whatever is left.
    await nothingLeft(traces);
    // Only what a cloud puts there: the folder was named by the caller.
    const { root: _root, lock: _lock, ...parts } = layout;
    for (const path of Object.values(parts)) rmSync(path, { recursive: true, force: true });
  });
  try {
    rmdirSync(layout.root);
  } catch {
    // Not empty: the user keeps something there.
  }
}

/** Whether a cloud has been started at `root` and not stopped. */
export function cloudExists(root: string): boolean {
  return rememberedPlace(layoutOf(root)) !== undefined;
}

/** Environment variables by which OpenStack's clients log in; as an openrc file sets them. */
export function openrc(place: Place, { user, project }: Login = MEMBER): Record<string, string> {
  return {
    OS_AUTH_URL: `${urlOf(place, "keystone")}/v3`,
    OS_USERNAME: user,
    OS_PASSWORD: place.password,
    OS_PROJECT_NAME: project,
    OS_USER_DOMAIN_NAME: DOMAIN,
    OS_PROJECT_DOMAIN_NAME: DOMAIN,
    OS_REGION_NAME: REGION,
    OS_IDENTITY_API_VERSION: "3",
  };
}

/** Starts all services, and fills the cloud at first; one that was interrupted before it was full begins anew. */
async function startAll(args: CloudArgs, log: Log): Promise<void> {
  const { layout, place } = args;
  const start = Date.now();
  const say = (what: string) => log(`${what} after ${((Date.now() - start) / 1000).toFixed(1)} s`);
  const mark = join(layout.cluster, "filled");
  const empty = !existsSync(mark);
  if (empty) {
    await endAll(layout);
    writeState(args);
    await putTables(args, log);
  }
  await startQueue(args);
  await startDatabase(args);
  say("MariaDB answers");
  await ensureRunning(layout, controlPlanes(layout));
  await startServices(args);
  if (empty) await bootstrapKeystone(args);
  await answering(args, ["keystone"]);
  if (empty) await seedIdentity(place);
  say("Keystone answers");
  await answering(args, HTTP_SERVICES);
  say("Glance, Nova, Neutron and Magnum answer");
  if (empty) await seedResources(place);
  writeFileSync(mark, "");
  await conductorUp(args);
  say("Magnum's conductor is up");
}

function controlPlanes(layout: Layout): Program {
  const program = join(dirname(fileURLToPath(import.meta.url)), "control-planes.ts");
  const command: Program["command"] = [process.execPath, "--import", "tsx/esm", program, layout.root];
  return { name: CONTROL_PLANES, command, cwd: repository };
}

function cloudAt(layout: Layout, place: Place): Cloud {
  const passphrase = readFileSync(layout.passphrase, "utf8").trim();
  const env = sandboxEnvironment(layout, passphrase);
  const exports = Object.entries(openrc(place)).map(([name, value]) => `export ${name}='${value}'\n`);
  writePrivate(layout.env, environmentFile(layout, passphrase) + exports.join(""));
  const { root, kubeconfig } = layout;
  return { root, kubeconfig, pulumiRoot: root, env, nodes: "simulated", place };
}
