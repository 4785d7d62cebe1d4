import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type PackageSet, unpackedPackages } from "../node/debian.ts";
import { command, type Layer } from "./layers.ts";
import { compile, pythonOf } from "./python.ts";

/** The Debian packages below almost every image. */
export const BASE: PackageSet = {
  name: "base",
  packages: [
    ..."base-files bash coreutils dash findutils grep sed procps tini ca-certificates tzdata netbase".split(
      " ",
    ),
    ..."python3 libstdc++6 iptables libc-bin".split(" "),
  ],
  without: ["perl", "libperl", "debconf", "dpkg", "libpam-modules-bin"],
};

/** Debian with Python: the bottom of almost every image. No package's scripts have run, so some are redone here. */
export const base: Layer = {
  name: "base",
  recipe: BASE,
  needs: [],
  async fill(folder, log) {
    const packages = await unpackedPackages(BASE, log);
    await command("cp", ["-a", `${packages}/.`, folder]);
    removeUnread(folder);
    writeCertificates(folder);
    makeFolders(folder);
    symlinkSync("python3", join(folder, "usr/bin/python"));
    for (const name of ["iptables", "iptables-save", "iptables-restore"]) {
      symlinkSync("xtables-nft-multi", join(folder, "usr/sbin", name));
    }
    await compile(packages, join(folder, "usr/lib", pythonOf(packages)));
  },
};

/** Removes what nobody reads in a container. */
export function removeUnread(folder: string): void {
  for (const name of ["doc", "man", "info", "locale", "lintian", "bash-completion"]) {
    rmSync(join(folder, "usr/share", name), { recursive: true, force: true });
  }
}

function makeFolders(folder: string): void {
  for (const path of ["etc", "root", "dev", "proc", "sys", "run"]) {
    mkdirSync(join(folder, path), { recursive: true });
  }
  for (const path of ["home/jovyan", "srv/jupyterhub"]) {
    mkdirSync(join(folder, path), { recursive: true });
    chownSync(join(folder, path), 1000, 100);
  }
  mkdirSync(join(folder, "tmp"), { recursive: true });
  chmodSync(join(folder, "tmp"), 0o1777);
}

/** The bundle of certificates that Debian's package makes when it is installed. */
function writeCertificates(folder: string): void {
  const source = join(folder, "usr/share/ca-certificates/mozilla");
  const bundle = readdirSync(source).map((file) => readFileSync(join(source, file), "utf8"));
  mkdirSync(join(folder, "etc/ssl/certs"), { recursive: true });
  writeFileSync(join(folder, "etc/ssl/certs/ca-certificates.crt"), bundle.join(""));
}
