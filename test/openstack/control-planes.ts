import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { builtPath } from "../../sandbox/build.ts";
import { simulatedSide, startControlPlane } from "../../sandbox/control-plane.ts";
import { createSecrets, credentialsOf } from "../../sandbox/credentials.ts";
import { readIfThere, writePrivate } from "../../sandbox/files.ts";
import { type Access, answers, apply, call, until } from "../../sandbox/kubernetes-api.ts";
import { createFolders, type Layout, layoutOf } from "../../sandbox/layout.ts";
import { ensureRunning, recordedPrograms, runningPid, stopProgram } from "../../sandbox/processes.ts";
import { kwokProgram, readyNodes, simulatedNode } from "../../sandbox/simulated-nodes.ts";
import { tools } from "../../sandbox/tools.ts";
import { clustersFolder } from "./place.ts";

// node control-planes.ts <folder of the cloud>: makes true what Magnum's driver wants, until it is stopped.

/** What the driver wants of a cluster; see driver/sandbox_driver.py. */
interface Wanted {
  /** Another one at every change. */
  readonly id: string;
  readonly gone: boolean;
  readonly nodes: readonly WantedNode[];
  /** Why the cluster shall come to nothing. */
  readonly failure?: string;
}

interface WantedNode {
  readonly name: string;
  readonly group: string;
  readonly role: string;
}

/** What has become of it, for the driver. */
interface State {
  readonly id: string;
  readonly failure?: string;
  readonly address?: string;
  readonly version?: string;
}

const LOOK_EVERY_MS = 200;
const READY_TIMEOUT_MS = 180_000;

/** Stops the control planes of all clusters of a cloud, and removes what they held. */
export async function stopControlPlanes(layout: Layout): Promise<void> {
  const folder = planesFolder(layout);
  if (!existsSync(folder)) return;
  await Promise.all(readdirSync(folder).map((id) => stop(planeOf(layout, id))));
}

/** The control planes that a cloud has, each with those of its programs that run; a line each. */
export function planesOf(layout: Layout): string[] {
  const folder = planesFolder(layout);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((id) => {
    const plane = planeOf(layout, id);
    const programs = recordedPrograms(plane).map((name) => ({ name, pid: runningPid(plane, name) }));
    const running = programs.filter(({ pid }) => pid !== undefined);
    return [
      `control plane ${id}`,
      ...running.map(({ name, pid }) => `process ${pid}, ${name} of the control plane ${id}`),
    ];
  });
}

function planesFolder(layout: Layout): string {
  return join(layout.cluster, "planes");
}

function planeOf(layout: Layout, id: string): Layout {
  return layoutOf(join(planesFolder(layout), id));
}

/** Looks after all clusters, for ever; each on its own, so that a slow one holds up no other. */
async function watchClusters(layout: Layout): Promise<never> {
  const busy = new Set<string>();
  // Not what stands in the files: after a restart of the machine nothing of it runs.
  const settled = new Map<string, string>();
  for (;;) {
    for (const id of readdirSync(clustersFolder(layout))) {
      if (busy.has(id)) continue;
      busy.add(id);
      settle(layout, id, settled)
        .catch((error: unknown) => console.error(id, error))
        .finally(() => busy.delete(id));
    }
    await sleep(LOOK_EVERY_MS);
  }
}

/** Makes one cluster what is wanted, where it is not, and says so. */
async function settle(layout: Layout, id: string, settled: Map<string, string>): Promise<void> {
  const folder = join(clustersFolder(layout), id);
  const wanted = readWanted(join(folder, "wanted.json"));
  if (wanted === undefined || settled.get(id) === wanted.id) return;
  console.log(`${id}: ${JSON.stringify(wanted)}`);
  const state = await become(planeOf(layout, id), folder, wanted).catch((error: unknown) => ({
    id: wanted.id,
    failure: error instanceof Error ? error.message : String(error),
  }));
  if (existsSync(folder)) writePrivate(join(folder, "state.json"), JSON.stringify(state));
  settled.set(id, wanted.id);
}

async function become(plane: Layout, folder: string, wanted: Wanted): Promise<State> {
  const { id, gone, failure, nodes } = wanted;
  if (gone) {
    await stop(plane);
    return { id };
  }
  if (failure !== undefined) return { id, failure };
  const access = await start(plane, folder);
  await setNodes(access, nodes);
  return { id, address: `https://127.0.0.1:${access.port}`, version: "v1.34.4" };
}

async function start(plane: Layout, folder: string): Promise<Access> {
  createFolders(plane);
  createSecrets(plane);
  const { certificates } = credentialsOf(plane);
  mkdirSync(certificates, { recursive: true, mode: 0o700 });
  // The API server takes a certificate that lies where it would put its own.
  for (const file of ["apiserver.crt", "apiserver.key"])
    writePrivate(join(certificates, file), readFileSync(join(folder, file), "utf8"));
  const clientCa = join(folder, "ca.crt");
  const access = await startControlPlane(plane, builtPath(tools.kube), { ...simulatedSide, clientCa });
  await ensureRunning(plane, kwokProgram(plane, builtPath(tools.kwok)));
  return access;
}

async function stop(plane: Layout): Promise<void> {
  // Clients before servers.
  const order = ["etcd", "kube-apiserver"];
  const names = recordedPrograms(plane).sort((a, b) => order.indexOf(b) - order.indexOf(a));
  for (const name of names) await stopProgram(plane, name);
  rmSync(plane.root, { recursive: true, force: true });
}

/** Adds and removes nodes until there are those wanted, and resolves when they are Ready and pods can be made. */
async function setNodes(access: Access, wanted: readonly WantedNode[]): Promise<void> {
  const path = "/api/v1/nodes";
  const { body } = await call(access, "GET", path);
  const there = (body as { items: { metadata: { name: string } }[] }).items.map(
    ({ metadata }) => metadata.name,
  );
  for (const name of there.filter((name) => !wanted.some((node) => node.name === name)))
    await call(access, "DELETE", `${path}/${name}`);
  for (const [index, { name, group, role }] of wanted.entries()) {
    // As the drivers of Cluster API and of Heat mark theirs.
    const labels = {
      "capi.stackhpc.com/node-group": group,
      "magnum.openstack.org/nodegroup": group,
      "magnum.openstack.org/role": role,
    };
    if (!there.includes(name)) await apply(access, `${path}/${name}`, simulatedNode(index, { name, labels }));
  }
  const ready = async () =>
    (await answers(access, path, (list) => readyNodes(list) === wanted.length)) &&
    (await answers(access, "/api/v1/namespaces/default/serviceaccounts/default"));
  if (!(await until(ready, READY_TIMEOUT_MS))) throw new Error("the nodes are not Ready");
}

function readWanted(file: string): Wanted | undefined {
  const text = readIfThere(file);
  return text === undefined ? undefined : JSON.parse(text);
}

const [root] = process.argv.slice(2);
if (root !== undefined && process.argv[1] === fileURLToPath(import.meta.url))
  await watchClusters(layoutOf(root));
