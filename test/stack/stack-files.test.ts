import assert from "node:assert/strict";
import { basename } from "node:path";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { simulatedNode } from "../../sandbox/simulated-nodes.ts";
import { apply } from "../e2e/node.ts";
import { inputOf, STACK_FILES } from "../unit/stack-files.ts";
import { removeDefinitions } from "./definitions.ts";
import { type Bench, sandboxTest, withCharts } from "./sandbox.ts";
import { simulatePostgres, withoutWebhooks } from "./simulated-postgres.ts";
import { watch } from "./updates.ts";

sandboxTest(
  "the releases of every stack file, on a cluster that is there: a second up is empty, and so is one after a refresh",
  async (bench, context) => {
    const releases = Object.assign({}, ...STACK_FILES.map(releasesOf));
    const secrets = Object.assign({}, ...STACK_FILES.map(secretsOf));
    context.diagnostic(`${Object.keys(releases).length} releases of ${STACK_FILES.length} files`);
    const stopPostgres = simulatePostgres(bench);
    await apply(bench, keptVolumes, ...moreNodes);
    const stack = await bench.open("files", await config(releases));
    try {
      for (const [release, each] of Object.entries<Record<string, string>>(secrets))
        for (const [key, value] of Object.entries(each))
          await stack.setConfig(`dask:secrets.${release}.${key}`, { value, secret: true }, true);
      await stack.up();
      assert.deepEqual(await changed(stack), []);
      await stack.refresh();
      assert.deepEqual(await changed(stack), [], "after a refresh");
    } finally {
      await stack.destroy({ remove: true });
      await cleanUp(bench, Object.keys(releases));
      await stopPostgres();
      await removeDefinitions(bench);
    }
  },
);

type Releases = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The releases of a stack file as they stand there; the file's name tells those of one name apart. */
function releasesOf(file: string): Releases {
  return prefixed(file, inputOf(file).releases as Releases);
}

/** A value for every secret that a stack file asks for. */
function secretsOf(file: string): Releases {
  return prefixed(file, inputOf(file).secrets as Releases);
}

function prefixed(file: string, entries: Releases): Releases {
  const prefix = basename(file, ".yaml").replace("Pulumi.", "");
  return Object.fromEntries(Object.entries(entries).map(([name, each]) => [`${prefix}-${name}`, each]));
}

function config(releases: Releases) {
  return withCharts({
    // Every file's own cluster costs money; what it is for the releases is a default storage class and load balancers.
    "dask:cluster": { provider: "existing", expose: "LoadBalancer", storageClass: keptVolumes.metadata.name },
    "dask:postgres": withoutWebhooks,
    "dask:releases": releases,
  });
}

/** A class that deletes its volumes would keep nothing, and a stack that is to keep a database refuses it. */
const keptVolumes = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name: "volumes-of-files" },
  provisioner: "kubernetes.io/no-provisioner",
  reclaimPolicy: "Retain",
  volumeBindingMode: "WaitForFirstConsumer",
};

/** Room for everything at once, and the label by which two files place their large workers. */
const moreNodes = [10, 11].map((index) => simulatedNode(index, { labels: { "dask/node-pool": "big" } }));

/** What an up did, without what stayed the same. */
async function changed(stack: Stack): Promise<string[]> {
  const watched = watch();
  await stack.up(watched);
  return watched.done();
}

/** Removes what the test made itself and what one of the files keeps. */
async function cleanUp({ kubectl }: Bench, namespaces: readonly string[]): Promise<void> {
  await kubectl("delete", "namespace", "--ignore-not-found", ...namespaces);
  await kubectl("delete", "storageclass", keptVolumes.metadata.name);
  await kubectl("delete", "node", "simulated-10", "simulated-11");
}
