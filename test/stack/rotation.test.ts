import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { isOfDefinition, removeDefinitions } from "./definitions.ts";
import { DATABASE_PASSWORD, type Edits, EVERY_KIND, openEveryKind } from "./every-kind.ts";
import { inventory } from "./inventory.ts";
import { type Bench, sandboxTest } from "./sandbox.ts";
import { helmRecords, leaks, searchSecrets, secretData } from "./secret-values.ts";
import { simulatePostgres } from "./simulated-postgres.ts";
import { watch } from "./updates.ts";

sandboxTest(
  "every kind: no secret is seen, nothing changes by itself, rotation renews all tokens and their users, nothing is left",
  async (bench) => {
    // Those of tests before this one.
    await removeDefinitions(bench);
    const before = await inventory(bench);
    let left: readonly string[] = [];
    const stopPostgres = simulatePostgres(bench);
    const given = new Map([["the password that was given", DATABASE_PASSWORD]]);
    const search = searchSecrets(bench, "kinds", EVERY_KIND, given);
    const open = (edits: Edits = {}) => openEveryKind(bench, "kinds", edits);
    const nowhere = { gateway: { nodeSelector: { no: "such-node" } } };
    const stack = await open({ programs: { timeout: "20s", values: nowhere } });
    try {
      await assert.rejects(stack.up(said(search.say)), (error: Error) => {
        search.say(error.message);
        return /programs[\s\S]*(context deadline exceeded|timed out)/.test(error.message);
      });
      await search.look("after a gateway that did not come up");

      await open({ batch: { environment: { SANDBOX_FAIL: "it does not compute" } } });
      await assert.rejects(stack.up(said(search.say)), (error: Error) => {
        search.say(error.message);
        return error.message.includes("it does not compute");
      });
      await search.look("after a smoke test that failed");

      await open();
      await stack.preview(said(search.say));
      await stack.up(said(search.say));
      await search.look("after an up");
      assert.deepEqual(await changed(stack, search.say), []);
      await stack.refresh(said(search.say));
      assert.deepEqual(await changed(stack, search.say), [], "after a refresh");

      const tokens = await tokensOf(bench);
      const pods = await podNames(bench);
      await open(
        Object.fromEntries(["team", "programs", "course", "batch"].map((each) => [each, { rotation: 2 }])),
      );
      assert.deepEqual(await changed(stack, search.say), ROTATED);
      const rotated = await tokensOf(bench);
      assert.equal(rotated.size, tokens.size);
      for (const value of rotated) assert.ok(!tokens.has(value), "a token stayed");
      const left = (await podNames(bench)).filter((pod) => pods.includes(pod));
      assert.deepEqual(
        left.filter((pod) => USES_TOKENS.test(pod)),
        [],
        "pods go on with the old tokens",
      );
      assert.deepEqual(await changed(stack, search.say), []);
      await search.look("after a rotation");
      await checkHelmRecords(bench, search.secrets);
      await checkSearch(bench, search.secrets);
      await leaveTraces(bench);
    } finally {
      await stack.destroy({ ...said(search.say), remove: true });
      await stopPostgres();
      left = (await inventory(bench)).filter((each) => !isOfDefinition(each));
      await removeDefinitions(bench);
    }
    assert.deepEqual(search.found(), []);
    assert.deepEqual(left, before);
    assert.deepEqual(await inventory(bench), before);
  },
);

function said(say: (text: string) => void) {
  return { color: "never" as const, diff: true, onOutput: say };
}

/** What an `up` did, without what stayed the same. */
async function changed(stack: Stack, say: (text: string) => void): Promise<string[]> {
  const watched = watch(say);
  await stack.up({ ...said(say), ...watched });
  return watched.done();
}

/** The pods that read a token when they start: those of hubs, proxies, gateways and notebooks. */
const USES_TOKENS = /^(team|course)\/(hub|proxy)-|\/api-.*gateway|jupyter/;

async function podNames({ kubectl }: Bench): Promise<string[]> {
  const list = await kubectl("get", "pods", "--all-namespaces", "-o", "json");
  const {
    items,
  }: { items: { metadata: { namespace: string; name: string; deletionTimestamp?: string } }[] } =
    JSON.parse(list);
  return items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
    .filter((pod) => EVERY_KIND.includes(pod.split("/")[0] ?? "") && !pod.includes("smoke-test"));
}

/** The generated tokens and passwords in the Secrets of the stack. */
async function tokensOf(bench: Bench): Promise<Set<string>> {
  const data = Object.values(await secretData(bench, EVERY_KIND));
  const texts = data.map((each) => Buffer.from(each, "base64").toString());
  return new Set(texts.filter((text) => /^[0-9a-f]{64}$/.test(text)));
}

/** Helm keeps the values of its releases: none of ours may hold a secret but the one that the hub's chart wants there. */
async function checkHelmRecords(bench: Bench, secrets: ReadonlyMap<string, string>): Promise<void> {
  const records = await helmRecords(bench, EVERY_KIND);
  assert.ok(Object.keys(records).length >= EVERY_KIND.length);
  const others = leaks(secrets, records).filter(({ secret, where }) => !isProxyToken(secrets, secret, where));
  assert.deepEqual(others, []);
}

/** Whether a finding is the hub's token at its proxy, which the chart reads from its values and copies into a Secret. */
function isProxyToken(secrets: ReadonlyMap<string, string>, secret: string, where: string): boolean {
  const value = secrets.get(secret);
  const names = [...secrets].filter(([, each]) => each === value).map(([name]) => name);
  return (
    /\/sh\.helm\.release\.v1\.(team|course)\./.test(where) &&
    names.some((name) => name.includes("proxy-token"))
  );
}

/** That the search finds what is there: in Secrets every secret that is in use. */
async function checkSearch(bench: Bench, secrets: ReadonlyMap<string, string>): Promise<void> {
  const data = Object.values(await secretData(bench, EVERY_KIND)).join("\n");
  const found = new Set(leaks(secrets, { data }).map(({ secret }) => secret));
  const inUse = [...secrets.keys()].filter((name) => name.endsWith("after a rotation"));
  assert.ok(inUse.length >= 12, `${inUse.length} secrets`);
  assert.deepEqual(
    inUse.filter((name) => !found.has(name)),
    [],
  );
  assert.ok(found.has("the password that was given"));
}

/** What controllers make while people work: a home, a user's server, a Dask cluster of the gateway, a Lease. */
async function leaveTraces({ kubectl }: Bench): Promise<void> {
  const labels = { app: "jupyterhub", release: "team" };
  const objects = [
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: {
        name: "claim-ada",
        namespace: "team",
        labels: { ...labels, component: "singleuser-storage" },
      },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    },
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: "jupyter-ada",
        namespace: "team",
        labels: { ...labels, component: "singleuser-server" },
      },
      spec: { containers: [{ name: "notebook", image: "example.org/notebook:1" }] },
    },
    {
      apiVersion: "gateway.dask.org/v1alpha1",
      kind: "DaskCluster",
      metadata: {
        name: "programs.1a2b",
        namespace: "programs",
        labels: { "gateway.dask.org/instance": "programs-dask-gateway" },
      },
      spec: {},
    },
    {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name: "user-scheduler-lock", namespace: "course" },
      spec: { holderIdentity: "user-scheduler" },
    },
  ];
  const file = join(mkdtempSync(join(tmpdir(), "traces-")), "objects.json");
  try {
    writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
    await kubectl("create", "-f", file);
  } finally {
    rmSync(dirname(file), { recursive: true });
  }
}

/** What a rotation does: new tokens, the Secrets that hold them, the releases that read these, and the proofs. */
const ROTATED = [
  "replace batch-jupyter",
  "replace batch-jupyter-token",
  "replace batch-smoke-test",
  "replace course-cookie-secret",
  "replace course-crypt-key",
  "replace course-hub",
  "replace course-proxy-token",
  "replace course-smoke-test",
  "replace course-smoke-test-token",
  "replace course-user-password",
  "replace programs-password",
  "replace programs-smoke-test",
  "replace team-admin-password",
  "replace team-cookie-secret",
  "replace team-crypt-key",
  "replace team-dask-gateway-token",
  "replace team-db-password",
  "replace team-db-user",
  "replace team-hub",
  "replace team-proxy-token",
  "replace team-smoke-test",
  "replace team-smoke-test-token",
  "update batch",
  "update course",
  "update programs",
  "update team",
  "update team-dask-gateway",
];
