import type * as pulumi from "@pulumi/pulumi";
import type { Placement, Role } from "../../settings/placement.ts";
import { seconds } from "../../settings/quantities.ts";
import { schemeOf } from "../../settings/releases/hub-tls.ts";
import type { HubSettings } from "../../settings/releases/jupyterhub.ts";
import type { Values } from "../chart.ts";
import type { Exposure } from "../cluster.ts";
import type { NotebookAccess } from "../dask-operator/values.ts";
import { imageParts } from "../image.ts";
import { RESTRICTED_CONTAINER, RESTRICTED_POD } from "../pod-security.ts";
import type { Database } from "../postgres.ts";
import { canonicalMemory } from "../quantity.ts";
import { hubAuthValues } from "./auth-values.ts";
import { CALLBACK_PATH, HUB_CHARTS } from "./chart.ts";
import {
  GATEWAY_SERVICE,
  type GatewayBeside,
  gatewayEgress,
  gatewayScopes,
  gatewayService,
} from "./gateway-glue.ts";
import { IDLE_CONTAINER, resources, SECRET_SYNC, USER_SCHEDULER } from "./pod-sizes.ts";
import { singleuserValues } from "./singleuser-values.ts";
import { SMOKE_TEST_SERVICE, smokeTestRole } from "./smoke-test-role.ts";

/** What a hub's values are made of beside its settings. */
export interface HubFacts {
  /** Version of the `jupyterhub` chart that the values are for. */
  readonly chart: keyof typeof HUB_CHARTS;
  readonly placement: (role: Role) => Placement;
  readonly exposure: Exposure;
  readonly storageClass?: pulumi.Input<string> | undefined;
  /** Secret of the stack with the keys of `SECRET_KEYS`, the tokens of the services and what the login needs. */
  readonly secret: pulumi.Input<string>;
  /** The hub's token at its proxy: the only one that the chart reads from nowhere but its values; secret. */
  readonly proxyToken: pulumi.Input<string>;
  /** Secret with the key and certificate of `tls: manual`. */
  readonly tlsSecret?: pulumi.Input<string> | undefined;
  readonly database?: Database | undefined;
  readonly gateway?: GatewayBeside | undefined;
  /** What notebooks need to make clusters with `KubeCluster`. */
  readonly daskOperator?: NotebookAccess | undefined;
  /** Whether the hub knows the smoke test as one of its services. */
  readonly smokeTest: boolean;
}

/** Values of the `jupyterhub` chart for one hub. */
export function hubValues(settings: HubSettings, facts: HubFacts): Values {
  return {
    imagePullSecrets: settings.pullSecrets,
    proxy: proxyValues(settings, facts),
    hub: hubPodValues(settings, facts),
    singleuser: singleuserValues(settings, facts),
    scheduling: schedulingValues(settings, facts),
    prePuller: {
      // The hook would pull before the release is made and run into its timeout with the first large image; the
      // other one pulls beside it, and nothing waits for it.
      hook: { enabled: false },
      continuous: { enabled: settings.prePull },
      pause: { image: imageParts(settings.pauseImage) },
      resources: resources(IDLE_CONTAINER),
    },
    cull: cullValues(settings),
  };
}

/** Where an OAuth provider sends people back to; `undefined` without a host. */
export function callbackUrl({ host, tls }: Pick<HubSettings, "host" | "tls">): string | undefined {
  return host === undefined ? undefined : `${schemeOf(tls)}://${host}${CALLBACK_PATH}`;
}

function hubPodValues(settings: HubSettings, facts: HubFacts): Values {
  const { placement, secret, database, gateway } = facts;
  const callback = callbackUrl(settings);
  const login = hubAuthValues(settings.auth, {
    chart: HUB_CHARTS[facts.chart],
    secret,
    ...(callback === undefined ? {} : { callback }),
  });
  return {
    existingSecret: secret,
    config: {
      ...login.config,
      KubeSpawner: { ...serverPowers(settings), http_timeout: HTTP_TIMEOUT_S },
      ...(gateway === undefined ? {} : { Spawner: { server_token_scopes: gatewayScopes().server } }),
    },
    extraConfig: login.extraConfig,
    extraEnv: { ...login.extraEnv, ...databaseEnvironment(database) },
    db: databaseValues(settings, facts),
    services: serviceValues(facts),
    loadRoles: roleValues(facts),
    resources: resources(settings.hub),
    ...placement("core"),
    // A hub whose database is made anew, or has a new password, stays Ready and answers errors until it restarts.
    ...(database === undefined ? {} : { annotations: { database: database.generation } }),
    networkPolicy: {
      enabled: true,
      egress: [
        ...(gateway === undefined ? [] : [gatewayEgress(gateway)]),
        ...(database === undefined ? [] : database.egress),
      ],
    },
  };
}

/** Seconds from a server's running pod to its first answer; JupyterHub's own 30 are too few for a busy node. */
const HTTP_TIMEOUT_S = 120;

/** Users' servers run restricted, but where the release's own `values` give them another user or sudo. */
function serverPowers({ values }: HubSettings): Values {
  const { uid, allowPrivilegeEscalation } = (values.singleuser ?? {}) as Values;
  if (uid !== undefined || allowPrivilegeEscalation !== undefined) return {};
  return { container_security_context: RESTRICTED_SERVER };
}

/** What the chart leaves out of the restricted profile in users' servers, beside the user it runs them as. */
const RESTRICTED_SERVER = {
  runAsNonRoot: true,
  ...RESTRICTED_CONTAINER,
  seccompProfile: RESTRICTED_POD.seccompProfile,
};

function databaseValues({ database: wanted }: HubSettings, { database, storageClass }: HubFacts): Values {
  // upgrade: the chart upgrades the tables by itself only in its own SQLite.
  if (database !== undefined) return { type: "postgres", upgrade: true, url: database.url };
  if (wanted.kind !== "sqlite") throw new Error(`no database was made for ${wanted.kind}`);
  const storageClassName = wanted.storageClass ?? storageClass;
  return {
    type: "sqlite-pvc",
    pvc: {
      storage: canonicalMemory(wanted.size),
      ...(storageClassName === undefined ? {} : { storageClassName }),
      // Helm leaves what carries it, and takes it over when a release of the same name comes again.
      ...(wanted.onDestroy === "keep" ? { annotations: { "helm.sh/resource-policy": "keep" } } : {}),
    },
  };
}

function databaseEnvironment(database: Database | undefined): Values {
  if (database === undefined) return {};
  return { PGPASSWORD: { valueFrom: { secretKeyRef: { ...database.password } } } };
}

function serviceValues({ gateway, smokeTest }: HubFacts): Values {
  return {
    ...(gateway === undefined ? {} : { [GATEWAY_SERVICE]: gatewayService(gateway) }),
    ...(smokeTest ? { [SMOKE_TEST_SERVICE]: { display: false } } : {}),
  };
}

function roleValues({ gateway, smokeTest }: HubFacts): Values {
  return {
    ...(gateway === undefined ? {} : { user: { scopes: gatewayScopes().user } }),
    ...(smokeTest ? { [SMOKE_TEST_SERVICE]: smokeTestRole(gateway !== undefined) } : {}),
  };
}

function proxyValues(settings: HubSettings, facts: HubFacts): Values {
  const { placement, gateway } = facts;
  const size = resources(settings.hub.proxy);
  return {
    secretToken: facts.proxyToken,
    service: serviceOf(settings, facts.exposure),
    https: httpsValues(settings, facts.tlsSecret),
    chp: {
      resources: size,
      ...placement("core"),
      networkPolicy: { enabled: true, egress: gateway === undefined ? [] : [gatewayEgress(gateway)] },
      // It asks Kubernetes nothing, and stands where everybody can talk to it.
      extraPodSpec: { automountServiceAccountToken: false },
    },
    traefik: { resources: size, ...placement("core") },
    secretSync: { resources: resources(SECRET_SYNC) },
  };
}

/** The Service `proxy-public`; its HTTP port is closed where TLS ends before it, or people could go round TLS. */
function serviceOf({ tls }: HubSettings, exposure: Exposure): Values {
  const { type, annotations, loadBalancerIP, allowFrom } = exposure;
  const outside = type !== "ClusterIP";
  return {
    type,
    annotations,
    ...(loadBalancerIP === undefined ? {} : { loadBalancerIP }),
    ...(type === "LoadBalancer" && allowFrom !== undefined ? { loadBalancerSourceRanges: allowFrom } : {}),
    ...(tls.kind === "offload" && outside ? { disableHttpPort: true } : {}),
  };
}

function httpsValues({ tls, host }: HubSettings, tlsSecret: pulumi.Input<string> | undefined): Values {
  const hosts = host === undefined ? [] : [host];
  switch (tls.kind) {
    case "letsencrypt":
      return {
        enabled: true,
        type: "letsencrypt",
        hosts,
        letsencrypt: { contactEmail: tls.email, acmeServer: tls.server },
      };
    case "secret": {
      const { name, key, certificate } = tls;
      return { enabled: true, type: "secret", hosts, secret: { name, key, crt: certificate } };
    }
    case "manual":
      // The chart's own type manual would carry the key in the release's values.
      return {
        enabled: true,
        type: "secret",
        hosts,
        secret: { name: tlsSecret, key: "tls.key", crt: "tls.crt" },
      };
    case "offload":
      return { enabled: true, type: "offload", hosts };
    default:
      return { enabled: false };
  }
}

function schedulingValues({ userScheduler }: HubSettings, { placement }: HubFacts): Values {
  return {
    userScheduler: { enabled: userScheduler, resources: resources(USER_SCHEDULER), ...placement("core") },
    // Placeholders of the chart make a release wait while users fill the nodes, until it fails: ours do not.
    userPlaceholder: { enabled: false },
    corePods: { nodeAffinity: { matchNodePurpose: nodePurpose(placement("core")) } },
    userPods: { nodeAffinity: { matchNodePurpose: nodePurpose(placement("user")) } },
  };
}

const NODE_PURPOSE = "hub.jupyter.org/node-purpose";

/** Nodes that the provider labels by purpose are the only right ones; elsewhere the label is a wish. */
function nodePurpose({ nodeSelector }: Placement): "require" | "prefer" {
  return NODE_PURPOSE in nodeSelector ? "require" : "prefer";
}

function cullValues({ cull }: HubSettings): Values {
  if (cull === false) return { enabled: false };
  return {
    enabled: true,
    timeout: seconds(cull.idle),
    every: seconds(cull.every),
    adminUsers: cull.admins,
    ...(cull.maxAge === undefined ? {} : { maxAge: seconds(cull.maxAge) }),
  };
}
