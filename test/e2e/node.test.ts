import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Layout, layoutOf } from "../../sandbox/layout.ts";
import { leftovers, mounts, packetFilter, type Traces, tracesOf } from "../../sandbox/node/leftovers.ts";
import { firstProcess } from "../../sandbox/node/namespaces.ts";
import { volumesFolder } from "../../sandbox/node/node-agent.ts";
import { startSandbox, stopSandbox } from "../../sandbox/sandbox.ts";
import { attempt } from "../attempt.ts";
import { eventually } from "../eventually.ts";
import { knock } from "../knock.ts";
import { type Bench, benchOn } from "../stack/sandbox.ts";
import {
  apply,
  IDLE,
  inNamespace,
  python,
  pythonPod,
  ready,
  realTest,
  removeClass,
  server,
  service,
} from "./node.ts";

const STATUS = "import urllib.request as r; print(r.urlopen('http://server.names', timeout=5).status)";

realTest("claims bind when a pod needs them, and volumes go as their class says", ["dask"], async (bench) => {
  const { kubectl } = bench;
  const folder = volumesFolder(layoutOf(bench.sandbox.root));
  const claims = async () => {
    const keep = { kind: "StorageClass", apiVersion: "storage.k8s.io/v1", metadata: { name: "claims-keep" } };
    await apply(
      bench,
      {
        ...keep,
        provisioner: "sandbox.dask/directory",
        reclaimPolicy: "Retain",
        volumeBindingMode: "Immediate",
      },
      claim("gone"),
      claim("kept", "claims-keep"),
    );
    await kubectl(
      "wait",
      "-n",
      "claims",
      "--for=jsonpath={.status.phase}=Bound",
      "--timeout=120s",
      "pvc/kept",
    );
    assert.equal(await phase(bench, "gone"), "Pending", "no pod needs it yet");
    const write = "for name in ('gone', 'kept'): open(f'/{name}/file', 'w').write('text')";
    const user = { securityContext: { runAsUser: 1000, fsGroup: 100 } };
    await apply(
      bench,
      pythonPod("claims", "writer", write, {
        spec: {
          ...user,
          volumes: ["gone", "kept"].map((name) => ({ name, persistentVolumeClaim: { claimName: name } })),
        },
        container: { volumeMounts: ["gone", "kept"].map((name) => ({ name, mountPath: `/${name}` })) },
      }),
    );
    await kubectl(
      "wait",
      "-n",
      "claims",
      "--for=jsonpath={.status.phase}=Succeeded",
      "--timeout=300s",
      "pod/writer",
    );
    const [gone, kept] = await Promise.all(["gone", "kept"].map((name) => volumeOf(bench, name)));
    assert.ok(gone !== undefined && kept !== undefined);
    assert.deepEqual(readdirSync(join(folder, gone)), ["file"]);
    await kubectl("delete", "-n", "claims", "pod/writer", "pvc/gone", "pvc/kept");
    await eventually(
      async () => existsSync(join(folder, gone)),
      (there) => !there,
    );
    const release = ["get", "pv", kept, "-o", "jsonpath={.status.phase}"];
    await eventually(
      () => kubectl(...release),
      (text) => text === "Released",
    );
    assert.deepEqual(readdirSync(join(folder, kept)), ["file"]);
  };
  // Neither goes with the namespace.
  await attempt(() => inNamespace(bench, "claims", claims)).finally(() => removeClass(bench, "claims-keep"));
});

realTest("pods find Services by name, and no way out of the machine", ["dask"], async (bench) => {
  await inNamespace(bench, "names", async () => {
    await apply(
      bench,
      pythonPod("names", "server", server(8000), { labels: { app: "server" } }),
      pythonPod("names", "client", IDLE),
      service("names", "server", { ports: [{ port: 80, targetPort: 8000 }] }),
    );
    await ready(bench, "names", "server", "client");
    const get = (pod: string) => python(bench, "names", pod, STATUS).catch(String);
    await eventually(
      () => get("client"),
      (text) => text === "200",
    );
    await eventually(
      () => get("server"),
      (text) => text === "200",
    );
    const outside = `import socket
for host in ("192.0.2.1", "1.1.1.1", "example.org"):
    try: socket.create_connection((host, 443), 5); print("open")
    except OSError as error: print(type(error).__name__, error.errno)`;
    assert.equal(await python(bench, "names", "client", outside), "OSError 101\nOSError 101\ngaierror -2");
  });
});

realTest(
  "a load balancer answers from this machine, and only the networks it is open to",
  ["dask"],
  async (bench) => {
    const { kubectl } = bench;
    await inNamespace(bench, "balanced", async () => {
      const ports = [{ port: 80, targetPort: 8000 }];
      await apply(
        bench,
        pythonPod("balanced", "server", server(8000), { labels: { app: "server" } }),
        service("balanced", "server", { type: "LoadBalancer", ports }),
      );
      await ready(bench, "balanced", "server");
      const address = [
        "get",
        "-n",
        "balanced",
        "service/server",
        "-o",
        "jsonpath={.status.loadBalancer.ingress[0].ip}",
      ];
      const ip = await eventually(
        () => kubectl(...address),
        (text) => text !== "",
      );
      await eventually(
        () => knock(ip, 80),
        (how) => how === "open",
      );
      const only = (...loadBalancerSourceRanges: string[]) =>
        apply(
          bench,
          service("balanced", "server", { type: "LoadBalancer", ports, loadBalancerSourceRanges }),
        );
      await only("192.0.2.0/24");
      await eventually(
        () => knock(ip, 80),
        (how) => how !== "open",
      );
      await only("192.0.2.0/24", "10.0.0.0/8");
      await eventually(
        () => knock(ip, 80),
        (how) => how === "open",
      );
      await apply(
        bench,
        service("balanced", "server", { type: "ClusterIP", ports, loadBalancerSourceRanges: null }),
      );
      await eventually(
        () => kubectl(...address),
        (text) => text === "",
      );
    });
  },
);

realTest("load balancers made at once get addresses of their own", [], async (bench) => {
  await inNamespace(bench, "many", async () => {
    const ports = [{ port: 80, targetPort: 8000 }];
    const names = Array.from({ length: 20 }, (_, index) => `balancer-${index}`);
    await apply(bench, ...names.map((name) => service("many", name, { type: "LoadBalancer", ports })));
    const list = async () => {
      const { items } = JSON.parse(await bench.kubectl("get", "-n", "many", "services", "-o", "json")) as {
        items: { status: { loadBalancer: { ingress?: { ip: string }[] } } }[];
      };
      return items.flatMap(({ status }) => status.loadBalancer.ingress?.map(({ ip }) => ip) ?? []);
    };
    const ips = await eventually(list, (found) => found.length === names.length);
    assert.equal(new Set(ips).size, names.length, ips.join(" "));
  });
});

realTest(
  "two sandboxes run side by side, and one that goes leaves nothing on the machine",
  ["dask"],
  async (bench, context) => {
    // Beside that of all tests, so that whoever stops that one finds it.
    const root = `${bench.sandbox.root}-second`;
    const layout = layoutOf(root);
    let traces: Traces | undefined;
    await attempt(async () => {
      const start = Date.now();
      const second = await startSandbox({ root, nodes: "real", images: ["dask"] });
      context.diagnostic(`a node is up in ${((Date.now() - start) / 1000).toFixed(1)} s`);
      await apply(benchOn(second), pythonPod("default", "busy", IDLE));
      await ready(benchOn(second), "default", "busy");
      traces = tracesOf(layout);
      await everyTraceIsSeen(layout, traces);
    }).finally(async () => {
      const end = Date.now();
      await stopSandbox({ root });
      context.diagnostic(`and down in ${((Date.now() - end) / 1000).toFixed(1)} s`);
    });
    assert.ok(traces !== undefined);
    assert.deepEqual(await leftovers(traces), []);
    assert.equal(existsSync(root), false);
    assert.equal(
      await bench.kubectl("get", "nodes", "-o", "name"),
      "node/sandbox",
      "the other one still runs",
    );
  },
);

/** That what looks for leftovers would find them: of a running node every kind of trace is seen where it is. */
async function everyTraceIsSeen(layout: Layout, traces: Traces): Promise<void> {
  const seen = (await leftovers(traces)).map((line) =>
    line.replace(/^(process|cgroup|network device) .*/, "$1"),
  );
  const kinds = new Set(seen.map((line) => line.replace(/:.*/, "")));
  // Mounts and packet filter rules of a node are seen inside of it alone.
  assert.deepEqual([...kinds].sort(), ["cgroup", "network device", "process", "route"]);
  const inside = `/proc/${firstProcess(layout)}`;
  assert.notDeepEqual(mounts(traces, readFileSync(`${inside}/mountinfo`, "utf8")), []);
  assert.notDeepEqual(await packetFilter(traces, ["nsenter", `--net=${inside}/ns/net`]), []);
}

function claim(name: string, storageClassName?: string): object {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name, namespace: "claims" },
    spec: {
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: "1Gi" } },
      ...(storageClassName === undefined ? {} : { storageClassName }),
    },
  };
}

function phase({ kubectl }: Bench, name: string): Promise<string> {
  return kubectl("get", "pvc", name, "-n", "claims", "-o", "jsonpath={.status.phase}");
}

function volumeOf({ kubectl }: Bench, name: string): Promise<string> {
  return kubectl("get", "pvc", name, "-n", "claims", "-o", "jsonpath={.spec.volumeName}");
}
