import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Placement } from "../../settings/placement.ts";
import { BACKUP_SECRETS, type BackupSettings, schemeOf } from "../../settings/releases/backup.ts";
import type { PostgresSettings } from "../../settings/releases/database.ts";
import type { Values } from "../chart.ts";
import { canonicalCores, canonicalMemory } from "../quantity.ts";
import { clusterName, HUB, MANAGER_PORT, METRICS_PORT, PORT, podLabels } from "./chart.ts";

/**
 * Values of the chart `cloudnative-pg` 0.29.0.
 *
 * @param ownCrds whether the stack applies the chart's definitions itself
 */
export function operatorValues(placement: Placement, ownCrds = false): Values {
  return {
    ...(ownCrds ? { crds: { create: false } } : {}),
    resources: { requests: { cpu: "100m", memory: "200M" }, limits: { memory: "500M" } },
    ...placement,
  };
}

/** What a Cluster needs to know beside its settings. */
export interface PostgresSpecArgs {
  /** Secret with `username` and `password`. */
  readonly password: pulumi.Input<string>;
  /** Storage class of the cluster; the settings' own wins. */
  readonly storageClass?: pulumi.Input<string>;
  readonly placement: Placement;
  readonly backup?: ObjectStore;
}

/** What leads a Cluster to its object store. */
export interface ObjectStore {
  /** Secret with the keys; absent where the pods' identity is used. */
  readonly secret?: pulumi.Input<string>;
  /** Directory under the destination: it must be empty when a Cluster is made. */
  readonly serverName: pulumi.Input<string>;
}

/** Seconds that open connections may hold up a shutdown. */
const SMART_SHUTDOWN_S = 5;

/**
 * The spec of a `Cluster` for CloudNativePG 1.30.
 *
 * Quantities are in Kubernetes' canonical form and empty maps are left out, as the operator's webhook would write
 * them: else every `up` after the first would show a change.
 */
export function clusterSpec(settings: PostgresSettings, args: PostgresSpecArgs): Values {
  const storageClass = settings.storageClass ?? args.storageClass;
  return {
    instances: settings.instances,
    imageName: settings.image,
    ...filled({ imagePullSecrets: settings.pullSecrets.map((name) => ({ name })) }),
    bootstrap: { initdb: { database: HUB, owner: HUB, secret: { name: args.password } } },
    enableSuperuserAccess: false,
    // With one instance the budget would let no node be drained.
    enablePDB: settings.instances > 1,
    // The hub never closes its connections: by default they would hold up a drain for three minutes, in which no
    // new ones are taken.
    smartShutdownTimeout: SMART_SHUTDOWN_S,
    storage: {
      size: canonicalMemory(settings.size),
      ...(storageClass === undefined ? {} : { storageClass }),
    },
    resources: {
      requests: { cpu: canonicalCores(settings.cores), memory: canonicalMemory(settings.memory) },
      limits: { memory: canonicalMemory(settings.memory) },
    },
    ...filled({ affinity: filled({ ...args.placement }) }),
    ...filled({ postgresql: filled({ parameters: settings.parameters }) }),
    ...(settings.backup === undefined || args.backup === undefined
      ? {}
      : backupSpec(settings.backup, args.backup)),
  };
}

/**
 * The spec of the NetworkPolicy before a hub's Postgres: its port is closed to all but those who need it.
 *
 * @param release the hub's release
 */
export function guardSpec(release: string): k8s.types.input.networking.v1.NetworkPolicySpec {
  const servers = { matchLabels: podLabels(clusterName(release)) };
  const hub = { matchLabels: { app: "jupyterhub", component: "hub", release } };
  const operator = { matchLabels: { "app.kubernetes.io/name": "cloudnative-pg" } };
  return {
    podSelector: servers,
    policyTypes: ["Ingress"],
    ingress: [
      {
        from: [
          { podSelector: hub },
          { podSelector: servers },
          // Whoever installed it, and wherever.
          { namespaceSelector: {}, podSelector: operator },
        ],
        ports: [{ port: PORT, protocol: "TCP" }],
      },
      // What the operator and the kubelet ask for its state, and what monitoring reads.
      { ports: [MANAGER_PORT, METRICS_PORT].map((port) => ({ port, protocol: "TCP" })) },
    ],
  };
}

function backupSpec(settings: BackupSettings, store: ObjectStore): Values {
  const { identity } = settings;
  return {
    backup: {
      retentionPolicy: settings.retention,
      // Built into the operator until 1.30; its successor is a plug-in that needs cert-manager.
      barmanObjectStore: {
        destinationPath: settings.destination,
        ...(settings.endpoint === undefined ? {} : { endpointURL: settings.endpoint }),
        serverName: store.serverName,
        ...credentials(settings, store.secret),
        wal: { compression: "gzip" },
        data: { compression: "gzip" },
      },
    },
    ...(identity === undefined || Object.keys(identity).length === 0
      ? {}
      : { serviceAccountTemplate: { metadata: { annotations: identity } } }),
  };
}

function credentials({ destination }: BackupSettings, secret: pulumi.Input<string> | undefined): Values {
  const scheme = schemeOf(destination);
  if (secret === undefined) {
    if (scheme === "s3") return { s3Credentials: { inheritFromIAMRole: true } };
    if (scheme === "gs") return { googleCredentials: { gkeEnvironment: true } };
    return { azureCredentials: { inheritFromAzureAD: true } };
  }
  const key = (name: string) => ({ name: secret, key: name });
  if (scheme === "s3") {
    const [accessKeyId, secretAccessKey] = BACKUP_SECRETS.s3;
    return { s3Credentials: { accessKeyId: key(accessKeyId), secretAccessKey: key(secretAccessKey) } };
  }
  if (scheme === "gs") return { googleCredentials: { applicationCredentials: key(BACKUP_SECRETS.gs[0]) } };
  return { azureCredentials: { connectionString: key(BACKUP_SECRETS.https[0]) } };
}

/** Leaves out entries that are empty lists or maps. */
function filled(values: Values): Values {
  const isFilled = ([, value]: [string, unknown]) =>
    typeof value !== "object" || value === null || Object.keys(value).length > 0;
  return Object.fromEntries(Object.entries(values).filter(isFilled));
}
