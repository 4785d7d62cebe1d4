import assert from "node:assert/strict";
import { test } from "node:test";
import { mend } from "../../doctor/mend.ts";
import type { Pulumi } from "../../doctor/pulumi.ts";
import type { Answer, ApiEditor } from "../../providers/existing/api-client.ts";
import { UserError } from "../../settings/problems.ts";

const pulumi: Pulumi = {
  stack: "dev",
  run: async () => "",
  backend: async () => "file:///srv/state",
};
const PATHS = ["/api/v1/namespaces/team/secrets/a", "/apis/batch/v1/namespaces/team/jobs/b"];

/** A cluster that takes every deletion, and says of one object what it is told to. */
function cluster(path: string, says: Answer): { readonly api: ApiEditor; readonly removed: string[] } {
  const removed: string[] = [];
  const api: ApiEditor = {
    server: "https://cluster",
    get: async (asked) => (asked === path ? says : { kind: "absent" }),
    text: async () => undefined,
    remove: async (asked) => {
      removed.push(asked);
    },
  };
  return { api, removed };
}

const failure = (words: RegExp) => (error: unknown) =>
  error instanceof UserError && words.test(error.message);

test("what was deleted is said to be so when all of it is gone", async () => {
  const { api, removed } = cluster("none", { kind: "absent" });
  const words = await mend({ kind: "delete-objects", paths: PATHS }, pulumi, api, 0);
  assert.equal(words, "deleted secrets/a in team, jobs/b in team");
  assert.deepEqual(removed, PATHS);
});

test("what is still there after its deletion, or may be, is named and nothing goes on", async () => {
  const [, job = ""] = PATHS;
  for (const says of [{ kind: "found", object: {} }, { kind: "forbidden" }] as const) {
    const { api, removed } = cluster(job, says);
    await assert.rejects(
      mend({ kind: "delete-objects", paths: PATHS }, pulumi, api, 0),
      failure(
        /^the cluster was asked to delete jobs\/b in team, and .*finalizers that hold it.*run the doctor again/,
      ),
    );
    assert.deepEqual(removed, PATHS);
  }
});

test("a note of Helm that stays is no note that is deleted", async () => {
  const fix = { kind: "delete-secrets", namespace: "team", names: ["a"] } as const;
  const { api } = cluster(PATHS[0] ?? "", { kind: "found", object: {} });
  await assert.rejects(mend(fix, pulumi, api, 0), failure(/asked to delete secrets\/a in team/));
  assert.equal(await mend(fix, pulumi, cluster("none", { kind: "absent" }).api, 0), "deleted Secret team/a");
});

test("a namespace that this user may not see is not said to be gone", async () => {
  const fix = { kind: "await-namespace", name: "team" } as const;
  const { api } = cluster("/api/v1/namespaces/team", { kind: "forbidden" });
  assert.match(await mend(fix, pulumi, api, 0), /which is still there/);
});
