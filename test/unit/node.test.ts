import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { run } from "../../sandbox/command.ts";
import { imageSetsFor, images } from "../../sandbox/images/images.ts";
import { ensureLayer, type Layer, layerKey } from "../../sandbox/images/layers.ts";
import { postgresMajor } from "../../sandbox/images/postgres.ts";
import { hierarchies } from "../../sandbox/node/cgroups.ts";
import { registryHosts } from "../../sandbox/node/containerd.ts";
import { exposedHere } from "../../sandbox/node/exposed.ts";
import { mounts } from "../../sandbox/node/leftovers.ts";
import { must } from "../../sandbox/node/must.ts";
import { networkAt, overlapsAny } from "../../sandbox/node/network.ts";
import { blobsFolder } from "../../sandbox/node/node-agent.ts";
import { missingCapabilities } from "../../sandbox/node/prerequisites.ts";
import { isReady } from "../../sandbox/node/real-node.ts";
import { leftWords } from "../../sandbox/node/removal.ts";

const routes = `default via 192.0.2.1 dev eth0
10.8.0.0/16 dev tun0 scope link
local 10.205.3.77 dev lo table local scope host
broadcast 10.206.3.255 dev lo table local
unreachable 10.207.0.0/24`;

test("a node's network keeps clear of what the machine routes elsewhere", () => {
  const taken = (second: number, third: number) => overlapsAny(networkAt(second, third).range, routes);
  assert.equal(taken(8, 4), true, "inside of a larger network");
  assert.equal(taken(205, 0), true, "an address of the machine");
  assert.equal(taken(206, 0), true, "a broadcast address");
  assert.equal(taken(207, 0), true, "a route of another type");
  assert.equal(taken(205, 4), false);
  assert.equal(taken(201, 0), false, "the default route leads everywhere and counts nowhere");
});

test("the parts of a node's network are of one range and do not overlap", () => {
  const { range, host, node, addresses, services, pods } = networkAt(204, 8);
  assert.equal(range, "10.204.8.0/22");
  const parts = [`${host}/24`, addresses, services, pods];
  for (const part of parts) assert.equal(overlapsAny(part, `${range} dev x`), true, part);
  for (const [index, part] of parts.entries()) {
    for (const other of parts.slice(index + 1))
      assert.equal(overlapsAny(part, `${other} dev x`), false, other);
  }
  assert.equal(overlapsAny(`${node}/32`, `${host}/24 dev x`), true);
});

test("cgroup hierarchies are found with version 1, version 2 and both", () => {
  const v1 = "cgroup /sys/fs/cgroup/cpu cgroup rw 0 0\ncgroup /sys/fs/cgroup/memory cgroup rw 0 0";
  const v2 = (path: string) => `cgroup2 ${path} cgroup2 rw 0 0`;
  const both = hierarchies(`${v1}\n${v2("/sys/fs/cgroup/unified")}`);
  assert.deepEqual(both.used, ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/memory"]);
  assert.deepEqual(both.all, [...both.used, "/sys/fs/cgroup/unified"]);
  assert.equal(both.version2, false);
  const root = ["/sys/fs/cgroup"];
  assert.deepEqual(hierarchies(v2("/sys/fs/cgroup")), { all: root, used: root, version2: true });
});

test("root without the capabilities that a node needs is told which ones", () => {
  assert.deepEqual(missingCapabilities("CapEff:\t000001ffffffffff\n"), []);
  assert.deepEqual(missingCapabilities("CapEff:\t00000000a80425fb\n"), ["CAP_NET_ADMIN", "CAP_SYS_ADMIN"]);
});

test("a mount that a node left is found by where it is, and by what it shows", () => {
  const traces = { root: "/tmp/one", link: "", cgroups: [], network: undefined, processes: new Map() };
  const below = "40 1 0:30 / /tmp/one/cluster/node/x rw - tmpfs tmpfs rw";
  const bound = "41 1 254:0 /one/cluster/node/kubelet /var/lib/kubelet rw - ext4 /dev/vda rw";
  const strange = "42 1 254:0 /two/cluster/node/kubelet /var/lib/kubelet rw - ext4 /dev/vda rw";
  const beside = "43 1 0:30 / /tmp/one-second/cluster/node/x rw - tmpfs tmpfs rw";
  assert.deepEqual(mounts(traces, [below, bound, strange, beside].join("\n")), [
    `mount: ${below}`,
    `mount: ${bound}`,
  ]);
});

test("what a sandbox left is named, with the commands that take it away", () => {
  const left = [
    "process 42: /usr/bin/containerd --config /tmp/one/cluster/node/config.toml",
    "mount: 40 1 0:30 / /tmp/one/cluster/node/x rw - tmpfs tmpfs rw",
    "network device dask-1a2b3c4d",
    "route: 10.204.8.0/22 via 10.204.8.2 dev dask-1a2b3c4d",
    "packet filter: -A POSTROUTING -s 10.204.8.0/22 -j MASQUERADE",
    "cgroup /sys/fs/cgroup/dask-sandbox-1a2b3c4d",
  ];
  const [first, ...rest] = leftWords("/tmp/one", left).split("\n");
  assert.equal(first, "/tmp/one was stopped, but this is left of it:");
  assert.deepEqual(rest.slice(0, left.length), left);
  assert.match(rest[left.length] ?? "", /^Take it away as root; .*: npm run sandbox:down -- --force$/);
  assert.deepEqual(rest.slice(left.length + 1), [
    "  kill -KILL 42",
    "  umount /tmp/one/cluster/node/x",
    "  ip link delete dask-1a2b3c4d",
    "  ip route delete 10.204.8.0/22 via 10.204.8.2 dev dask-1a2b3c4d",
    "  find /sys/fs/cgroup/dask-sandbox-1a2b3c4d -depth -type d -exec rmdir {} +",
  ]);
});

test("containerd asks the sandbox for every image", () => {
  assert.match(registryHosts(networkAt(204, 8)), /^server = "http:\/\/10\.204\.8\.1:5000"$/m);
});

test("a node is ready when it says so and no taint keeps pods away", () => {
  const conditions = [{ type: "Ready", status: "True" }];
  assert.equal(isReady({ status: { conditions } }), true);
  assert.equal(isReady({ status: { conditions }, spec: { taints: [{}] } }), false);
  assert.equal(isReady({ status: { conditions: [{ type: "Ready", status: "False" }] } }), false);
  assert.equal(isReady({ kind: "Status" }), false);
});

test("a sandbox makes the images of the kinds of releases in its stack file", () => {
  const config = (...kinds: string[]) => ({
    "dask:releases": Object.fromEntries(kinds.map((kind, index) => [`r${index}`, { kind }])),
  });
  assert.deepEqual(imageSetsFor({}), []);
  assert.deepEqual(imageSetsFor(config("dask", "dask")), ["dask"]);
  assert.deepEqual(imageSetsFor(config("daskhub")), ["jupyterhub", "dask-gateway", "postgres"]);
});

test("every test image has a name of its own and a fixed tag, and every layer a recipe of its own", () => {
  const all = Object.values(images).flat();
  const names = all.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.match(name, /^[a-z0-9.]+\/[a-z0-9/-]+:[\w.-]+$/);
  const layers = [...new Set(all.flatMap(({ layers }) => [...layers]))];
  assert.equal(new Set(layers.map(layerKey)).size, layers.length);
});

const notLinux = process.platform === "linux" ? false : "layers are made on Linux";

test("every user reads what is in a layer, whatever the umask of who made it", {
  skip: notLinux,
}, async () => {
  const cache = mkdtempSync(join(tmpdir(), "cache-"));
  const { XDG_CACHE_HOME: before } = process.env;
  process.env.XDG_CACHE_HOME = cache;
  try {
    const layer: Layer = { name: "of-a-test", recipe: "", needs: [], fill: async (folder) => fill(folder) };
    const { digest } = await ensureLayer(layer, () => {});
    const list = ["-tvf", join(blobsFolder(), digest.replace("sha256:", ""))];
    const lines = must(["tar"], await run("tar", list))
      .trim()
      .split("\n");
    const modes = lines.map((line) => line.replace(/^(\S+) .* (\S+)$/, "$1 $2"));
    assert.deepEqual(modes, [
      "drwxr-xr-x ./",
      "drwxr-xr-x ./bin/",
      "-rw-r--r-- ./bin/data",
      "-rwxr-xr-x ./bin/run",
    ]);
  } finally {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
    rmSync(cache, { recursive: true });
  }
});

/** As a strict umask leaves it: a program and a file that their owner alone reads. */
function fill(folder: string): void {
  mkdirSync(join(folder, "bin"), { mode: 0o700 });
  writeFileSync(join(folder, "bin", "run"), "", { mode: 0o700 });
  writeFileSync(join(folder, "bin", "data"), "", { mode: 0o600 });
}

test("Postgres' version follows the distribution's release", () => {
  assert.equal(postgresMajor('ID=debian\nVERSION_ID="12"\n'), "15");
  assert.equal(postgresMajor('ID=ubuntu\nVERSION_ID="24.04"\n'), "16");
});

test("on a real node the releases of a stack file get addresses, and its own words stay", () => {
  const file = `
dask:cluster: { provider: existing }
dask:releases:
  one: { kind: dask, scheduler: { cores: 0.2 } }
  two: { kind: dask, jupyter: false, scheduler: { expose: ClusterIP } }
  three: { kind: dask-gateway }`;
  const changed = exposedHere(parse(file));
  const { one, two, three } = changed["dask:releases"] as Record<string, Record<string, unknown>>;
  assert.deepEqual(one?.scheduler, { expose: { allowFrom: ["10.0.0.0/8"] }, cores: 0.2 });
  assert.deepEqual(two, { kind: "dask", jupyter: false, scheduler: { expose: "ClusterIP" } });
  assert.deepEqual(three, { kind: "dask-gateway" });
  const own = parse(file.replace("existing", "existing, expose: NodePort"));
  assert.deepEqual(exposedHere(own), own);
});
