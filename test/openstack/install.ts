import { randomBytes } from "node:crypto";
import { copyFileSync, cpSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { writePrivate } from "../../sandbox/files.ts";
import { configuration, REGION } from "./configuration.ts";
import { STATE, stateFolder, urlOf } from "./place.ts";
import type { CloudArgs } from "./services.ts";

const FOLDERS = ["etc", "images", "locks", "keystone", "nova", "neutron", "magnum", "rabbitmq", "clusters"];

const DRIVER = join(dirname(fileURLToPath(import.meta.url)), "driver");

/** Writes configurations and Magnum's driver anew. */
export function writeState({ layout, place, packages }: CloudArgs): void {
  const state = stateFolder(layout);
  rmSync(state, { recursive: true, force: true });
  for (const name of FOLDERS) mkdirSync(join(state, name), { recursive: true, mode: 0o700 });
  for (const [path, text] of Object.entries(configuration(place))) writePrivate(join(state, path), text);
  // These two look for theirs beside the configuration, whatever that says.
  const paste = { "glance-api-paste.ini": "glance-common", "api-paste.ini": "nova-common" };
  for (const [file, folder] of Object.entries(paste))
    copyFileSync(join(packages.root, "usr", "share", folder, file), join(state, "etc", file));
  for (const kind of ["tokens", "receipts", "credentials"]) writeKeys(join(state, "keystone", kind));
  cpSync(DRIVER, join(state, "driver"), { recursive: true });
}

/** Keys by which Keystone encrypts: the one in use has the highest number, 0 is the next. */
function writeKeys(folder: string): void {
  mkdirSync(folder, { mode: 0o700 });
  // Fernet's alphabet, and it wants the padding.
  const key = () => `${randomBytes(32).toString("base64url")}=`;
  for (const number of ["0", "1"]) writePrivate(join(folder, number), key());
}

/** Keystone's administrator, role and endpoint. */
export async function bootstrapKeystone({ inside, place }: CloudArgs): Promise<void> {
  const urls = ["admin", "internal", "public"].flatMap((kind) => [
    `--bootstrap-${kind}-url`,
    `${urlOf(place, "keystone")}/v3`,
  ]);
  const own = ["--bootstrap-password", place.password, "--bootstrap-region-id", REGION, ...urls];
  await inside.run(configured("keystone-manage", "keystone", "bootstrap", ...own));
}

/** A command of a service's own program, with its configuration. */
export function configured(program: string, file: string, ...words: string[]): string[] {
  return [program, "--config-file", `${STATE}/etc/${file}.conf`, ...words];
}
