import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { layoutOf } from "../../sandbox/layout.ts";
import { startSandbox, stopSandbox } from "../../sandbox/sandbox.ts";
import { eventually } from "../eventually.ts";
import { isOfDefinition } from "./definitions.ts";
import { inventory } from "./inventory.ts";
import { runDoctor, startDestroy, startUp } from "./runs.ts";
import { type Bench, sandboxTest, withCharts } from "./sandbox.ts";
import { simulatePostgres, withoutWebhooks } from "./simulated-postgres.ts";

const existing = { provider: "existing" };

/** A stack of one Dask cluster named `batch`. */
function batchIn(namespace: string, dask: object = {}, cluster: object = existing) {
  const batch = { kind: "dask", namespace: { name: namespace }, workers: { replicas: 1 }, jupyter: false };
  return withCharts({
    "dask:cluster": cluster,
    "dask:smokeTest": false,
    "dask:releases": { batch: { ...batch, ...dask } },
  });
}

const TURN = "sandbox.example.org/turn";

sandboxTest(
  "of two people who run up at once, the second is told who is at work, and the first is unharmed",
  async (bench) => {
    const cluster = { ...existing, placement: { scheduler: { nodeSelector: { [TURN]: "yes" } } } };
    const config = await batchIn("twice", { timeout: "5m" }, cluster);
    const first = startUp(bench, "twice", config);
    try {
      await eventually(
        async () => locks(bench, "twice").length,
        (count) => count === 1,
      );
      const second = await startUp(bench, "twice", config).ended;
      assert.equal(second.code, 1);
      assert.match(
        second.text,
        /the stack is currently locked by 1 lock\(s\)[\s\S]*created by \S+@\S+ \(pid \d+\)/,
      );
      const doctor = await runDoctor(bench, "twice", "--fix");
      assert.match(doctor.text, /locked, and the run that holds the lock is alive/);
      assert.doesNotMatch(doctor.text, /Mended/);
      await bench.kubectl("label", "node", "simulated-0", `${TURN}=yes`);
      const { code, text } = await first.ended;
      assert.equal(code, 0, text);
      assert.equal((await runDoctor(bench, "twice")).code, 0);
    } finally {
      // Where the test failed before it gave this label, the first run would go on until its timeout.
      await bench.kubectl("label", "node", "simulated-0", `${TURN}=yes`, "--overwrite");
      await first.ended;
      await bench.kubectl("label", "node", "simulated-0", `${TURN}-`);
      await destroyed(bench, "twice");
    }
  },
);

sandboxTest(
  "the same stack twice on one cluster, made at once in two namespaces: each goes without the other",
  async (bench) => {
    const before = await inventory(bench);
    const config = async (side: string) => {
      const batch = await batchIn(`batch-${side}`);
      const gateway = { [`gate-${side}`]: { kind: "dask-gateway" } };
      return withCharts({ ...batch, "dask:releases": { ...(batch["dask:releases"] as object), ...gateway } });
    };
    const sides = ["left", "right"];
    try {
      const runs = await Promise.all(
        sides.map(async (side) => startUp(bench, side, await config(side)).ended),
      );
      for (const { code, text } of runs) assert.equal(code, 0, text);
      await destroyed(bench, "left");
      assert.deepEqual(await runDoctor(bench, "right"), {
        code: 0,
        text: "Nothing is wrong with the stack right.\n",
      });
      const again = await startUp(bench, "right", await config("right")).ended;
      assert.match(again.text, /\d+ unchanged/);
      assert.doesNotMatch(again.text, /created|updated|deleted/);
    } finally {
      await destroyed(bench, ...sides);
    }
    const left = (await inventory(bench)).filter((each) => !before.includes(each));
    assert.deepEqual(
      left.filter((each) => !isOfDefinition(each)),
      [],
    );
  },
);

sandboxTest(
  "a gateway whose cluster-wide names another stack has is refused, and so is that stack's namespace",
  async (bench) => {
    const gateway = (namespace: string) =>
      withCharts({
        "dask:cluster": existing,
        "dask:smokeTest": false,
        "dask:releases": { gate: { kind: "dask-gateway", namespace: { name: namespace } } },
      });
    try {
      const first = await startUp(bench, "first", await gateway("first")).ended;
      assert.equal(first.code, 0, first.text);
      const rival = await startUp(bench, "rival", await gateway("rival")).ended;
      assert.match(
        rival.text,
        /would make the ClusterRole \S+, which belongs to the Helm release first\/gate; choose another name/,
      );
      const guest = await startUp(bench, "rival", await gateway("first")).ended;
      assert.match(guest.text, /namespace is "first": belongs to the stack organization\.dask\.first/);
      assert.equal((await runDoctor(bench, "first")).code, 0);
    } finally {
      await destroyed(bench, "first", "rival");
    }
  },
);

sandboxTest(
  "hubs of one name in two namespaces: the second is refused, and with the name that the remedy gives both serve",
  async (bench) => {
    const office = { expose: { allowFrom: ["10.0.0.0/8"] } };
    const database = { kind: "postgres", timeout: "60s" };
    const hub = (name: string, namespace: string, postgres: object) =>
      withCharts({
        "dask:cluster": { ...existing, expose: "LoadBalancer" },
        "dask:postgres": postgres,
        "dask:releases": {
          [name]: { kind: "daskhub", namespace, userScheduler: true, ...office, database },
        },
      });
    const before = await inventory(bench);
    const stopPostgres = simulatePostgres(bench);
    try {
      const first = await startUp(bench, "first", await hub("crew", "first", withoutWebhooks)).ended;
      assert.equal(first.code, 0, first.text);
      const present = { operator: "present" };
      const second = await startUp(bench, "second", await hub("crew", "second", present)).ended;
      assert.equal(second.code, 1);
      for (const role of ["api-crew-dask-gateway", "crew-user-scheduler"])
        assert.match(
          second.text,
          new RegExp(`would make the ClusterRole ${role}, .*like crew-2, .*with namespace: second`),
        );
      const renamed = await hub("crew-2", "second", present);
      for (const again of [false, true]) {
        const run = await startUp(bench, "second", renamed).ended;
        assert.equal(run.code, 0, run.text);
        if (again) assert.doesNotMatch(run.text, /\d+ (created|updated|deleted|replaced)/);
      }
      // The operator is the first one's, and so is whatever the two might share.
      await destroyed(bench, "second");
      assert.equal((await runDoctor(bench, "first")).code, 0);
      const still = await startUp(bench, "first", await hub("crew", "first", withoutWebhooks)).ended;
      assert.doesNotMatch(still.text, /\d+ (created|updated|deleted|replaced)/);
    } finally {
      await destroyed(bench, "second");
      await destroyed(bench, "first");
      await stopPostgres();
    }
    const left = (await inventory(bench)).filter((each) => !before.includes(each));
    assert.deepEqual(
      left.filter((each) => !isOfDefinition(each)),
      [],
    );
  },
);

sandboxTest(
  "a stack of the same name on another backend is refused before it takes anything over",
  async (bench) => {
    const backend = join(layoutOf(bench.sandbox.root).root, "other-backend");
    const config = await batchIn("namesake");
    try {
      mkdirSync(backend, { recursive: true });
      const first = await startUp(bench, "namesake", config).ended;
      assert.equal(first.code, 0, first.text);
      const second = await startUp(bench, "namesake", config, pathToFileURL(backend).href).ended;
      assert.equal(second.code, 1);
      assert.match(
        second.text,
        /Helm release namesake\/batch is in the cluster and not in the stack's state/,
      );
      assert.equal((await runDoctor(bench, "namesake")).code, 0);
    } finally {
      try {
        await destroyed(bench, "namesake");
      } finally {
        rmSync(backend, { recursive: true, force: true });
      }
    }
  },
);

sandboxTest(
  "a kubeconfig that now points at another cluster is refused before anything is changed",
  async (bench) => {
    // Beside that of all tests, so that whoever stops that one finds it.
    const root = `${bench.sandbox.root}-other`;
    const config = (kubeconfig: string) => batchIn("moved", {}, { ...existing, kubeconfig });
    try {
      const other = await startSandbox({ root });
      const first = await startUp(bench, "moved", await config(bench.sandbox.kubeconfig)).ended;
      assert.equal(first.code, 0, first.text);
      const held = await inventory(bench);
      const second = await startUp(bench, "moved", await config(other.kubeconfig)).ended;
      assert.equal(second.code, 1);
      assert.match(
        second.text,
        /dask:cluster points at another cluster \(https:\/\/127\.0\.0\.1:\d+\) than the one that holds the stack/,
      );
      assert.deepEqual(await inventory(bench), held);
      assert.match(
        (await runDoctor(bench, "moved")).text,
        /the settings name another cluster than the one that holds the stack/,
      );
    } finally {
      try {
        await destroyed(bench, "moved");
      } finally {
        await stopSandbox({ root });
      }
    }
  },
);

/** The locks that the engine keeps of a stack. */
function locks({ sandbox }: Bench, stack: string): string[] {
  const folder = join(layoutOf(sandbox.root).backend, ".pulumi", "locks", "organization", "dask", stack);
  return existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".json")) : [];
}

/** Destroys stacks and forgets them, each of them even where another fails. */
async function destroyed(bench: Bench, ...stacks: string[]): Promise<void> {
  const ends = await Promise.allSettled(stacks.map((stack) => destroyedAlone(bench, stack)));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

/** Destroys a stack and forgets it; nothing where there is none. */
async function destroyedAlone(bench: Bench, stack: string): Promise<void> {
  const stacks: { name: string }[] = JSON.parse(await bench.pulumi("stack", "ls", "--json"));
  if (!stacks.some(({ name }) => name === stack)) return;
  const { code, text } = await startDestroy(bench, stack).ended;
  assert.equal(code, 0, text);
  await bench.pulumi("stack", "rm", stack, "--yes");
}
