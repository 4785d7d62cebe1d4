import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { repository } from "../../sandbox/layout.ts";
import { type Bench, sandboxTest } from "./sandbox.ts";

/** A namespace of the test, and one that counts as the cluster's own. */
const NAMESPACE = "settling";
const SYSTEM = "settling-system";

sandboxTest(
  "destroy waits for volumes and load balancers of the whole cluster, and names what holds it",
  async (bench) => {
    for (const name of [NAMESPACE, SYSTEM]) await bench.kubectl("create", "namespace", name);
    await inFolder(async (folder) => {
      try {
        assert.equal((await settle(bench, folder, 1)).code, 0, "nothing holds it yet");
        await apply(bench, folder, [
          volume("deleted", { reclaimPolicy: "Delete" }),
          volume("retained", { reclaimPolicy: "Retain" }),
          volume("unclaimed", { reclaimPolicy: "Delete", namespace: undefined }),
          volume("of-the-cluster", { reclaimPolicy: "Delete", namespace: SYSTEM }),
          volume("on-a-node", { reclaimPolicy: "Delete", source: { hostPath: { path: "/nowhere" } } }),
          service("public", NAMESPACE),
          service("of-somebody", SYSTEM),
        ]);

        const held = await settle(bench, folder, 1);
        assert.equal(held.code, 1);
        assert.deepEqual(
          held.text
            .trim()
            .replace(/, finalizers \[[^\]]*\]/g, "")
            .split(/: |; |\. /),
          [
            "the cluster still holds what its cloud would keep",
            `volume deleted of claim ${NAMESPACE}/deleted`,
            `load balancer of service ${SYSTEM}/of-somebody`,
            `load balancer of service ${NAMESPACE}/public`,
            "Delete these with kubectl, and run pulumi destroy again.",
          ],
        );

        const waiting = settle(bench, folder, 60);
        await bench.kubectl("delete", "service", "public", "-n", NAMESPACE);
        await bench.kubectl("delete", "service", "of-somebody", "-n", SYSTEM);
        await bench.kubectl("delete", "persistentvolume", "deleted");
        const gone = await waiting;
        assert.equal(gone.code, 0, gone.text);
        assert.match(gone.text, /no volume and no load balancer is left/);
      } finally {
        await bench.kubectl("delete", "persistentvolume", "--ignore-not-found", ...VOLUMES);
        await bench.kubectl("delete", "namespace", NAMESPACE, SYSTEM);
      }
    });
  },
);

const VOLUMES = ["deleted", "retained", "unclaimed", "of-the-cluster", "on-a-node"];

interface VolumeSpec {
  readonly reclaimPolicy: "Delete" | "Retain";
  /** Of its claim; default: that of the test. */
  readonly namespace?: string | undefined;
  readonly source?: object;
}

function volume(name: string, spec: VolumeSpec): object {
  const { reclaimPolicy, source, namespace } = { namespace: NAMESPACE, source: onDisk(name), ...spec };
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name },
    spec: {
      capacity: { storage: "1Gi" },
      accessModes: ["ReadWriteOnce"],
      persistentVolumeReclaimPolicy: reclaimPolicy,
      ...(namespace === undefined ? {} : { claimRef: { namespace, name } }),
      ...source,
    },
  };
}

/** A disk of a cloud, as a CSI driver names it. */
const onDisk = (name: string) => ({ csi: { driver: "disks.example.org", volumeHandle: name } });

function service(name: string, namespace: string): object {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    spec: { type: "LoadBalancer", ports: [{ port: 80 }] },
  };
}

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
    SYSTEM_NAMESPACES: SYSTEM,
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
