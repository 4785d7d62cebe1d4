import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { readIfThere, writePrivate } from "../files.ts";
import type { Layout } from "../layout.ts";
import { blobsFolder, referencesFolder } from "../node/node-agent.ts";

/** Content in the store, as image manifests speak of it. */
export interface Descriptor {
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
}

/** What an image tells the runtime; keys as the OCI image specification spells them. */
export interface ImageConfig {
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Env?: readonly string[];
  readonly Labels?: Readonly<Record<string, string>>;
}

const TYPES = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
} as const;

/** Moves a file into the store under its SHA-256. */
export async function storeFile(path: string): Promise<Descriptor> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  const { size } = statSync(path);
  const hex = hash.digest("hex");
  renameSync(path, blobPath(hex));
  return { digest: `sha256:${hex}`, size };
}

/** Whether the store has this content. */
export function isStored({ digest }: Descriptor): boolean {
  return existsSync(blobPath(digest.slice("sha256:".length)));
}

/** Writes configuration and manifest of an image of uncompressed layers, lowest first; answers the manifest. */
export function storeImage(layers: readonly Descriptor[], config: ImageConfig): Descriptor {
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const configBlob = storeJson({
    architecture,
    os: "linux",
    config,
    rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
  });
  return storeJson({
    schemaVersion: 2,
    mediaType: TYPES.manifest,
    config: { mediaType: TYPES.config, ...configBlob },
    layers: layers.map((layer) => ({ mediaType: TYPES.layer, ...layer })),
  });
}

/**
 * Makes an image known to a sandbox by its full name, like `ghcr.io/dask/dask:2025.11.0`.
 * Answers whether another image had the name before.
 */
export function nameImage(layout: Layout, name: string, manifest: Descriptor): boolean {
  const path = join(referencesFolder(layout), name.replace(/:([^:/]+)$/, "/$1"));
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const before = readIfThere(path);
  writePrivate(path, manifest.digest);
  return before !== undefined && before !== manifest.digest;
}

function storeJson(value: unknown): Descriptor {
  const text = JSON.stringify(value);
  const hex = createHash("sha256").update(text).digest("hex");
  const path = blobPath(hex);
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.${process.pid}`, text);
    renameSync(`${path}.${process.pid}`, path);
  }
  return { digest: `sha256:${hex}`, size: Buffer.byteLength(text) };
}

function blobPath(hex: string): string {
  return join(blobsFolder(), hex);
}
