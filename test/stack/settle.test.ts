import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { repository } from "../../sandbox/layout.ts";
import { type Bench, sandboxTest } from "./sandbox.ts";

const NAMESPACE = "settling";

sandboxTest("destroy waits for volumes and load balancers, and names what holds it", async (bench) => {
  await bench.kubectl("create", "namespace", NAMESPACE);
  await inFolder(async (folder) => {
    try {
      assert.equal((await settle(bench, folder, 1)).code, 0, "nothing holds it yet");
      await apply(bench, folder, [volume("deleted", "Delete"), volume("retained", "Retain"), service]);

      const held = await settle(bench, folder, 1);
      assert.equal(held.code, 1);
      assert.match(
        held.text,
        /the cluster still holds .*: volume deleted of claim settling\/deleted; load balancer of service settling\/public/,
      );
      assert.doesNotMatch(held.text, /retained/);

      const waiting = settle(bench, folder, 60);
      await bench.kubectl("delete", "service", "public", "-n", NAMESPACE);
      await bench.kubectl("delete", "persistentvolume", "deleted");
      const gone = await waiting;
      assert.equal(gone.code, 0, gone.text);
      assert.match(gone.text, /no volume and no load balancer is left/);
    } finally {
      await bench.kubectl("delete", "persistentvolume", "deleted", "retained", "--ignore-not-found");
      await bench.kubectl("delete", "namespace", NAMESPACE);
    }
  });
});

function volume(name: string, reclaimPolicy: string): object {
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name },
    spec: {
      capacity: { storage: "1Gi" },
      accessModes: ["ReadWriteOnce"],
      persistentVolumeReclaimPolicy: reclaimPolicy,
      claimRef: { namespace: NAMESPACE, name },
      hostPath: { path: "/nowhere" },
    },
  };
}

const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "public", namespace: NAMESPACE },
  spec: { type: "LoadBalancer", ports: [{ port: 80 }] },
};

async function apply({ kubectl }: Bench, folder: string, objects: readonly object[]): Promise<void> {
  const file = join(folder, "objects.yaml");
  writeFileSync(file, objects.map((each) => stringify(each)).join("---\n"));
  await kubectl("apply", "-f", file);
}

/** Runs the program of the Job against the sandbox's API server, as the Job's pod would. */
function settle(
  { sandbox }: Bench,
  folder: string,
  patience: number,
): Promise<{ code: number | null; text: string }> {
  const { clusters, users } = parse(readFileSync(sandbox.kubeconfig, "utf8"));
  writeFileSync(join(folder, "token"), users[0].user.token);
  writeFileSync(
    join(folder, "ca.crt"),
    Buffer.from(clusters[0].cluster["certificate-authority-data"], "base64"),
  );
  const env = {
    ...process.env,
    SERVER: clusters[0].cluster.server,
    ACCOUNT: folder,
    NAMESPACES: NAMESPACE,
    PATIENCE: String(patience),
  };
  const child = spawn("python3", [join(repository, "components", "settle.py")], { env });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      text += chunk;
    });
  }
  return new Promise((done, reject) => {
    child.on("error", reject);
    child.on("close", (code) => done({ code, text }));
  });
}

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "settle-"));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
