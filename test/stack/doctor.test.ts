import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { layoutOf } from "../../sandbox/layout.ts";
import { runDoctor, startUp } from "./runs.ts";
import { type Bench, changes, chartSetting, sandboxTest, withCharts } from "./sandbox.ts";
import { simulatePostgres, withoutWebhooks } from "./simulated-postgres.ts";

const cluster = {
  provider: "existing",
  placement: { scheduler: { nodeSelector: { "example.org/missing": "true" } } },
};

sandboxTest(
  "up says what is not ready before Helm gives up, and the doctor says it after: no node, a full quota, a volume that does not come, a crash",
  async (bench) => {
    const config = await withCharts({
      "dask:cluster": cluster,
      "dask:smokeTest": false,
      "dask:postgres": withoutWebhooks,
      "dask:releases": {
        homeless: { kind: "dask", workers: { replicas: 1 }, jupyter: false, timeout: "40s" },
        quotaed: {
          kind: "dask",
          namespace: { name: "quotaed", create: false },
          workers: { replicas: 3 },
          jupyter: false,
          timeout: "40s",
        },
        waiting: { kind: "jupyterhub", database: { kind: "sqlite" }, timeout: "40s" },
        crashing: {
          kind: "jupyterhub",
          database: { kind: "postgres", timeout: "60s" },
          timeout: "40s",
          values: { hub: { annotations: { "sandbox/fail": "no module named hub" } } },
        },
      },
    });
    const said: string[] = [];
    const stack = await bench.open("unwell", config);
    const stopPostgres = simulatePostgres(bench);
    try {
      await quotaOf(bench, "quotaed", 1);
      await assert.rejects(stack.up({ onOutput: (text) => said.push(text) }));
      const { code, text } = await runDoctor(bench, "unwell");
      assert.equal(code, 1);
      for (const words of [
        /pod homeless\/homeless-dask-scheduler-\S+ finds no node\n.*didn't match Pod's node affinity\/selector[\s\S]*?-> no node carries the labels/,
        /pods are refused in namespace quotaed: the quota is full\n.*exceeded quota: small[\s\S]*?-> fewer or smaller workers/,
        /the volume claim waiting\/hub-db-dir is pending\n[\s\S]*?-> name a storage class/,
        /pod crashing\/hub-\S+ crashes again and again\n.*ended with code 1[\s\S]*?no module named hub[\s\S]*?-> its last lines say why/,
      ])
        assert.match(text, words);
      for (const words of [
        /homeless is not ready, and Helm waits no longer than 20 s more/,
        /pod homeless\/homeless-dask-scheduler-\S+ finds no node/,
        /pods are refused in namespace quotaed: the quota is full/,
        /the volume claim waiting\/hub-db-dir is pending/,
        /pod crashing\/hub-\S+ crashes again and again/,
        /npm run doctor -- --stack unwell/,
      ])
        assert.match(said.join(""), words);
    } finally {
      try {
        await stack.destroy({ remove: true });
      } finally {
        const quotaed = ["namespace", "quotaed", "--ignore-not-found"];
        await Promise.all([stopPostgres(), bench.kubectl("delete", ...quotaed)]);
      }
    }
  },
);

sandboxTest(
  "what an interrupted run left is named, mended on request, and the next up goes on",
  async (bench) => {
    const config = {
      "dask:cluster": { provider: "existing" },
      "dask:smokeTest": false,
      "dask:releases": {
        broken: { kind: "dask", workers: { replicas: 1 }, ...(await chartSetting("dask")) },
      },
    };
    const stack = await bench.open("broken", config);
    try {
      await stack.up();
      assert.deepEqual(await runDoctor(bench, "broken"), {
        code: 0,
        text: "Nothing is wrong with the stack broken.\n",
      });

      await bench.kubectl(
        "label",
        "secret",
        "sh.helm.release.v1.broken.v1",
        "-n",
        "broken",
        "status=pending-upgrade",
        "--overwrite",
      );
      const refused = await startUp(bench, "broken", config).ended;
      assert.equal(refused.code, 1);
      assert.match(
        refused.text,
        /broken\/broken was interrupted: its revision 1 is pending-upgrade; npm run doctor -- --stack broken/,
      );
      leavePending(bench, "broken");
      const lock = leaveLock(bench, "broken");

      const seen = await runDoctor(bench, "broken");
      assert.equal(seen.code, 1);
      assert.match(seen.text, /3 things are wrong/);
      assert.match(seen.text, /locked by a run that is dead\n.*process 4194305/);
      assert.match(
        seen.text,
        /operation that an interrupted run did not end\n *updating kubernetes:helm.sh\/v3:Release broken/,
      );
      assert.match(seen.text, /Helm release broken\/broken was interrupted/);
      assert.ok(existsSync(lock), "without --fix nothing is changed");

      const mended = await runDoctor(bench, "broken", "--fix");
      assert.equal(mended.code, 0, mended.text);
      assert.match(
        mended.text,
        /Mended: removed the lock\.\nMended: took 1 pending operation\(s\) out of the state\.\nMended: deleted Secret broken\/sh\.helm\.release\.v1\.broken\.v1\./,
      );
      assert.ok(!existsSync(lock));
      assert.deepEqual(changes((await stack.up()).summary.resourceChanges), { create: 1 });
      assert.equal((await runDoctor(bench, "broken")).code, 0);
    } finally {
      await stack.cancel();
      await stack.destroy({ remove: true });
    }
  },
);

sandboxTest(
  "what Helm, the state and the cluster know differently is named, refused by up, mended on request, and made again",
  async (bench) => {
    const config = {
      "dask:cluster": { provider: "existing" },
      "dask:smokeTest": false,
      "dask:releases": {
        adrift: { kind: "dask", workers: { replicas: 1 }, ...(await chartSetting("dask")) },
      },
    };
    const stack = await bench.open("adrift", config);
    const secrets = ["secrets", "-n", "adrift", "-l"] as const;
    const mended = async (named: RegExp, refused = true) => {
      const before = await startUp(bench, "adrift", config).ended;
      assert.equal(before.code === 0, !refused, before.text);
      if (refused) assert.match(before.text, named);
      const doctor = await runDoctor(bench, "adrift", "--fix");
      assert.equal(doctor.code, 0, doctor.text);
      assert.match(doctor.text, named);
      const { create } = changes((await stack.up()).summary.resourceChanges);
      assert.ok(create !== undefined, "nothing was made again");
      assert.equal((await runDoctor(bench, "adrift")).code, 0);
      const ready = ["deployment/adrift-dask-scheduler", "-n", "adrift"];
      await bench.kubectl("rollout", "status", ...ready, "--timeout=60s");
    };
    try {
      await stack.up();

      const resources = await stack.exportStack();
      const { urn } = helmResource(resources.deployment);
      await bench.pulumi("state", "delete", urn, "--stack", "adrift", "--yes");
      await mended(/Helm release adrift\/adrift is in the cluster and not in the stack's state/);

      await bench.kubectl("label", ...secrets, "owner=helm", "status=uninstalling", "--overwrite");
      await mended(/Helm release adrift\/adrift is half taken away/);

      await bench.kubectl("delete", ...secrets, "owner=helm");
      await mended(/Helm release adrift\/adrift is in the stack's state and not in the cluster/, false);

      await bench.kubectl("delete", ...secrets, "owner!=helm");
      await mended(
        /1 object is in the stack's state and not in the cluster\n *secrets\/adrift-jupyter/,
        false,
      );
    } finally {
      await stack.cancel();
      await stack.destroy({ remove: true });
    }
  },
);

/** The one Helm release of a state. */
function helmResource(deployment: { resources?: { urn: string; type: string }[] }): { urn: string } {
  const found = deployment.resources?.find(({ type }) => type === "kubernetes:helm.sh/v3:Release");
  assert.ok(found);
  return found;
}

sandboxTest(
  "a lock that somebody holds is left alone, and nothing else is mended meanwhile",
  async (bench) => {
    const stack = await bench.open("held", { "dask:cluster": { provider: "existing" } });
    try {
      await stack.up();
      const lock = leaveLock(bench, "held", "another-machine");
      await assert.rejects(stack.up(), /the stack is currently locked/);
      const { code, text } = await runDoctor(bench, "held", "--fix");
      assert.equal(code, 1);
      assert.match(text, /locked from another machine\n.*ada@another-machine/);
      assert.ok(existsSync(lock));
    } finally {
      await stack.cancel();
      await stack.destroy({ remove: true });
    }
  },
);

/** A namespace of somebody else that allows no more than some pods. */
async function quotaOf(bench: Bench, namespace: string, pods: number): Promise<void> {
  await bench.kubectl("create", "namespace", namespace);
  await bench.kubectl("create", "quota", "small", "-n", namespace, `--hard=pods=${pods}`);
}

/** A lock as the engine writes it, of a process that no machine can have. */
function leaveLock(bench: Bench, stack: string, host = hostname()): string {
  const folder = join(
    layoutOf(bench.sandbox.root).backend,
    ".pulumi",
    "locks",
    "organization",
    "dask",
    stack,
  );
  const file = join(folder, "00000000-0000-0000-0000-000000000000.json");
  mkdirSync(folder, { recursive: true });
  const content = { pid: 4194305, username: "ada", hostname: host, timestamp: new Date().toISOString() };
  writeFileSync(file, JSON.stringify(content));
  return file;
}

/** Writes into the state that a run was interrupted while it updated a release: an import would drop that. */
function leavePending({ sandbox }: Bench, stack: string): void {
  const file = join(layoutOf(sandbox.root).backend, ".pulumi", "stacks", "dask", `${stack}.json`);
  const state = JSON.parse(readFileSync(file, "utf8"));
  const { latest } = state.checkpoint;
  const release = latest.resources.find(({ urn }: { urn: string }) =>
    urn.endsWith(`helm.sh/v3:Release::${stack}`),
  );
  assert.ok(release);
  const pending_operations = [{ resource: release, type: "updating" }];
  const checkpoint = { ...state.checkpoint, latest: { ...latest, pending_operations } };
  writeFileSync(file, JSON.stringify({ ...state, checkpoint }));
}
