import { clusterName, LONGEST_RELEASE } from "../../components/postgres/chart.ts";
import { keyOf, type Problem, type Report } from "../problems.ts";
import { show } from "../quantities.ts";
import type { Settings } from "../schema.ts";
import { BACKUP_SECRETS, type BackupSettings, schemeOf } from "./backup.ts";
import type { DatabaseSettings, PostgresSettings } from "./database.ts";
import { namespaceOf } from "./namespace-rules.ts";
import { checkServiceName } from "./release-rules.ts";

/** The database of a release, where its kind has one. */
export function databaseOf(release: {
  readonly kind: string;
  readonly database?: DatabaseSettings;
}): DatabaseSettings | undefined {
  return release.database;
}

/** Whether the stack makes the operator: a hub wants Postgres and nobody else runs one. */
export function needsPostgresOperator({ postgres, releases }: Settings): boolean {
  return (
    postgres.operator === "install" &&
    Object.values(releases).some((release) => databaseOf(release)?.kind === "postgres")
  );
}

/** The rules of `database` of a hub's release, beyond the schema. */
export function checkDatabase(
  name: string,
  database: DatabaseSettings,
  settings: Settings,
  report: Report,
): Problem[] {
  const at = (...path: string[]) => ["releases", name, "database", ...path];
  const secrets = settings.secrets[name] ?? {};
  switch (database.kind) {
    case "postgres":
      return checkPostgresOf(name, database, settings, report);
    case "external":
      return secrets.databasePassword === undefined
        ? [report(at("url"), missingSecrets(name, ["databasePassword"]))]
        : [];
    default:
      database.kind satisfies "sqlite";
      return [];
  }
}

function checkPostgresOf(
  name: string,
  database: PostgresSettings,
  settings: Settings,
  report: Report,
): Problem[] {
  const at = (...path: string[]) => ["releases", name, "database", ...path];
  const found = checkServiceName(name, report);
  if (name.length > LONGEST_RELEASE) {
    const message = `has ${name.length} characters and the name of its Postgres (${clusterName(name)}) would pass 50; use at most ${LONGEST_RELEASE}`;
    found.push(report(["releases", name], message));
  }
  const missing =
    database.backup === undefined ? [] : missingKeys(database.backup, settings.secrets[name] ?? {});
  if (missing.length > 0) {
    const remedy = `${missingSecrets(name, missing)}, or set identity to use the pods' own`;
    found.push(report(at("backup", "destination"), remedy));
  }
  return found;
}

function missingKeys({ destination, identity }: BackupSettings, secrets: Readonly<Record<string, string>>) {
  if (identity !== undefined) return [];
  return BACKUP_SECRETS[schemeOf(destination)].filter((key) => secrets[key] === undefined);
}

function missingSecrets(name: string, keys: readonly string[]): string {
  return `needs dask:secrets.${name}.${keys.join(" and ")}; set it with: pulumi config set --secret --path 'dask:secrets.${name}.${keys[0]}'`;
}

/** The rules of `dask:postgres`: the operator's namespace belongs to it alone. */
export function checkPostgresOperator(settings: Settings): Problem[] {
  if (!needsPostgresOperator(settings)) return [];
  const { namespace } = settings.postgres;
  const release = Object.entries(settings.releases).find(
    ([name, value]) => namespaceOf(name, value).name === namespace,
  )?.[0];
  if (release === undefined) return [];
  const message = `is the namespace of the release ${release}, too; give the operator one of its own`;
  return [{ key: keyOf(["postgres", "namespace"]), value: show(namespace), message }];
}
