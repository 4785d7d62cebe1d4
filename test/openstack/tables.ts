import { createHash } from "node:crypto";
import { cpSync, existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "../../sandbox/build.ts";
import { until } from "../../sandbox/kubernetes-api.ts";
import { withLock } from "../../sandbox/lock.ts";
import { runningPid } from "../../sandbox/processes.ts";
import { DATABASE_SOCKET, DATABASES, database } from "./configuration.ts";
import { configured } from "./install.ts";
import { STATE, stateFolder } from "./place.ts";
import { type CloudArgs, startDatabase } from "./services.ts";

const MARIADB = "mariadb";

const INIT = [
  "mariadb-install-db",
  ...["--no-defaults", "--user=root", `--datadir=${STATE}/${MARIADB}`, "--skip-test-db"],
  "--auth-root-authentication-method=normal",
];

const CREATE = [
  ...["mariadb", "--no-defaults", `--socket=${DATABASE_SOCKET}`, "--user=root", "--execute"],
  DATABASES.map((name) => `CREATE DATABASE ${name} CHARACTER SET utf8;`).join(" "),
];

const SHUTDOWN = ["mariadb-admin", "--no-defaults", `--socket=${DATABASE_SOCKET}`, "--user=root", "shutdown"];

/** How each service makes its tables: in three rows, because one command keeps less than a core busy. */
const ROWS: readonly string[][][] = [
  [
    configured("keystone-manage", "keystone", "db_sync"),
    configured("glance-manage", "glance-api", "db_sync"),
    configured("magnum-db-manage", "magnum", "upgrade"),
  ],
  [
    configured("nova-manage", "nova", "api_db", "sync"),
    configured("nova-manage", "nova", "cell_v2", "map_cell0", "--database_connection", database("nova")),
    configured("nova-manage", "nova", "db", "sync"),
  ],
  [configured("neutron-db-manage", "neutron", "upgrade", "heads")],
];

/**
 * Puts MariaDB's files with all tables of all services, empty, where it looks for them; it must not run yet.
 *
 * Making them is what takes longest of a cloud, and they are the same for every cloud: they are kept beside the
 * packages, which they belong to.
 */
export async function putTables(args: CloudArgs, log: Log): Promise<void> {
  const target = join(stateFolder(args.layout), MARIADB);
  const kept = join(args.packages.root, "var", `tables-${key()}`);
  await withLock(`${kept}.lock`, async () => {
    if (existsSync(kept)) return;
    log("openstack: making the tables of all services, once");
    await makeTables(args);
    rmSync(`${kept}.part`, { recursive: true, force: true });
    cpSync(target, `${kept}.part`, { recursive: true });
    renameSync(`${kept}.part`, kept);
  });
  if (!existsSync(target)) cpSync(kept, target, { recursive: true });
}

async function makeTables(args: CloudArgs): Promise<void> {
  const { layout, inside } = args;
  await inside.run(INIT);
  await startDatabase(args);
  await inside.run(CREATE);
  const inOrder = async (commands: string[][]) => {
    for (const command of commands) await inside.run(command);
  };
  await Promise.all(ROWS.map(inOrder));
  await inside.run(SHUTDOWN);
  const ended = async () => runningPid(layout, MARIADB) === undefined;
  if (!(await until(ended, 30_000))) throw new Error("MariaDB does not end.");
}

/** Twelve hex digits that change with how the tables are made. */
function key(): string {
  return createHash("sha256")
    .update(JSON.stringify([INIT, CREATE, ROWS]))
    .digest("hex")
    .slice(0, 12);
}
