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

const PROGRAM = fileURLToPath(new URL("../../components/dask-operator/end-clusters.py", import.meta.url));
const API = "/apis/kubernetes.dask.org/v1/namespaces";

const NO_PYTHON = "python3 is not on the PATH, and the program is Python";
const skip = spawnSync("python3", ["--version"]).error === undefined ? false : NO_PYTHON;

/** A Dask cluster as the API server keeps it. */
interface Held {
  metadata: { name: string; finalizers?: string[]; deletionTimestamp?: string };
}

/**
 * Runs the program against an API server with these clusters in namespace `team`; `hub` has none and `gone` is gone.
 *
 * @param operates whether an operator takes the finalizers off clusters that are being deleted
 */
async function end(clusters: Held[], operates: boolean) {
  const asked: string[] = [];
  let held = clusters;
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(`${request.method} ${path}`);
    assert.equal(request.headers.authorization, "Bearer token-of-operator");
    const name = path.split("/").at(-1);
    if (request.method === "DELETE") {
      held = held.flatMap((each) => {
        if (each.metadata.name !== name) return [each];
        const stays = !operates && each.metadata.finalizers !== undefined;
        return stays ? [{ metadata: { ...each.metadata, deletionTimestamp: "now" } }] : [];
      });
    }
    if (request.method === "PATCH") held = held.filter((each) => each.metadata.name !== name);
    const namespaces = ["team", "hub"].map((each) => ({ metadata: { name: each } }));
    const lists: Record<string, unknown> = {
      "/api/v1/namespaces": namespaces,
      [`${API}/team/daskclusters`]: held,
      [`${API}/team/daskjobs`]: [],
    };
    const items = lists[path];
    // A kind that the cluster does not know is answered by 404.
    response.statusCode = request.method === "GET" && items === undefined ? 404 : 200;
    response.end(JSON.stringify({ items }));
  });
  const account = mkdtempSync(join(tmpdir(), "account-"));
  try {
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    writeFileSync(join(account, "token"), "token-of-operator");
    writeFileSync(join(account, "ca.crt"), rootCertificates[0] ?? "");
    const env = {
      ...process.env,
      SERVER: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      ACCOUNT: account,
      NAMESPACES: "team hub gone",
      PATIENCE: "0",
    };
    const { stdout } = await promisify(execFile)("python3", [PROGRAM], { env });
    return { stdout, asked, held };
  } finally {
    server.close();
    rmSync(account, { recursive: true });
  }
}

const held = (name: string): Held => ({
  metadata: { name, finalizers: ["kopf.zalando.org/KopfFinalizerMarker"] },
});

test("clusters are deleted and their operator lets them go; nothing is forced", { skip }, async () => {
  const { stdout, asked, held: left } = await end([held("a"), held("b")], true);
  assert.deepEqual(left, []);
  assert.match(stdout, /no Dask cluster is left/);
  assert.ok(asked.includes(`DELETE ${API}/team/daskclusters/a`));
  assert.ok(!asked.some((each) => each.includes("/gone/")));
});

test("where no operator answers, the finalizers are taken off and named", { skip }, async () => {
  const { stdout, held: left } = await end([held("a")], false);
  assert.deepEqual(left, []);
  assert.match(
    stdout,
    /daskclusters\/a is held by \['kopf\.zalando\.org\/KopfFinalizerMarker'\]; letting it go/,
  );
});

test("a namespace without clusters is done at once", { skip }, async () => {
  const { asked } = await end([], true);
  assert.ok(!asked.some((each) => each.startsWith("DELETE")));
});
