import type { BACKUP_SECRETS } from "./releases/backup.ts";
import type { GATEWAY_SECRETS } from "./releases/dask-gateway-rules.ts";

type BackupSecret = (typeof BACKUP_SECRETS)[keyof typeof BACKUP_SECRETS][number];
type GatewaySecret = (typeof GATEWAY_SECRETS)[keyof typeof GATEWAY_SECRETS];
type HubSecret = "clientSecret" | "tlsKey" | "tlsCertificate" | "databasePassword";

/** What the secrets are that a release may have under its name in `dask:secrets`. */
const OF_A_RELEASE: Readonly<Record<HubSecret | BackupSecret | GatewaySecret, string>> = {
  clientSecret:
    "Client secret that the login's provider gave; needed with `auth.kind: github`, `google` and `generic-oauth`.",
  tlsKey: "Private key of a hub's certificate, as PEM text; needed with `tls.kind: manual`.",
  tlsCertificate: "A hub's certificate, as PEM text; needed with `tls.kind: manual`.",
  databasePassword: "Password of the database; needed with `database.kind: external`.",
  backupAccessKeyId:
    "Id of the access key of an `s3://` destination; needed with `database.backup` without `identity`.",
  backupSecretAccessKey: "The access key's secret; needed with the one before.",
  backupServiceAccountKey:
    "Key of a service account, as JSON, for a `gs://` destination; needed with `database.backup` without `identity`.",
  backupConnectionString:
    "Connection string of the storage account, for an Azure `https://` destination; needed with `database.backup` without `identity`.",
  apiToken:
    "Token of a `dask-gateway` at its hub; needed with `auth.kind: jupyterhub` unless `auth.secret` names it.",
  smokeTestToken:
    "A user's token at that hub, for the smoke test; needed with `auth.kind: jupyterhub` unless `smokeTest: false`.",
};

/** Every key of `dask:secrets`, and what it holds. */
export const SECRET_KEYS: ReadonlyMap<string, string> = new Map([
  [
    "cluster.kubeconfig",
    "Kubeconfig as text: with `provider: existing` in place of a file, with `magnum` in place of the one that Magnum gave.",
  ],
  ...Object.entries(OF_A_RELEASE).map(([key, text]) => [`<release>.${key}`, text] as const),
]);
