import { until } from "../../sandbox/kubernetes-api.ts";
import type { Layout } from "../../sandbox/layout.ts";
import { logTail } from "../../sandbox/processes.ts";
import { DATABASE_SOCKET } from "./configuration.ts";
import type { Environment, Inside } from "./inside.ts";
import type { Packages } from "./packages.ts";
import { type Listener, type Place, STATE, urlOf } from "./place.ts";

/** What the services of a cloud need to start. */
export interface CloudArgs {
  readonly layout: Layout;
  readonly place: Place;
  readonly packages: Packages;
  readonly inside: Inside;
}

/** How long a service may take: imports alone take ten seconds, and far longer where Python has not compiled them yet. */
export const PATIENCE_MS = 180_000;

/** Starts MariaDB and resolves when it answers. */
export async function startDatabase({ layout, inside }: CloudArgs): Promise<void> {
  await inside.ensure("mariadb", [
    "mariadbd",
    ...["--no-defaults", "--user=root", `--datadir=${STATE}/mariadb`, `--socket=${DATABASE_SOCKET}`],
    ...["--skip-networking", "--skip-log-bin", "--character-set-server=utf8", "--max-connections=500"],
    // Small, because its files are copied.
    "--innodb-log-file-size=16M",
    // It need not survive a power cut, and waiting for the disk makes every table slow.
    ...["--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--innodb-flush-method=nosync"],
  ]);
  const ping = ["mariadb-admin", "--no-defaults", `--socket=${DATABASE_SOCKET}`, "--user=root", "ping"];
  const asked = () =>
    inside.run(ping).then(
      () => true,
      () => false,
    );
  if (!(await until(asked, PATIENCE_MS))) throw silent(layout, "mariadb");
}

/** Starts the queue between Magnum's API and its conductor; both wait for it themselves. */
export async function startQueue({ place, inside }: CloudArgs): Promise<void> {
  const { ports } = place;
  await inside.ensure("rabbitmq", ["/bin/sh", "/usr/lib/rabbitmq/bin/rabbitmq-server"], {
    RABBITMQ_NODENAME: "cloud@localhost",
    RABBITMQ_CONFIG_FILE: `${STATE}/etc/rabbitmq.conf`,
    RABBITMQ_ENABLED_PLUGINS_FILE: `${STATE}/etc/rabbitmq-plugins`,
    RABBITMQ_MNESIA_BASE: `${STATE}/rabbitmq/data`,
    RABBITMQ_LOG_BASE: `${STATE}/rabbitmq/log`,
    RABBITMQ_PID_FILE: `${STATE}/rabbitmq/pid`,
    // Erlang's own ports would be open to the network.
    RABBITMQ_DIST_PORT: String(ports["rabbitmq-peers"]),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}",
    ERL_EPMD_ADDRESS: "127.0.0.1",
    ERL_EPMD_PORT: String(ports.epmd),
  });
}

/** Starts the services that answer HTTP, and Magnum's conductor; none needs another to start. */
export async function startServices(args: CloudArgs): Promise<void> {
  const { inside } = args;
  const etc = `${STATE}/etc`;
  await startWsgi(args, "keystone", "/usr/bin/keystone-wsgi-public", 2, { OS_KEYSTONE_CONFIG_DIR: etc });
  await startWsgi(args, "glance", "/usr/bin/glance-wsgi-api", 1, { OS_GLANCE_CONFIG_DIR: etc });
  await startWsgi(args, "nova", "/usr/bin/nova-api-wsgi", 1, { OS_NOVA_CONFIG_DIR: etc });
  await inside.ensure("neutron", ["neutron-server", "--config-file", `${etc}/neutron.conf`]);
  const driver = { PYTHONPATH: `${STATE}/driver`, SANDBOX_CLUSTERS: `${STATE}/clusters` };
  for (const name of ["magnum-api", "magnum-conductor"])
    await inside.ensure(name, [name, "--config-file", `${etc}/magnum.conf`], driver);
}

async function startWsgi(
  { place, packages, inside }: CloudArgs,
  name: Listener,
  file: string,
  processes: number,
  env: Environment,
): Promise<void> {
  await inside.ensure(
    name,
    [
      packages.uwsgi,
      ...["--master", "--die-on-term", "--lazy-apps", "--enable-threads", "--need-app"],
      ...["--buffer-size", "65535", "--add-header", "Connection: close", "--processes", String(processes)],
      ...["--http-socket", `127.0.0.1:${place.ports[name]}`, "--wsgi-file", file],
    ],
    env,
  );
}

/** Resolves when these services answer; throws with the last words of one that does not. */
export async function answering({ layout, place }: CloudArgs, names: readonly Listener[]): Promise<void> {
  const asked = (name: Listener) =>
    until(
      () =>
        fetch(urlOf(place, name)).then(
          () => true,
          () => false,
        ),
      PATIENCE_MS,
    );
  const answers = await Promise.all(names.map(asked));
  const dumb = names.find((_, index) => !answers[index]);
  if (dumb !== undefined) throw silent(layout, dumb);
}

function silent(layout: Layout, name: string): Error {
  return new Error(
    `${name} does not answer. The end of ${layout.logs}/${name}.log:\n${logTail(layout, name, 20)}`,
  );
}
