import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { rootCertificates } from "node:tls";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parseSettings } from "../../settings/parse.ts";
import { isKept } from "../../settings/releases/keep-rules.ts";
import { problemsOf } from "./refusals.ts";

const PROGRAM = fileURLToPath(new URL("../../components/drain.py", import.meta.url));
const PODS = "/api/v1/namespaces/lent/pods";
const HUB = "/apis/apps/v1/namespaces/lent/deployments/hub";
const CLUSTERS = "/apis/gateway.dask.org/v1alpha1/namespaces/lent/daskclusters";

const LEASES = "/apis/coordination.k8s.io/v1/namespaces/lent/leases";

const NO_PYTHON = "python3 is not on the PATH, and the program is Python";
const skip = spawnSync("python3", ["--version"]).error === undefined ? false : NO_PYTHON;

const TARGETS = [
  { api: "apis/gateway.dask.org/v1alpha1", resource: "daskclusters", labels: { instance: "g" } },
  { api: "api/v1", resource: "pods", labels: { app: "jupyterhub", release: "team" } },
  { api: "apis/coordination.k8s.io/v1", resource: "leases", name: "user-scheduler-lock" },
];

const OWNERS = [{ name: "hub", labels: { app: "jupyterhub", release: "team" } }];

/** The Deployment of a hub, and how often it is seen before it is gone. */
interface Owner {
  readonly release: string;
  readonly deletionTimestamp?: string;
  readonly times?: number;
}

interface Item {
  readonly name: string;
  readonly ownerReferences?: readonly object[];
  readonly finalizers?: readonly string[];
}

/** Runs the program against an API server with these pods and one Dask cluster, which takes what it owns with it. */
async function drain(pods: readonly Item[], patience = 20, owner?: Owner, leases: readonly Item[] = []) {
  const asked: string[] = [];
  let seen = 0;
  const held: Record<string, readonly Item[]> = {
    [PODS]: pods,
    [CLUSTERS]: [{ name: "cluster" }],
    [LEASES]: leases,
  };
  const server = createServer((request, response) => {
    const [path = "", query = ""] = (request.url ?? "").split("?");
    const { labelSelector = "", fieldSelector = "" } = Object.fromEntries(new URLSearchParams(query));
    asked.push(`${request.method} ${path} ${labelSelector}${fieldSelector}`.trim());
    assert.equal(request.headers.authorization, "Bearer token-of-drain");
    if (path === HUB) {
      const { release, times = Number.POSITIVE_INFINITY, ...metadata } = owner ?? { release: "", times: 0 };
      const labels = { app: "jupyterhub", release };
      if (seen++ < times) response.end(JSON.stringify({ metadata: { ...metadata, labels } }));
      else response.writeHead(404).end("{}");
      return;
    }
    if (request.method === "DELETE") {
      const [list, name] = [path.replace(/\/[^/]+$/, ""), path.split("/").at(-1)];
      const stays = ({ name: own, finalizers }: Item) => own !== name || finalizers !== undefined;
      held[list] = (held[list] ?? []).filter(stays);
      if (list === CLUSTERS)
        held[PODS] = (held[PODS] ?? []).filter((each) => each.ownerReferences === undefined);
    }
    response.end(JSON.stringify({ items: (held[path] ?? []).map((metadata) => ({ metadata })) }));
  });
  const account = mkdtempSync(join(tmpdir(), "account-"));
  try {
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    writeFileSync(join(account, "token"), "token-of-drain");
    writeFileSync(join(account, "namespace"), "lent");
    writeFileSync(join(account, "ca.crt"), rootCertificates[0] ?? "");
    const env = {
      ...process.env,
      SERVER: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      ACCOUNT: account,
      OWNERS: JSON.stringify(OWNERS),
      TARGETS: JSON.stringify(TARGETS),
      PATIENCE: String(patience),
    };
    const run = promisify(execFile)("python3", [PROGRAM], { env });
    const end = await run.catch(({ stderr }: { stderr: string }) => ({ stdout: "", stderr }));
    return { ...end, asked, left: Object.values(held).flat() };
  } finally {
    server.close();
    rmSync(account, { recursive: true });
  }
}

test("what users made is deleted, and what has an owner goes with that", { skip }, async () => {
  const { asked, left, stdout, stderr } = await drain([]);
  assert.deepEqual(left, [], stderr);
  assert.ok(asked.includes(`DELETE ${CLUSTERS}/cluster`));
  assert.ok(asked.includes(`GET ${PODS} app=jupyterhub,release=team`));
  assert.match(stdout, /nothing that people made is left/);
  const worker = { name: "worker", ownerReferences: [{}] };
  assert.ok(!(await drain([worker])).asked.includes(`DELETE ${PODS}/worker`));
});

test("what has no labels is asked for and deleted by its name alone", { skip }, async () => {
  const { asked, left, stderr } = await drain([], 20, undefined, [{ name: "user-scheduler-lock" }]);
  assert.deepEqual(left, [], stderr);
  assert.ok(asked.includes(`GET ${LEASES} metadata.name=user-scheduler-lock`));
  assert.ok(asked.includes(`DELETE ${LEASES}/user-scheduler-lock`));
});

test("while the hub stands nothing of its users' is deleted, and the log says so", { skip }, async () => {
  const { asked, left, stdout, stderr } = await drain([{ name: "jupyter-ada" }], 20, { release: "team" });
  assert.deepEqual(
    left.map(({ name }) => name),
    ["jupyter-ada", "cluster"],
    stderr,
  );
  assert.deepEqual(
    asked.filter((each) => each.startsWith("DELETE")),
    [],
  );
  assert.match(stdout, /hub stands: nothing is deleted/);
});

test("a hub that is going is waited for, and another release's is nobody's", { skip }, async () => {
  const deletionTimestamp = "2026-01-01T00:00:00Z";
  const going = await drain([{ name: "jupyter-ada" }], 20, { release: "team", deletionTimestamp, times: 2 });
  assert.deepEqual(going.left, [], going.stderr);
  const gone = going.asked.lastIndexOf(`GET ${HUB}`);
  assert.ok(gone > 1 && gone < going.asked.findIndex((each) => each.startsWith("DELETE")));
  assert.deepEqual((await drain([{ name: "jupyter-ada" }], 20, { release: "other" })).left, []);
});

test("a hub that is going and does not go stops the deletion before anything is lost", { skip }, async () => {
  const deletionTimestamp = "2026-01-01T00:00:00Z";
  const { left, stderr } = await drain([{ name: "jupyter-ada" }], 0, { release: "team", deletionTimestamp });
  assert.equal(left.length, 2);
  assert.match(stderr, /still there: .*deployments\/hub/);
});

test("what does not go is named with what holds it", { skip }, async () => {
  const { stderr } = await drain([{ name: "jupyter-ada", finalizers: ["example.org/held"] }], 0);
  assert.match(stderr, /still there: .*pods\/jupyter-ada, held by \['example\.org\/held'\]/);
});

test("homes of an external database's users are kept by default where the cluster stays", () => {
  const database = { kind: "external", url: "postgresql://hub@db.example.org/hub" };
  const secrets = { hub: { databasePassword: "hunter2" } };
  const gke = { provider: "gke", project: "my-project", location: "europe-west1-b" };
  const pools = {
    core: { machineType: "e2-standard-4", max: 3 },
    worker: { machineType: "e2-small", max: 3 },
  };
  const kept = (cluster: object, more: object = {}) => {
    const hub = { kind: "jupyterhub", host: "hub.example.org", tls: { kind: "offload" }, database, ...more };
    return isKept(parseSettings({ cluster, secrets, releases: { hub } }), "hub");
  };
  assert.equal(kept({ provider: "existing" }), true);
  assert.equal(kept({ ...gke, existing: "team", nodePools: {} }), true);
  assert.equal(kept({ ...gke, nodePools: pools }), false);
  const user = (storage: object) => ({ user: { storage } });
  assert.equal(kept({ provider: "existing" }, user({ kind: "dynamic", onDestroy: "delete" })), false);
  assert.equal(kept({ provider: "existing" }, user({ kind: "none" })), false);
});

test("homes cannot be kept in a cluster that destroy takes away", () => {
  const user = { storage: { kind: "dynamic", onDestroy: "keep" } };
  const hub = { kind: "jupyterhub", host: "hub.example.org", tls: { kind: "offload" }, user };
  const of = (cluster: object) =>
    problemsOf({ cluster, releases: { hub } }).filter((each) => each.includes("onDestroy"));
  assert.deepEqual(of({ provider: "existing" }), []);
  assert.match(
    of({ provider: "gke", location: "europe-west1-b" }).join("\n"),
    /^dask:releases\.hub\.user\.storage\.onDestroy cannot hold: .*; deploy to it from a second stack/,
  );
});
