import { randomBytes } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { ImageSet } from "../../sandbox/images/images.ts";
import { layoutOf } from "../../sandbox/layout.ts";
import { volumesFolder } from "../../sandbox/node/node-agent.ts";
import { type Sandbox, startSandbox } from "../../sandbox/sandbox.ts";
import { eventually } from "../eventually.ts";
import { knock } from "../knock.ts";
import { limited } from "../limit.ts";
import { type Bench, benchOn } from "../stack/sandbox.ts";

/** Folder of the sandbox with the real node; test/run.ts starts it once and stops it after the last test. */
export const REAL_ROOT_VARIABLE = "DASK_TEST_REAL_NODE";
/** Why this machine can have no real node; the tests that need one are then reported as skipped. */
export const REAL_SKIP_VARIABLE = "DASK_TEST_NO_REAL_NODE";

/** An image with Python and Dask, for pods of tests. */
export const PYTHON_IMAGE = "ghcr.io/dask/dask:2025.11.0";

/** A test that needs containers that run: real engine, real providers, real API server and a real node. */
export function realTest(
  title: string,
  images: readonly ImageSet[],
  body: (bench: Bench, context: TestContext) => Promise<void>,
): void {
  const skip = process.env[REAL_SKIP_VARIABLE];
  test(title, { skip: skip ?? false }, async (context) => {
    const start = Date.now();
    const bench = benchOn(await realSandbox(images));
    await limited(() => body(bench, context));
    context.diagnostic(`${Math.round((Date.now() - start) / 1000)} s`);
  });
}

/** The tests' sandbox with a real node and some images; started unless it runs. */
export function realSandbox(images: readonly ImageSet[]): Promise<Sandbox> {
  const root = process.env[REAL_ROOT_VARIABLE] ?? join(tmpdir(), "pulumi-dask-real");
  return startSandbox({ root, nodes: "real", images, log: (line) => console.log(line) });
}

/** Creates or changes objects as `kubectl apply` does. */
export async function apply({ kubectl }: Bench, ...objects: object[]): Promise<void> {
  const file = join(tmpdir(), `objects-${randomBytes(6).toString("hex")}.json`);
  writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
  try {
    await kubectl("apply", "-f", file);
  } finally {
    rmSync(file);
  }
}

/** A pod that runs a Python program; `more` is merged into its spec. */
export function pythonPod(
  namespace: string,
  name: string,
  program: string,
  more: { labels?: Record<string, string>; spec?: object; container?: object } = {},
): object {
  const container = {
    name: "main",
    image: PYTHON_IMAGE,
    args: ["python", "-u", "-c", program],
    ...more.container,
  };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels: more.labels ?? {} },
    spec: {
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      containers: [container],
      ...more.spec,
    },
  };
}

/** A Python program that answers HTTP requests on `ports`. */
export function server(...ports: number[]): string {
  return [
    "import http.server, threading",
    "def serve(port): http.server.ThreadingHTTPServer(('', port), http.server.SimpleHTTPRequestHandler).serve_forever()",
    `for port in ${JSON.stringify(ports)}: threading.Thread(target=serve, args=(port,)).start()`,
  ].join("\n");
}

/** Runs Python in a running pod and answers what it prints. */
export function python({ kubectl }: Bench, namespace: string, pod: string, program: string): Promise<string> {
  return kubectl("exec", "-n", namespace, pod, "--", "python", "-c", program);
}

/** What the smoke test of a release has printed: one line of JSON, among what libraries may have to say. */
export async function smokeTestResult<Result>(
  { kubectl }: Bench,
  release: string,
  namespace = release,
): Promise<Result> {
  const log = await kubectl("logs", "-n", namespace, `job/${release}-smoke-test`);
  const line = log.split("\n").find((each) => each.startsWith("{"));
  if (line === undefined) throw new Error(`The smoke test printed no result:\n${log}`);
  return JSON.parse(line);
}

/** Waits until pods are ready. */
export async function ready({ kubectl }: Bench, namespace: string, ...pods: string[]): Promise<void> {
  const names = pods.map((pod) => `pod/${pod}`);
  await kubectl("wait", "-n", namespace, "--for=condition=Ready", "--timeout=300s", ...names);
}

/** Makes a namespace in which pods can be made, and deletes it after `body`. */
export async function inNamespace(bench: Bench, name: string, body: () => Promise<void>): Promise<void> {
  await apply(bench, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  // What every namespace gets a moment after it is made.
  const own = ["serviceaccount/default", "configmap/kube-root-ca.crt"];
  await eventually(
    () => bench.kubectl("get", ...own, "-n", name, "--ignore-not-found", "-o", "name"),
    (text) => text.split("\n").length === own.length,
  );
  try {
    await body();
  } finally {
    await bench.kubectl("delete", "namespace", name);
  }
}

/** Removes a storage class and what it retains: volumes that no claim has any more, as whoever runs the cluster would. */
export async function removeClass({ kubectl, sandbox }: Bench, storageClass: string): Promise<void> {
  const ofClass = `.items[?(@.spec.storageClassName=="${storageClass}")]`;
  const volumes = (what: string) => kubectl("get", "persistentvolumes", "-o", `jsonpath={${ofClass}${what}}`);
  await eventually(
    () => volumes(".status.phase"),
    (phases) => !phases.includes("Bound"),
  );
  const names = (await volumes(".metadata.name")).split(" ").filter((each) => each !== "");
  for (const name of names) {
    await kubectl("delete", "persistentvolume", name);
    rmSync(join(volumesFolder(layoutOf(sandbox.root)), name), { recursive: true, force: true });
  }
  await kubectl("delete", "storageclass", storageClass, "--ignore-not-found");
}

/** What this machine hears of an address that nobody has. */
const NOBODY = ["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH"];

/** Waits until nobody answers at a URL any more; that a packet is lost is no proof. */
export async function nobodyAnswers(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  await eventually(
    () => knock(hostname, port === "" ? 80 : Number(port)),
    (how) => NOBODY.includes(how),
  );
}

/** A Service for the pods that carry its name as the label `app`. */
export function service(namespace: string, name: string, spec: object): object {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    spec: { selector: { app: name }, ...spec },
  };
}

/** A program that waits for ever. */
export const IDLE = "import signal; signal.pause()";
