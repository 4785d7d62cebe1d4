import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { examine } from "../../doctor/examine.ts";
import { fixesOf } from "../../doctor/mend.ts";
import { lockFolder, type Pulumi } from "../../doctor/pulumi.ts";

const lock = { pid: 4194305, username: "ada", hostname: hostname(), timestamp: "2026-01-01T00:00:00Z" };
const LOCK = JSON.stringify(lock);

const pending = (type: string, inputs: object) => ({
  type: "creating",
  resource: { urn: `urn:pulumi:dev::dask::${type}::batch`, type, inputs },
});
const password = pending("random:index/randomPassword:RandomPassword", {});
const namespace = pending("kubernetes:core/v1:Namespace", {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "batch", labels: { "dask-stack": "organization.dask.dev" } },
});

interface Stack {
  readonly operations: readonly object[];
  readonly config?: Readonly<Record<string, unknown>>;
  readonly alone?: boolean;
  /** Happens to the folder of the locks before and while the state is exported. */
  readonly before?: (file: string) => void;
  readonly meanwhile?: (file: string) => void;
}

/** What the doctor finds of a stack whose state holds nothing but operations that were interrupted. */
async function examined({ operations, config = {}, alone = false, before, meanwhile }: Stack) {
  const folder = mkdtempSync(join(tmpdir(), "doctor-"));
  const url = `file://${folder}`;
  const locks = lockFolder(url, "dev");
  const file = join(locks, "one.json");
  const pulumi: Pulumi = {
    stack: "dev",
    backend: async () => url,
    run: async ([command]) => {
      if (command === "config") {
        const values = Object.entries(config).map(([key, objectValue]) => [`dask:${key}`, { objectValue }]);
        return JSON.stringify(Object.fromEntries(values));
      }
      meanwhile?.(file);
      return JSON.stringify({ deployment: { resources: [], pending_operations: operations } });
    },
  };
  try {
    mkdirSync(locks, { recursive: true });
    before?.(file);
    const { findings } = await examine(pulumi, alone);
    return { findings, fixes: fixesOf(findings), file };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const clear = { kind: "clear-pending", count: 1, adopt: [] };

test("nothing is mended where a run began or ended while the state was read", async () => {
  assert.deepEqual((await examined({ operations: [password] })).fixes, [clear]);
  const began = await examined({ operations: [password], meanwhile: (file) => writeFileSync(file, LOCK) });
  const ended = await examined({
    operations: [password],
    before: (file) => writeFileSync(file, LOCK),
    meanwhile: rmSync,
  });
  for (const { findings, fixes } of [began, ended]) {
    assert.deepEqual(fixes, []);
    assert.equal(findings[0]?.problem, "a run began or ended while the doctor looked at the stack");
    assert.deepEqual(findings[0]?.evidence, [
      `taken by ada@${hostname()}, process 4194305, at 2026-01-01T00:00:00Z`,
    ]);
  }
});

test("the lock of a dead run is there before and after, and goes with the rest", async () => {
  const { fixes } = await examined({ operations: [password], before: (file) => writeFileSync(file, LOCK) });
  assert.deepEqual(fixes, [{ kind: "unlock" }, clear]);
});

test("a lock file that is not as pulumi writes it is held, and named with what takes it away", async () => {
  for (const text of ["", LOCK.slice(0, 20), '{"pid": "1"}']) {
    const { findings, fixes, file } = await examined({
      operations: [password],
      before: (path) => writeFileSync(path, text),
    });
    assert.deepEqual(fixes, []);
    assert.equal(
      findings[0]?.problem,
      `the stack is locked by a file that is not as pulumi writes it: ${file}`,
    );
    assert.match(findings[0]?.remedy ?? "", /where nobody does, pulumi cancel takes the file away/);
  }
});

/** What the doctor would do after a destroy, on a cluster whose namespace `batch` carries some labels. */
async function afterDestroy(labels: object, alone = false) {
  const server = createServer((request, response) => {
    const known = request.url === "/api/v1/namespaces/batch";
    response.statusCode = known ? 200 : 404;
    response.end(JSON.stringify(known ? { metadata: { name: "batch", labels } } : {}));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as AddressInfo;
  const kubeconfig = JSON.stringify({
    clusters: [{ name: "now", cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: "now", user: {} }],
    contexts: [{ name: "now", context: { cluster: "now", user: "now" } }],
    "current-context": "now",
  });
  const config = { cluster: { provider: "existing" }, secrets: { cluster: { kubeconfig } } };
  try {
    return await examined({ operations: [namespace], config, alone });
  } finally {
    server.close();
  }
}

test("after a destroy --fix deletes on the cluster that the settings name only what shows that it is the stack's", async () => {
  const gone = { kind: "delete-objects", paths: ["/api/v1/namespaces/batch"] };
  assert.deepEqual((await afterDestroy({ "dask-stack": "organization.dask.dev" })).fixes, [gone, clear]);
  for (const labels of [{}, { "dask-stack": "organization.dask.prod" }]) {
    const { findings, fixes } = await afterDestroy(labels);
    assert.deepEqual(fixes, []);
    assert.equal(findings[0]?.evidence[0], "namespaces/batch");
    assert.match(findings[0]?.remedy ?? "", /--fix --no-other-run deletes it/);
  }
  assert.deepEqual((await afterDestroy({}, true)).fixes, [gone, clear]);
});

test("after a destroy of the cluster itself the notes of what was made in it stay until people say that it is gone", async () => {
  const { findings, fixes } = await examined({
    operations: [namespace],
    config: { cluster: { provider: "gke" } },
  });
  assert.deepEqual(fixes, []);
  assert.match(findings[0]?.remedy ?? "", /gone for good, pulumi refresh --clear-pending-creates/);
});
