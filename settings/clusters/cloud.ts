import { z } from "zod";

const tagKey = z.string().regex(/^(?!aws:|dask:)[A-Za-z][A-Za-z0-9_.:/+@-]{0,62}$/, {
  error:
    "must start with a letter, have at most 63 letters, digits and _.:/+@-, and not start with aws: or dask:",
});

/** What the settings of every cloud accept, beside its own. */
export const cloud = {
  name: z
    .string()
    .regex(/^[a-z]([-a-z0-9]*[a-z0-9])?$/, {
      error: "must be lower-case letters, digits and dashes, starting with a letter",
    })
    .max(30, { error: "must have at most 30 characters; shorten it" })
    .optional()
    .describe("Name of the cluster and the start of its parts' names. Default: `<project>-<stack>`."),
  owner: z
    .string()
    .min(1)
    .max(63)
    .optional()
    .describe("Who answers for the cluster: written on everything that can carry it."),
  tags: z
    .record(tagKey, z.string().max(63))
    .default({})
    .describe("Further tags (Google: labels) of everything that can carry them."),
};
