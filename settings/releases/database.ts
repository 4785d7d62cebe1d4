import { z } from "zod";
import { bytes, cores, dnsLabel, duration, memory } from "../quantities.ts";
import { backup } from "./backup.ts";
import { helm } from "./release.ts";

const acceptDataLoss = z
  .boolean()
  .default(false)
  .describe(
    "Lets the hub leave the database it has now for this one, which deletes the hub's users and tokens at once.",
  );

/** Least size of a volume: Postgres keeps up to 1.5 GB of write-ahead log beside the data. */
const LEAST_SIZE_BYTES = 5e9;

const postgres = z
  .strictObject({
    // optional, so that the union accepts a database without a kind.
    kind: z.literal("postgres").optional().default("postgres"),
    instances: z
      .int()
      .min(1)
      .max(9)
      .default(1)
      .describe("Number of Postgres servers: one primary, the others replicas that can take over."),
    size: memory
      .refine((size) => !(bytes(size) < LEAST_SIZE_BYTES), {
        error: "leaves no room for Postgres' write-ahead log; use at least 5G",
      })
      .default("10G")
      .describe("Size of each server's volume. It can grow, never shrink."),
    storageClass: z.string().min(1).optional().describe("Storage class. Default: that of the cluster."),
    cores: cores.default(0.5).describe("Cores of each server: requested; there is no limit."),
    memory: memory.default("1G").describe("Memory of each server: requested and the limit."),
    image: z
      .string()
      .regex(/:\d+(\.\d+)?([-._][\w.-]+)?(@sha256:[0-9a-f]{64})?$/, {
        error: "must end in a tag that starts with Postgres' version; write name:18.4-system-trixie",
      })
      .default("ghcr.io/cloudnative-pg/postgresql:18.4-system-trixie")
      .describe(
        "Image of the servers; the tag starts with Postgres' version. Backups need a `system` image.",
      ),
    pullSecrets: z.array(dnsLabel).default([]).describe("Names of image pull Secrets in the namespace."),
    parameters: z
      .record(
        z.string().regex(/^[a-z_][a-z0-9_.]*$/, {
          error: "parameters of Postgres have lower-case letters, digits, underscores and dots; change it",
        }),
        z.string({ error: "must be text; put numbers in quotes" }),
      )
      .default({})
      .describe('Parameters of Postgres, all as text, like `shared_buffers: "256MB"`.'),
    backup: backup.optional().describe("Continuous backup to an object store. Default: none."),
    onDestroy: z
      .enum(["delete", "keep"])
      .default("delete")
      .describe("What `pulumi destroy` does: `keep` leaves the namespace with the data and its password."),
    timeout: duration.default("10m").describe("How long to wait until Postgres is ready."),
    acceptDataLoss,
  })
  .describe("Postgres in the cluster, run by CloudNativePG.");

const URL_MESSAGE =
  "must be postgresql://user@host:5432/database without a password; put that one into dask:secrets.<release>.databasePassword";

const external = z
  .strictObject({
    kind: z.literal("external"),
    url: z
      .string({ error: URL_MESSAGE })
      .regex(/^postgresql(\+psycopg2)?:\/\/[^\s:@/]+@[^\s:@/]+(:\d{1,5})?\/[^\s/?]+(\?\S*)?$/, {
        error: URL_MESSAGE,
      })
      .refine((url) => !/[?&]password=/.test(url), { error: URL_MESSAGE })
      .describe("Where the database is, without the password: `postgresql://user@host:5432/database`."),
    acceptDataLoss,
  })
  .describe("A Postgres that is there already, like Cloud SQL or RDS.");

const sqlite = z
  .strictObject({
    kind: z.literal("sqlite"),
    size: memory.default("1G").describe("Size of the volume."),
    storageClass: z.string().min(1).optional().describe("Storage class. Default: that of the cluster."),
    onDestroy: z
      .enum(["delete", "keep"])
      .default("delete")
      .describe("What `pulumi destroy` does: `keep` leaves the namespace with the volume."),
    acceptDataLoss,
  })
  .describe("A file on a volume of the hub's own.");

/** Settings of a hub's database, one shape for each kind; without `kind` it is Postgres in the cluster. */
export const database = z.discriminatedUnion("kind", [postgres, external, sqlite]);

/** Settings of a hub's database. */
export type DatabaseSettings = z.output<typeof database>;
/** Settings of a Postgres that the stack runs. */
export type PostgresSettings = z.output<typeof postgres>;
/** Settings of a file on a volume of the hub's own. */
export type SqliteSettings = z.output<typeof sqlite>;
/** Settings of a Postgres that is there already. */
export type ExternalDatabaseSettings = z.output<typeof external>;

/** Settings of `dask:postgres`: the operator that runs the Postgres of every hub. */
export const postgresOperator = z
  .strictObject({
    operator: z
      .enum(["install", "present"])
      .default("install")
      .describe("`present` where the cluster has CloudNativePG already: there can be only one."),
    namespace: dnsLabel.default("cnpg-system").describe("Namespace of the operator."),
    ...helm,
    timeout: duration.default("10m").describe("How long to wait until the operator is ready."),
  })
  .describe("The CloudNativePG operator, made only where a hub has a Postgres of its own.");
/** Settings of the operator that runs the Postgres of every hub. */
export type PostgresOperatorSettings = z.output<typeof postgresOperator>;
