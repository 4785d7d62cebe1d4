import assert from "node:assert/strict";
import { test } from "node:test";
import {
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

test("the current context is picked, with its files made absolute", () => {
  const picked = select(kubeconfig);
  assert.equal(picked.cluster["certificate-authority"], "/home/ann/.kube/ca.crt");
  assert.equal(picked.user["client-certificate"], "/abs/ann.crt");
  assert.equal(picked.user["client-key"], "/home/ann/.kube/ann.key");
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
    /kubeconfig has no cluster three, which context broken names$/,
  );
  assert.throws(() => select("contexts: []"), /has no current context; set dask:cluster.context/);
  assert.throws(
    () => select("a: [b"),
    /^Error: kubeconfig is not YAML \(.*\); check dask:cluster.kubeconfig$/,
  );
  assert.throws(() => select("just text"), /is not a kubeconfig/);
  assert.throws(
    () => select("clusters: [{ name: x, cluster: { server: y } }]"),
    /is not a kubeconfig \(clusters\.0\.cluster\.server/,
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
