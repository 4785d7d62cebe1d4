import { existsSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import type { Log } from "./build.ts";
import { startControlPlane } from "./control-plane.ts";
import { createSecrets } from "./credentials.ts";
import { environmentFile, sandboxEnvironment } from "./environment.ts";
import { writePrivate } from "./files.ts";
import type { ImageSet } from "./images/images.ts";
import { createFolders, defaultRoot, type Layout, layoutOf } from "./layout.ts";
import { withLock } from "./lock.ts";
import { nothingLeft, type Traces, tracesOf } from "./node/leftovers.ts";
import { rememberedNetwork } from "./node/network.ts";
import { realNodeObstacle } from "./node/prerequisites.ts";
import { startReal, stopRealNode } from "./node/real-node.ts";
import { inWords } from "./obstacle.ts";
import { recordedPrograms, stopProgram } from "./processes.ts";
import { startSimulatedNodes } from "./simulated-nodes.ts";
import { ensureToolchain, type Toolchain } from "./toolchain.ts";

/** What the nodes are: `simulated` ones accept pods and run nothing, `real` ones run containers. */
export type Nodes = "simulated" | "real";

/** A running sandbox. */
export interface Sandbox {
  /** State folder, absolute. */
  readonly root: string;
  /** Path of the administrator's kubeconfig, absolute. */
  readonly kubeconfig: string;
  /** Folder with `bin/pulumi`, as the Automation API wants it. */
  readonly pulumiRoot: string;
  /** Environment for `pulumi` and `kubectl`, complete with PATH; add it to `process.env`. */
  readonly env: Readonly<Record<string, string>>;
  readonly nodes: Nodes;
}

/** Options of `startSandbox` and `stopSandbox`. */
export interface SandboxOptions {
  /** State folder. Default: `.sandbox/` of this clone. Two roots never share anything but built programs. */
  readonly root?: string;
  /** Default: what the sandbox has where it exists, else `simulated`. */
  readonly nodes?: Nodes;
  /** Images that a real node is to have besides those of every pod; made at first. Default: none. */
  readonly images?: readonly ImageSet[];
  /** Takes progress line by line. Default: silence. */
  readonly log?: Log;
}

/**
 * Starts Kubernetes on this machine, or what of it does not run, and resolves when pods can be created.
 * Returns at once where everything runs. Data of an earlier start is kept. The first start on a machine builds the
 * toolchain (see `ensureToolchain`). Throws with a remedy where the machine cannot do it.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { root = defaultRoot, images = [], log = () => {} } = options;
  const layout = layoutOf(root);
  const nodes = options.nodes ?? existingNodes(root) ?? "simulated";
  requireSupport(layout, nodes, existingNodes(root));
  createFolders(layout);
  return withLock(layout.lock, () => start(layout, nodes, images, log), {
    onWait: (pid) => log(`process ${pid} works on ${layout.root}, waiting`),
  });
}

/**
 * Stops every process of the sandbox and removes its state folder. Does nothing where there is none.
 * Throws where something of a real node is left on the machine, and names it; the state folder is then kept, so that
 * another stop looks again.
 */
export async function stopSandbox(options: SandboxOptions = {}): Promise<void> {
  const layout = layoutOf(options.root ?? defaultRoot);
  if (!existsSync(layout.root)) return;
  const traces = existingNodes(layout.root) === "real" ? tracesOf(layout) : undefined;
  await withLock(layout.lock, () => stop(layout, traces));
  removeRoot(layout);
}

/** Whether a sandbox has been started at `root` and not stopped, be it that its processes died since. */
export function sandboxExists(root: string = defaultRoot): boolean {
  return existsSync(layoutOf(root).ports);
}

/** What the nodes of the sandbox at `root` are; undefined where none has been started. */
export function existingNodes(root: string = defaultRoot): Nodes | undefined {
  if (!sandboxExists(root)) return undefined;
  return rememberedNetwork(layoutOf(root)) === undefined ? "simulated" : "real";
}

async function start(layout: Layout, nodes: Nodes, images: readonly ImageSet[], log: Log): Promise<Sandbox> {
  // Again, because another process may have stopped the sandbox while this one waited.
  createFolders(layout);
  createSecrets(layout);
  const toolchain = await ensureToolchain(layout, log);
  if (nodes === "real") await startReal(layout, toolchain.kube, images, log);
  else await startSimulated(layout, toolchain);
  const passphrase = readFileSync(layout.passphrase, "utf8").trim();
  writePrivate(layout.env, environmentFile(layout, passphrase));
  const env = sandboxEnvironment(layout, passphrase);
  return { root: layout.root, kubeconfig: layout.kubeconfig, pulumiRoot: layout.root, env, nodes };
}

async function startSimulated(layout: Layout, { kube, kwok }: Toolchain): Promise<void> {
  const access = await startControlPlane(layout, kube);
  await startSimulatedNodes(layout, access, kwok);
}

async function stop(layout: Layout, traces: Traces | undefined): Promise<void> {
  await stopRealNode(layout);
  // Clients before servers: the API server waits for its watchers, etcd's clients would log errors.
  const order = ["etcd", "kube-apiserver", "kube-scheduler", "kube-controller-manager", "kwok"];
  const names = recordedPrograms(layout).sort((a, b) => order.indexOf(b) - order.indexOf(a));
  for (const name of names) await stopProgram(layout, name);
  // Before it is forgotten what to look for: else the next stop would find nothing, whatever is left.
  if (traces !== undefined) await nothingLeft(traces);
  // Only what a sandbox puts there: the folder was named by the caller.
  const { root: _root, lock: _lock, ...parts } = layout;
  for (const path of Object.values(parts)) rmSync(path, { recursive: true, force: true });
}

function removeRoot(layout: Layout): void {
  try {
    rmdirSync(layout.root);
  } catch {
    // Not empty: another process started it anew, or the user keeps something there.
  }
}

function requireSupport(layout: Layout, nodes: Nodes, existing: Nodes | undefined): void {
  if (process.platform === "win32") {
    throw new Error("The sandbox runs on Linux and macOS. On Windows use WSL, or kind with Docker.");
  }
  if (existing !== undefined && existing !== nodes) {
    throw new Error(`This sandbox has ${existing} nodes. End it first: npm run sandbox:down`);
  }
  // Once it has been started, what keeps it from starting again says so itself.
  const obstacle = nodes === "real" && existing === undefined ? realNodeObstacle(layout.root) : undefined;
  if (obstacle !== undefined)
    throw new Error(`No real node here: ${inWords(obstacle)}. Use --nodes simulated.`);
}
