import { type Place, STATE, urlOf } from "./place.ts";

/** Sections of an INI file, and what stands in each. */
type Ini = Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>;

/** Region, and domain of the people and projects. */
export const REGION = "RegionOne";
export const DOMAIN = "Default";

/** The domain in which Magnum makes a user for every cluster, and the administrator who does it. */
export const TRUSTEES = { domain: "magnum", administrator: "magnum_domain_admin" } as const;

/** Databases in MariaDB; Nova has one for what is common to all cells. */
export const DATABASES = ["keystone", "glance", "nova", "nova_api", "neutron", "magnum"] as const;

/** Where MariaDB listens; only the owner of the cloud's folder gets there, so it asks for no password. */
export const DATABASE_SOCKET = `${STATE}/mariadb.sock`;

/** How SQLAlchemy names a database. */
export function database(name: (typeof DATABASES)[number]): string {
  return `mysql+pymysql://root@localhost/${name}?charset=utf8&unix_socket=${DATABASE_SOCKET}`;
}

/** The configuration files of a cloud, by their path below `STATE`; pure. */
export function configuration(place: Place): Record<string, string> {
  const files: Readonly<Record<string, Ini>> = {
    "etc/keystone.conf": keystone(),
    "etc/glance-api.conf": glance(place),
    "etc/nova.conf": nova(place),
    "etc/neutron.conf": neutron(place),
    "etc/magnum.conf": magnum(place),
  };
  return {
    ...Object.fromEntries(Object.entries(files).map(([path, content]) => [path, ini(content)])),
    "etc/rabbitmq.conf": rabbitmq(place),
    // No plugin: that of the management pages would listen on every address.
    "etc/rabbitmq-plugins": "[].\n",
  };
}

/** An INI file as OpenStack's services read it; pure. */
export function ini(content: Ini): string {
  const sections = Object.entries(content).map(([section, values]) =>
    [`[${section}]`, ...Object.entries(values).map(([key, value]) => `${key} = ${value}`), ""].join("\n"),
  );
  return sections.join("\n");
}

const SILENT = { oslo_messaging_notifications: { driver: "noop" } } as const;
const LOCKS = { oslo_concurrency: { lock_path: `${STATE}/locks` } } as const;

/** How a service logs in to Keystone as itself. */
function login(place: Place, username: string): Ini[string] {
  const url = `${urlOf(place, "keystone")}/v3`;
  return {
    auth_type: "password",
    auth_url: url,
    www_authenticate_uri: url,
    username,
    password: place.password,
    project_name: "service",
    user_domain_name: DOMAIN,
    project_domain_name: DOMAIN,
    region_name: REGION,
  };
}

function keystone(): Ini {
  return {
    // Empty: the program's output is its log.
    DEFAULT: { log_dir: "" },
    database: { connection: database("keystone") },
    token: { provider: "fernet" },
    fernet_tokens: { key_repository: `${STATE}/keystone/tokens` },
    // Else they are written to /etc/keystone.
    fernet_receipts: { key_repository: `${STATE}/keystone/receipts` },
    credential: { key_repository: `${STATE}/keystone/credentials` },
    // The fewest that bcrypt has: every request of a service logs in.
    identity: { password_hash_rounds: 4 },
    ...SILENT,
  };
}

function glance(place: Place): Ini {
  return {
    DEFAULT: { enabled_backends: "files:file" },
    database: { connection: database("glance") },
    glance_store: { default_backend: "files" },
    files: { filesystem_store_datadir: `${STATE}/images` },
    paste_deploy: { flavor: "keystone" },
    keystone_authtoken: login(place, "glance"),
    ...SILENT,
    ...LOCKS,
  };
}

/** Only the API, for flavours and keypairs: nothing takes its messages. */
function nova(place: Place): Ini {
  return {
    DEFAULT: {
      my_ip: "127.0.0.1",
      host: "cloud",
      transport_url: "fake://",
      state_path: `${STATE}/nova`,
      enabled_apis: "osapi_compute",
    },
    api: { auth_strategy: "keystone" },
    api_database: { connection: database("nova_api") },
    database: { connection: database("nova") },
    glance: { endpoint_override: urlOf(place, "glance") },
    keystone_authtoken: login(place, "nova"),
    neutron: login(place, "neutron"),
    placement: login(place, "nova"),
    ...SILENT,
    ...LOCKS,
  };
}

/** Only the API: networks and floating IPs are records, and no agent attaches them to anything. */
function neutron(place: Place): Ini {
  return {
    DEFAULT: {
      bind_host: "127.0.0.1",
      bind_port: place.ports.neutron,
      core_plugin: "ml2",
      service_plugins: "router",
      transport_url: "fake://",
      api_workers: 1,
      rpc_workers: 0,
      rpc_state_report_workers: 0,
      auth_strategy: "keystone",
      api_paste_config: "/usr/share/neutron-common/api-paste.ini",
      state_path: `${STATE}/neutron`,
      notify_nova_on_port_status_changes: false,
      notify_nova_on_port_data_changes: false,
      dhcp_agent_notification: false,
    },
    database: { connection: database("neutron") },
    ml2: {
      type_drivers: "local,flat",
      tenant_network_types: "local",
      mechanism_drivers: "",
      extension_drivers: "",
    },
    ml2_type_flat: { flat_networks: "*" },
    keystone_authtoken: login(place, "neutron"),
    ...SILENT,
    ...LOCKS,
  };
}

function magnum(place: Place): Ini {
  const { ports, password } = place;
  const client = { region_name: REGION, endpoint_type: "publicURL" };
  const clients = ["glance", "nova", "neutron", "barbican", "heat", "magnum", "octavia", "cinder"];
  return {
    DEFAULT: {
      host: "cloud",
      transport_url: `rabbit://cloud:${password}@127.0.0.1:${ports.rabbitmq}/`,
      state_path: `${STATE}/magnum`,
      // Longest sleep between two looks at what is due, in seconds; clusters are due every ten.
      periodic_interval_max: 2,
    },
    api: {
      host: "127.0.0.1",
      port: ports["magnum-api"],
      workers: 1,
      api_paste_config: "/usr/share/magnum-common/api-paste.ini",
    },
    conductor: { workers: 1 },
    // Certificates in Magnum's own database: no Barbican.
    certificates: { cert_manager_type: "x509keypair" },
    database: { connection: database("magnum") },
    drivers: { send_cluster_metrics: false },
    oslo_policy: { policy_dirs: "policy.d" },
    trust: {
      cluster_user_trust: true,
      trustee_domain_name: TRUSTEES.domain,
      trustee_domain_admin_name: TRUSTEES.administrator,
      trustee_domain_admin_password: password,
      trustee_keystone_interface: "public",
    },
    x509: { term_of_validity: 365 },
    keystone_auth: login(place, "magnum"),
    keystone_authtoken: login(place, "magnum"),
    ...Object.fromEntries(clients.map((name) => [`${name}_client`, client])),
    ...SILENT,
    ...LOCKS,
  };
}

function rabbitmq({ ports, password }: Place): string {
  return [
    `listeners.tcp.1 = 127.0.0.1:${ports.rabbitmq}`,
    "default_user = cloud",
    `default_pass = ${password}`,
    "log.console = true",
    "log.file = false",
    "",
  ].join("\n");
}
