import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  chosenContext,
  defaultKubeconfigPath,
  readKubeconfig,
  selectContext,
  writeKubeconfig,
} from "../../providers/existing/kubeconfig.ts";

const kubeconfig = `
apiVersion: v1
kind: Config
current-context: a
clusters:
  - { name: one, cluster: { server: "https://one:6443", certificate-authority: ca.crt } }
  - { name: two, cluster: { server: "https://two:6443", insecure-skip-tls-verify: true } }
users:
  - { name: ann, user: { client-certificate: /abs/ann.crt, client-key: ann.key } }
  - { name: bob, user: { token: hunter2 } }
contexts:
  - { name: a, context: { cluster: one, user: ann, namespace: team } }
  - { name: b, context: { cluster: two, user: bob } }
  - { name: broken, context: { cluster: three, user: bob } }
`;
const select = (text: string, context?: string) =>
  selectContext(text, "kubeconfig", "/home/ann/.kube", context);

test("the current context is picked, with the files that it names read into it", () => {
  const folder = mkdtempSync(join(tmpdir(), "kubeconfig-"));
  try {
    for (const file of ["ca.crt", "ann.crt", "ann.key"]) writeFileSync(join(folder, file), `text of ${file}`);
    const picked = selectContext(kubeconfig.replace("/abs", folder), "kubeconfig", folder);
    const data = (file: string) => Buffer.from(`text of ${file}`).toString("base64");
    assert.deepEqual(picked.cluster, {
      server: "https://one:6443",
      "certificate-authority-data": data("ca.crt"),
    });
    assert.deepEqual(picked.user, {
      "client-certificate-data": data("ann.crt"),
      "client-key-data": data("ann.key"),
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a file that the kubeconfig names and nobody can read is said", () => {
  assert.throws(
    () => select(kubeconfig),
    /^Error: \/home\/ann\/\.kube\/ca\.crt cannot be read \(ENOENT.*check dask:cluster\.kubeconfig/,
  );
  assert.throws(() => readKubeconfig(tmpdir()), /cannot be read \(EISDIR/);
});

test("a kubeconfig of one context holds nothing of the others", () => {
  assert.deepEqual(JSON.parse(writeKubeconfig(select(kubeconfig, "b"))), {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "two", cluster: { server: "https://two:6443", "insecure-skip-tls-verify": true } }],
    users: [{ name: "bob", user: { token: "hunter2" } }],
    contexts: [{ name: "b", context: { cluster: "two", user: "bob" } }],
    "current-context": "b",
  });
});

test("a kubeconfig that cannot be used is refused with the remedy", () => {
  assert.throws(
    () => select(kubeconfig, "c"),
    /kubeconfig has no context c; set dask:cluster.context to one of: a, b, broken$/,
  );
  assert.throws(
    () => select(kubeconfig, "broken"),
    /kubeconfig has no cluster three, which context broken names; set dask:cluster.context to another of: a, b, broken$/,
  );
  assert.throws(() => select("contexts: []"), /has no current context; set dask:cluster.context/);
  assert.throws(
    () => select("a: [b"),
    /^Error: kubeconfig is not YAML \(.*\); set dask:cluster.kubeconfig to the path of yours$/,
  );
  assert.throws(
    () => select("just text"),
    /is not a kubeconfig \(it is no map\); set dask:cluster.kubeconfig/,
  );
  assert.throws(
    () => chosenContext({}, "just text"),
    /^Error: dask:secrets.cluster.kubeconfig is not a kubeconfig \(it is no map\); set it to the text of yours$/,
  );
  assert.throws(
    () => select("clusters: [{ name: x, cluster: { server: y } }]"),
    /is not a kubeconfig \(clusters\.0\.cluster\.server is missing or wrong\)/,
  );
  assert.throws(
    () => readKubeconfig("/no/such/file"),
    /there is no kubeconfig at \/no\/such\/file; set dask:cluster.kubeconfig/,
  );
});

test("the default kubeconfig is the first of KUBECONFIG, else the one in the home folder", () => {
  assert.equal(defaultKubeconfigPath({ KUBECONFIG: ":/a:/b" }), "/a");
  assert.match(defaultKubeconfigPath({}), /\/\.kube\/config$/);
});
