import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Log } from "../build.ts";
import { run } from "../command.ts";
import { readIfThere, writePrivate } from "../files.ts";
import { cacheFolder } from "../layout.ts";
import { withLock } from "../lock.ts";
import { must } from "../node/must.ts";
import { blobsFolder } from "../node/node-agent.ts";
import { type Descriptor, isStored, storeFile } from "./store.ts";

/** One layer of test images: how it is made, and what its content depends on. */
export interface Layer {
  /** Unique; names it in messages, and `files/<name>/` is copied into it. */
  readonly name: string;
  /** All that decides its content besides `files/<name>/`, as plain data; a change makes a new layer. */
  readonly recipe: unknown;
  /** Layers that must be made before this one. */
  readonly needs: readonly Layer[];
  /** Puts the content into an empty folder. `below` answers the folders of the layers it needs. */
  fill(folder: string, log: Log): Promise<void>;
}

const FILES = join(dirname(fileURLToPath(import.meta.url)), "files");

/** The layer's content in the store; made unless it is there. Two processes that want it make it once. */
export async function ensureLayer(layer: Layer, log: Log): Promise<Descriptor> {
  const found = storedLayer(layer);
  if (found !== undefined) return found;
  const work = join(cacheFolder(), "images", "work");
  return withLock(
    join(work, `${layer.name}.lock`),
    async () => storedLayer(layer) ?? make(layer, work, log),
    {
      onWait: (pid) => log(`layer ${layer.name}: process ${pid} makes it already, waiting`),
    },
  );
}

/** The layer's content where it has been made before. */
export function storedLayer(layer: Layer): Descriptor | undefined {
  const text = readIfThere(recordOf(layer));
  if (text === undefined) return undefined;
  const descriptor: Descriptor = JSON.parse(text);
  return isStored(descriptor) ? descriptor : undefined;
}

/** Twelve hex digits that change with the recipe, the files and the layers below. */
export function layerKey(layer: Layer): string {
  const content = [layer.recipe, filesOf(layer.name), layer.needs.map(layerKey), process.arch];
  return createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 12);
}

async function make(layer: Layer, work: string, log: Log): Promise<Descriptor> {
  const start = Date.now();
  const [folder, archive] = [join(work, layer.name), join(work, `${layer.name}.tar`)];
  rmSync(folder, { recursive: true, force: true });
  for (const each of [folder, blobsFolder()]) mkdirSync(each, { recursive: true });
  await layer.fill(folder, log);
  const files = join(FILES, layer.name);
  if (existsSync(files)) cpSync(files, folder, { recursive: true });
  // The same content gives the same layer, whenever it was made.
  const same = ["--sort=name", "--mtime=@0", "--numeric-owner", "--format=gnu"];
  // Pods have other users than the one whose umask made the files.
  const readable = "--mode=u+rwX,go+rX";
  await command("tar", [...same, readable, "-C", folder, "-cf", archive, "."]);
  const stored = await storeFile(archive);
  rmSync(folder, { recursive: true });
  mkdirSync(dirname(recordOf(layer)), { recursive: true });
  writePrivate(recordOf(layer), JSON.stringify(stored));
  const seconds = Math.round((Date.now() - start) / 1000);
  log(`layer ${layer.name}: ${Math.round(stored.size / 1e6)} MB, made in ${seconds} s`);
  return stored;
}

/** Runs a command; throws with its last words where it fails. */
export async function command(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  must([file, ...args.slice(0, 3)], await run(file, args, { env }));
}

function recordOf(layer: Layer): string {
  return join(cacheFolder(), "images", "layers", `${layer.name}-${layerKey(layer)}.json`);
}

function filesOf(name: string): string[][] {
  const folder = join(FILES, name);
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return paths.sort().map((path) => [relative(folder, path), readFileSync(path, "utf8")]);
}
