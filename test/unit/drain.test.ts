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
import { problemsOf } from "./refusals.ts";

const PROGRAM = fileURLToPath(new URL("../../components/drain.py", import.meta.url));
const PODS = "/api/v1/namespaces/lent/pods";
const CLUSTERS = "/apis/gateway.dask.org/v1alpha1/namespaces/lent/daskclusters";

const NO_PYTHON = "python3 is not on the PATH, and the program is Python";
const skip = spawnSync("python3", ["--version"]).error === undefined ? false : NO_PYTHON;

const TARGETS = [
  { api: "apis/gateway.dask.org/v1alpha1", resource: "daskclusters", labels: { instance: "g" } },
  { api: "api/v1", resource: "pods", labels: { app: "jupyterhub", release: "team" } },
];

interface Item {
  readonly name: string;
  readonly ownerReferences?: readonly object[];
  readonly finalizers?: readonly string[];
}

/** Runs the program against an API server with these pods and one Dask cluster, which takes what it owns with it. */
async function drain(pods: readonly Item[], patience = 20) {
  const asked: string[] = [];
  const held: Record<string, readonly Item[]> = { [PODS]: pods, [CLUSTERS]: [{ name: "cluster" }] };
  const server = createServer((request, response) => {
    const [path = "", query = ""] = (request.url ?? "").split("?");
    const { labelSelector = "" } = Object.fromEntries(new URLSearchParams(query));
    asked.push(`${request.method} ${path} ${labelSelector}`.trim());
    assert.equal(request.headers.authorization, "Bearer token-of-drain");
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

test("what does not go is named with what holds it", { skip }, async () => {
  const { stderr } = await drain([{ name: "jupyter-ada", finalizers: ["example.org/held"] }], 0);
  assert.match(stderr, /still there: .*pods\/jupyter-ada, held by \['example\.org\/held'\]/);
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
