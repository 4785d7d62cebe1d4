import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Log } from "../build.ts";
import { retried, run } from "../command.ts";
import { cacheFolder } from "../layout.ts";
import { withLock } from "../lock.ts";
import { must } from "./must.ts";

/** A set of Debian packages, unpacked side by side. */
export interface PackageSet {
  /** Names the set in the cache and in messages. */
  readonly name: string;
  readonly packages: readonly string[];
  /** Packages that are left out although others need them: begin of their names. Default: none. */
  readonly without?: readonly string[];
}

/**
 * Downloads packages and all they depend on and unpacks them into the user's cache; answers the folder.
 * Nothing is installed: apt works in folders of its own, with the machine's sources, and no package's scripts run.
 * What is in the cache is taken as it is; remove the folder to get newer packages. Throws with apt's words.
 */
export async function unpackedPackages(set: PackageSet, log: Log): Promise<string> {
  const target = packagesFolder(set);
  const base = dirname(target);
  if (existsSync(target)) return target;
  await withLock(join(base, `${set.name}.lock`), async () => {
    if (existsSync(target)) return;
    log(`${set.name}: downloading Debian packages (nothing is installed on this machine)`);
    const part = `${target}.part`;
    rmSync(part, { recursive: true, force: true });
    await retried(() => download(set, join(part, "apt")), `${set.name}: apt-get`, log);
    await unpack(set, join(part, "apt", "archives"), part);
    rmSync(join(part, "apt"), { recursive: true });
    renameSync(part, target);
  });
  return target;
}

/** Where a set of packages lies once it is unpacked. */
export function packagesFolder(set: PackageSet): string {
  return join(cacheFolder(), "debian", `${set.name}-${setKey(set)}`);
}

/** Twelve hex digits that change with the packages, the Debian release and the architecture. */
export function setKey(set: PackageSet): string {
  const content = [set.packages, set.without ?? [], release(), process.arch];
  return createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 12);
}

/** The distribution's release as /etc/os-release names it, like `debian 12`. */
export function release(): string {
  const text = readFileSync("/etc/os-release", "utf8");
  const value = (key: string) => new RegExp(`^${key}="?([^"\n]*)`, "m").exec(text)?.[1] ?? "";
  return `${value("ID")} ${value("VERSION_ID")}`;
}

async function download(set: PackageSet, folder: string): Promise<void> {
  for (const part of ["lists/partial", "archives/partial"])
    mkdirSync(join(folder, part), { recursive: true });
  // With an empty list of what is installed, apt names everything that is needed.
  writeFileSync(join(folder, "status"), "");
  const own = {
    "Dir::State": folder,
    "Dir::State::lists": join(folder, "lists"),
    "Dir::State::status": join(folder, "status"),
    "Dir::Cache": folder,
    "Dir::Cache::archives": join(folder, "archives"),
    "APT::Sandbox::User": "",
    "APT::Install-Recommends": "false",
    "Acquire::Languages": "none",
    "Acquire::Retries": "5",
  };
  const options = Object.entries(own).map(([key, value]) => `-o${key}=${value}`);
  await command("apt-get", [...options, "-qq", "update"]);
  await command("apt-get", [...options, "-qq", "--yes", "--download-only", "install", ...set.packages]);
}

async function unpack(set: PackageSet, archives: string, root: string): Promise<void> {
  const unwanted = set.without ?? [];
  const files = readdirSync(archives).filter((file) => file.endsWith(".deb"));
  // Packages still ship /bin and /lib, which are links today.
  for (const name of ["bin", "sbin", "lib", "lib64"]) {
    mkdirSync(join(root, "usr", name), { recursive: true });
    symlinkSync(join("usr", name), join(root, name));
  }
  for (const file of files.filter((file) => !unwanted.some((name) => file.startsWith(name)))) {
    const pipe = 'dpkg-deb --fsys-tarfile "$1" | tar --keep-directory-symlink -C "$2" -x';
    await command("bash", ["-o", "pipefail", "-c", pipe, "unpack", join(archives, file), root]);
  }
}

async function command(file: string, args: readonly string[]): Promise<void> {
  const env = { LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" };
  must([file, ...args.slice(0, 3)], await run(file, args, { env }));
}
