import { z } from "zod";

/** An image with a fixed tag or a digest: `quay.io/org/name:2025.11.13`. */
export const image = z
  .string()
  .regex(/^[\w][\w.-]*(:\d+)?(\/[\w][\w.-]*)*(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/, {
    error: "must be an image; write it as registry/name:tag",
  })
  .refine((name) => /(:[\w][\w.-]*|@sha256:[0-9a-f]{64})$/.test(name.slice(name.lastIndexOf("/") + 1)), {
    error: "has no tag; add a fixed one, like :2025.11.13, or a digest",
  })
  .refine((name) => !name.endsWith(":latest"), {
    error: "must have a fixed tag, not latest; name a release",
  });

/** Environment variables by name. */
export const environment = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
    error: "variables have letters, digits and underscores; change it",
  }),
  z.string(),
  {
    error: "must map names of environment variables to text; put numbers in quotes",
  },
);

/** Threads of one Dask worker; left out, they follow from its cores. */
export const threads = z
  .int()
  .min(1)
  .max(1024)
  .optional()
  .describe("Threads of one worker. Default: the whole cores, at least 1.");
