import assert from "node:assert/strict";
import { test } from "node:test";
import { lookForNoted } from "../../doctor/noted.ts";
import { parseState } from "../../doctor/state.ts";
import type { Answer, ApiClient } from "../../providers/existing/api-client.ts";

const OWNER = "organization.dask.dev";
const SECRET = "/api/v1/namespaces/team/secrets/password";
const ROLE = "/apis/rbac.authorization.k8s.io/v1/clusterroles/team";
const NOTES = "/api/v1/namespaces/lent/secrets";
const NOTE = `${NOTES}/sh.helm.release.v1.hub.v1`;

const operation = (type: string, inputs: object) => ({
  type: "creating",
  resource: { urn: `urn:pulumi:dev::dask::${type}::a`, type, inputs },
});
const plain = (apiVersion: string, kind: string, metadata: object) =>
  operation(`kubernetes:${apiVersion}:${kind}`, { apiVersion, kind, metadata });
const state = parseState(
  JSON.stringify({
    deployment: {
      pending_operations: [
        plain("v1", "Secret", { name: "password", namespace: "team" }),
        plain("rbac.authorization.k8s.io/v1", "ClusterRole", { name: "team" }),
        operation("kubernetes:helm.sh/v3:Release", { name: "hub", namespace: "lent" }),
      ],
    },
  }),
);

/** A cluster with a Secret, a ClusterRole and Helm's note of a release; `labels` by the API path of the object. */
function cluster(labels: Readonly<Record<string, object>>, refused: readonly string[] = []): ApiClient {
  const there = [SECRET, ROLE, NOTE, "/api/v1/namespaces/team", "/api/v1/namespaces/lent"];
  const get = async (path: string): Promise<Answer> => {
    const [plainPath = ""] = path.split("?");
    if (refused.includes(plainPath)) return { kind: "forbidden" };
    const metadata = { name: plainPath.split("/").at(-1), labels: labels[plainPath] };
    if (there.includes(plainPath)) return { kind: "found", object: { metadata } };
    if (plainPath !== NOTES) return { kind: "absent" };
    return { kind: "found", object: { items: [{ metadata: { name: NOTE.split("/").at(-1) } }] } };
  };
  return { server: "https://cluster", get };
}

const ours = { "dask-stack": OWNER };
const theirs = { "dask-stack": "organization.dask.prod" };

test("an object is shown to be the stack's by its own label or that of its namespace", async () => {
  const doubtful = async (labels: Readonly<Record<string, object>>) =>
    (await lookForNoted(cluster(labels), state, [], OWNER)).doubtful;
  const { made, helm } = await lookForNoted(cluster({}), state, [], OWNER);
  assert.deepEqual([...made, ...helm], [SECRET, ROLE, NOTE]);
  assert.deepEqual(await doubtful({}), [SECRET, ROLE, NOTE]);
  assert.deepEqual(await doubtful({ "/api/v1/namespaces/team": ours, [ROLE]: ours }), [NOTE]);
  assert.deepEqual(await doubtful({ "/api/v1/namespaces/lent": ours, [SECRET]: ours }), [ROLE]);
  assert.deepEqual(await doubtful({ "/api/v1/namespaces/team": theirs, [ROLE]: theirs }), [
    SECRET,
    ROLE,
    NOTE,
  ]);
});

test("on the cluster that the state names nothing is in doubt", async () => {
  assert.deepEqual((await lookForNoted(cluster({}), state, [])).doubtful, []);
});

test("what this user may not see of what was being created is said, and not taken for gone", async () => {
  const { made, helm, unseen } = await lookForNoted(cluster({}, [SECRET, NOTES]), state, []);
  assert.deepEqual(made, [ROLE]);
  assert.deepEqual(helm, []);
  assert.deepEqual(unseen, [SECRET, NOTES]);
});
