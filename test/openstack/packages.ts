import { existsSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "../../sandbox/build.ts";
import { type PackageSet, unpackedPackages } from "../../sandbox/node/debian.ts";

// The services' own programs and the files they are started with. The packages called `*-api` would only ask
// questions and start them at boot.
const packages: PackageSet = {
  name: "openstack",
  packages: [
    ...["base-files", "base-passwd", "bash", "coreutils", "dash", "diffutils", "gawk", "grep", "hostname"],
    ...["glance-common", "magnum-common", "mariadb-server", "neutron-common", "nova-common"],
    ...["python3-glance", "python3-keystone", "python3-magnum", "python3-neutron", "python3-nova"],
    ...["rabbitmq-server", "sed", "util-linux", "uwsgi-core", "uwsgi-plugin-python3"],
  ],
};

/** What the packages' scripts would have made, by its path. */
const FILES = {
  "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
  "etc/group": "root:x:0:\n",
  "etc/hosts": "127.0.0.1 localhost\n",
  "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
} as const;

/** The unpacked packages: a root folder in which OpenStack's programs run. */
export interface Packages {
  readonly root: string;
  /** Path below `root` of the uwsgi that speaks Python. */
  readonly uwsgi: string;
}

/** Downloads and unpacks OpenStack, MariaDB and RabbitMQ unless they are in the user's cache; installs nothing. */
export async function ensurePackages(log: Log): Promise<Packages> {
  const root = await unpackedPackages(packages, log);
  for (const [path, text] of Object.entries(FILES)) {
    if (!existsSync(join(root, path))) writeFileSync(join(root, path), text);
  }
  const awk = join(root, "usr", "bin", "awk");
  if (!existsSync(awk)) symlinkSync("gawk", awk);
  const uwsgi = readdirSync(join(root, "usr", "bin")).find((name) => name.startsWith("uwsgi_python3"));
  if (uwsgi === undefined) throw new Error(`There is no uwsgi for Python in ${root}; remove that folder.`);
  return { root, uwsgi: `/usr/bin/${uwsgi}` };
}
