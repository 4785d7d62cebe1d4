import assert from "node:assert/strict";
import { OWNER_LABEL } from "../../components/namespace.ts";
import { RELEASE_LABEL } from "../../components/release-labels.ts";
import { inventory } from "./inventory.ts";
import { runDoctor } from "./runs.ts";
import { type Bench, changes, sandboxTest, withCharts } from "./sandbox.ts";
import { simulatePostgres, withoutWebhooks } from "./simulated-postgres.ts";

const NAMESPACE = "lent";
const LENT = { name: NAMESPACE, create: false };
const STACK = "cut-off";
const OWNER = `organization.dask.${STACK}`;

sandboxTest(
  "what no state notes in a namespace that stays is deleted by the doctor, and nothing of others or that is kept",
  async (bench) => {
    const { kubectl } = bench;
    const stack = await bench.open(STACK, await config());
    const stopPostgres = simulatePostgres(bench);
    const nothing = { code: 0, text: `Nothing is wrong with the stack ${STACK}.\n` };
    try {
      await kubectl("create", "namespace", NAMESPACE);
      await stack.up();
      assert.deepEqual(changes((await stack.up()).summary.resourceChanges), {});
      const [job, secret] = ["job/crew-smoke-test", "secret/hub-db-user"];
      for (const [object, release] of [
        [job, "crew"],
        [secret, "hub"],
      ] as const)
        assert.deepEqual(await ownLabels(bench, object), { [OWNER_LABEL]: OWNER, [RELEASE_LABEL]: release });

      await plant(bench, "unnoted", OWNER, "crew");
      await plant(bench, "theirs", "organization.dask.another", "crew");
      await plant(bench, "of-no-release", OWNER, "another");
      assert.deepEqual(await runDoctor(bench, STACK), nothing, "Helm holds the release");

      await stack.destroy();
      const before = await inventory(bench);
      assert.ok(before.includes(`Secret ${NAMESPACE}/hub-db-user`));
      const seen = await runDoctor(bench, STACK);
      assert.equal(seen.code, 1, seen.text);
      assert.match(seen.text, /^1 thing is wrong/);
      assert.match(
        seen.text,
        /1 object that the stack made is in the cluster[^\n]*\n *jobs\/unnoted in lent\n/,
      );
      assert.deepEqual(await inventory(bench), before, "without --fix nothing is changed");

      const mended = await runDoctor(bench, STACK, "--fix");
      assert.equal(mended.code, 0, mended.text);
      assert.match(mended.text, /Mended: deleted jobs\/unnoted in lent\./);
      const rest = before.filter((each) => !/^(Job|Pod) lent\/unnoted/.test(each));
      assert.ok(rest.length < before.length - 1, "the Job had a pod");
      assert.deepEqual(await inventory(bench), rest);
      assert.deepEqual(await runDoctor(bench, STACK), nothing);
    } finally {
      try {
        await stack.destroy({ remove: true });
      } finally {
        await stopPostgres();
        await kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found");
      }
    }
  },
);

sandboxTest(
  "a first installation that was cut off in a namespace that stays is deleted while the state tells whose it is, and else named",
  async (bench) => {
    const { kubectl } = bench;
    const name = "cut-install";
    const place = { namespace: { name, create: false } };
    const stack = await bench.open(
      name,
      await withCharts({
        "dask:cluster": { provider: "existing" },
        "dask:smokeTest": false,
        "dask:releases": { [name]: { kind: "dask", ...place, workers: { replicas: 1 } } },
      }),
    );
    const cutOff = async () => {
      const { deployment } = await stack.exportStack();
      const resources: readonly { urn: string }[] = deployment.resources;
      const release = resources.find(({ urn }) => urn.endsWith(`kubernetes:helm.sh/v3:Release::${name}`));
      assert.ok(release);
      await bench.pulumi("state", "delete", release.urn, "--stack", name, "--yes");
      const note = ["secret", `sh.helm.release.v1.${name}.v1`, "-n", name];
      await kubectl("label", ...note, "status=pending-install", "--overwrite");
    };
    try {
      await kubectl("create", "namespace", name);
      const empty = await inventory(bench);
      await stack.up();
      await cutOff();
      await assert.rejects(stack.up(), /cannot re-use a name that is still in use/);
      const mended = await runDoctor(bench, name, "--fix");
      assert.equal(mended.code, 0, mended.text);
      assert.match(mended.text, /an interrupted run made \d+ objects that the stack's state does not know/);
      assert.deepEqual(changes((await stack.up()).summary.resourceChanges), { create: 1 });
      assert.equal((await runDoctor(bench, name)).code, 0);

      await cutOff();
      await stack.destroy();
      const before = await inventory(bench);
      const seen = await runDoctor(bench, name, "--fix");
      assert.equal(seen.code, 1, seen.text);
      assert.match(
        seen.text,
        /-> where a run of this stack was cut off[^\n]*--no-other-run, or helm uninstall cut-install -n cut-install/,
      );
      assert.deepEqual(await inventory(bench), before);
      const alone = await runDoctor(bench, name, "--fix", "--no-other-run");
      assert.equal(alone.code, 0, alone.text);
      assert.deepEqual(await inventory(bench), empty);
    } finally {
      await stack.destroy({ remove: true });
      await kubectl("delete", "namespace", name, "--ignore-not-found");
    }
  },
);

/** A release with a Job, and a hub whose Postgres stays; both in a namespace that was handed over. */
function config() {
  return withCharts({
    "dask:cluster": { provider: "existing" },
    "dask:postgres": withoutWebhooks,
    // The sandbox has no storage class that keeps a volume, and the test looks at objects alone.
    "dask:liveChecks": false,
    "dask:releases": {
      crew: { kind: "dask", namespace: LENT, workers: { replicas: 1 } },
      hub: { kind: "jupyterhub", namespace: LENT, smokeTest: false, database: { onDestroy: "keep" } },
    },
  });
}

/** What an object shows of its stack and release. */
async function ownLabels({ kubectl }: Bench, object: string): Promise<Record<string, string>> {
  const { metadata } = JSON.parse(await kubectl("get", object, "-n", NAMESPACE, "-o", "json")) as {
    metadata: { labels: Record<string, string> };
  };
  return Object.fromEntries(
    Object.entries(metadata.labels).filter(([name]) => name === OWNER_LABEL || name === RELEASE_LABEL),
  );
}

/** A Job as a provider leaves it that died before it could answer. */
async function plant({ kubectl }: Bench, name: string, owner: string, release: string): Promise<void> {
  await kubectl("create", "job", name, "-n", NAMESPACE, "--image=registry.example.org/dask:1", "--", "true");
  const labels = [`${OWNER_LABEL}=${owner}`, `${RELEASE_LABEL}=${release}`];
  await kubectl("label", "job", name, "-n", NAMESPACE, ...labels);
  await kubectl("wait", "job", name, "-n", NAMESPACE, "--for=condition=Complete", "--timeout=120s");
}
