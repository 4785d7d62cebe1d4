import assert from "node:assert/strict";
import { test } from "node:test";
import { helmObjects } from "../../doctor/helm-objects.ts";
import type { ApiClient } from "../../providers/existing/api-client.ts";

const EARLY = "2026-01-01T00:00:00Z";
const LATE = "2026-01-02T00:00:00Z";
const RBAC = "rbac.authorization.k8s.io/v1";
const CLAIMS = "/api/v1/namespaces/team/persistentvolumeclaims";
const SECRETS = "/api/v1/namespaces/team/secrets";
const NOTE = `${SECRETS}/sh.helm.release.v1.team.v1`;

const helms = (name: string, release: string, creationTimestamp = LATE, more: object = {}) => ({
  metadata: {
    name,
    creationTimestamp,
    annotations: { "meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": "team", ...more },
  },
});

/** A cluster with two releases in one namespace; `noted` is when Helm wrote its first note of `team`. */
function cluster(noted?: string, mayRead = true): ApiClient {
  const verbs = ["list", "delete"];
  const kind = (name: string, namespaced: boolean) => ({ name, namespaced, verbs });
  const lists: Record<string, readonly object[]> = {
    [CLAIMS]: [helms("hub-db-dir", "team", EARLY), helms("cache", "team")],
    [`/apis/${RBAC}/clusterroles`]: [helms("team", "team"), helms("other", "other")],
    [SECRETS]: [
      helms("hub", "other"),
      helms("hub", "team"),
      helms("certificate", "team", LATE, { "helm.sh/resource-policy": "keep" }),
    ],
  };
  const documents: Record<string, object> = {
    "/apis": { groups: [{ preferredVersion: { groupVersion: RBAC } }] },
    "/api/v1": {
      resources: [
        kind("persistentvolumeclaims", true),
        kind("secrets", true),
        { ...kind("pods/log", true), verbs: ["list"] },
        { ...kind("bindings", true), verbs: ["create"] },
      ],
    },
    [`/apis/${RBAC}`]: { resources: [kind("clusterroles", false)] },
  };
  const get = async (path: string) => {
    const [plain = "", query = ""] = path.split("?");
    if (decodeURIComponent(query).includes("owner=helm,name=team")) {
      if (!mayRead) return { kind: "forbidden" as const };
      const name = "sh.helm.release.v1.team.v1";
      const note = { metadata: { name, creationTimestamp: noted } };
      return { kind: "found" as const, object: { items: noted === undefined ? [] : [note] } };
    }
    const object = plain in lists ? { items: lists[plain] } : documents[plain];
    return object === undefined ? { kind: "absent" as const } : { kind: "found" as const, object };
  };
  return { server: "https://cluster", get };
}

const MADE = [`${SECRETS}/hub`, `/apis/${RBAC}/clusterroles/team`];

test("what the first installation of a release made is found with Helm's note, and nothing older", async () => {
  const { made, unseen } = await helmObjects(cluster(LATE), "team/team");
  assert.deepEqual(made, [...MADE, NOTE]);
  assert.deepEqual(unseen, []);
});

test("volume claims and what is to be kept are spared, whatever Helm says of the release", async () => {
  const { made, spared } = await helmObjects(cluster(LATE), "team/team");
  assert.deepEqual(spared, [`${CLAIMS}/cache`, `${SECRETS}/certificate`]);
  assert.ok(!made.some((path) => spared.includes(path)));
});

test("without Helm's note objects are found by their annotations, and volumes are spared", async () => {
  const { made, spared } = await helmObjects(cluster(), "team/team");
  assert.deepEqual(made, MADE);
  assert.deepEqual(spared, [`${CLAIMS}/hub-db-dir`, `${CLAIMS}/cache`, `${SECRETS}/certificate`]);
});

test("where Helm's notes may not be seen nothing of the release is found, and that is said", async () => {
  assert.deepEqual(await helmObjects(cluster(LATE, false), "team/team"), {
    made: [],
    spared: [],
    unseen: [SECRETS],
  });
});
