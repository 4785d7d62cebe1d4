import { z } from "zod";

/** Where and when a database is backed up. */
export const backup = z.strictObject({
  destination: z
    .string({
      error:
        "must be a path in an object store; write s3://bucket/path, gs://bucket/path or https://... (Azure)",
    })
    .regex(/^(s3|gs|https):\/\/[^\s/]+\S*$/, {
      error:
        "must be a path in an object store; write s3://bucket/path, gs://bucket/path or https://... (Azure)",
    })
    .describe(
      "Where backups go: `s3://`, `gs://` or an Azure `https://` path. The keys stand in `dask:secrets.<release>`.",
    ),
  endpoint: z
    .url({ error: "must be a URL; write https://host:port" })
    .optional()
    .describe("URL of an S3 service other than Amazon's."),
  identity: z
    .record(z.string(), z.string())
    .optional()
    .describe(
      "Uses the pods' cloud identity in place of keys: annotations of their ServiceAccount, or `{}` for the nodes' own identity.",
    ),
  schedule: z
    .string()
    .regex(/^\S+( \S+){5}$/, {
      error: "must have six fields, seconds first; write 0 0 2 * * * for 2 o'clock",
    })
    .default("0 0 2 * * *")
    .describe("When a base backup is taken: cron with six fields, seconds first, in UTC."),
  retention: z
    .string()
    .regex(/^[1-9]\d*[dwm]$/, { error: "must be days, weeks or months; write 30d" })
    .default("30d")
    .describe("How long backups are kept: days, weeks or months, like `30d`, `4w` or `6m`."),
});
/** Where and when a database is backed up. */
export type BackupSettings = z.output<typeof backup>;

/** Keys of `dask:secrets.<release>` that an object store needs, by the scheme of its path. */
export const BACKUP_SECRETS = {
  s3: ["backupAccessKeyId", "backupSecretAccessKey"],
  gs: ["backupServiceAccountKey"],
  https: ["backupConnectionString"],
} as const;

/** The scheme of a backup's destination. */
export function schemeOf(destination: string): keyof typeof BACKUP_SECRETS {
  if (destination.startsWith("s3:")) return "s3";
  return destination.startsWith("gs:") ? "gs" : "https";
}
