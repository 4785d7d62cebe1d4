import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import type { Fields } from "../../policies/planned.ts";
import { attempt } from "../attempt.ts";
import { eventually } from "../eventually.ts";
import { isOfDefinition, keptDefinitions, removeDefinitions } from "../stack/definitions.ts";
import { inRestricted } from "../stack/restricted-namespace.ts";
import { type Bench, withCharts } from "../stack/sandbox.ts";
import { watch } from "../stack/updates.ts";
import { type RunCode, withKernel } from "./hub-kernel.ts";
import { Person } from "./hub-person.ts";
import { everything, hubAccess, leftSince, smallHub } from "./hub-stack.ts";
import {
  apply,
  IDLE,
  inNamespace,
  nobodyAnswers,
  python,
  pythonPod,
  ready,
  realTest,
  smokeTestResult,
} from "./node.ts";
import { assertNoSecretShown } from "./pod-secrets.ts";

realTest(
  "people log in to a hub, compute in their notebooks, and a destroy in the middle of it leaves nothing",
  ["jupyterhub", "dask-gateway", "postgres", "dask"],
  async (bench, context) => {
    const before = await everything(bench);
    const open = async (edits: object = {}) =>
      bench.open(
        "people",
        await withCharts({
          "dask:cluster": { provider: "existing", expose: "LoadBalancer" },
          "dask:releases": { people: { ...smallHub, ...edits } },
        }),
      );
    const stack = await open();
    const start = Date.now();
    const seconds = (since: number) => ((Date.now() - since) / 1000).toFixed(1);
    let address = "";
    await attempt(async () => {
      const first = hubAccess((await stack.up()).outputs, "people");
      const up = seconds(start);
      context.diagnostic(`up, with a smoke test that computed, took ${up} s`);
      await smokeTestComputed(bench);
      await stack.refresh();
      assert.deepEqual(await changedBy(stack), [], "after a refresh");

      // What follows is done with the tokens and passwords of after the rotation.
      assert.equal(await new Person(first.hub, "bob").login(first.userPassword), "in");
      const databasePassword = await passwordOfDatabase(bench);
      await open({ rotation: 2 });
      const rotation = Date.now();
      const { hub, userPassword, adminPassword } = hubAccess((await stack.up()).outputs, "people");
      context.diagnostic(`an up that rotates all tokens took ${seconds(rotation)} s`);
      await smokeTestComputed(bench);
      assert.equal(
        await new Person(hub, "bob").login(first.userPassword),
        "refused",
        "the password of before",
      );
      assert.equal(await databaseTakes(bench, databasePassword), "refused");
      assert.equal(await databaseTakes(bench, await passwordOfDatabase(bench)), "in");
      await assertNoSecretShown(bench, "people", ["people", "cnpg-system"]);

      address = hub;
      const [ada, bob] = [new Person(hub, "ada"), new Person(hub, "bob")];
      assert.equal(await bob.login("dask"), "refused");
      assert.equal(await bob.login(""), "refused");
      assert.equal(await ada.login(userPassword), "refused", "people's password lets no admin in");
      assert.equal(await ada.login(adminPassword), "in");
      assert.equal(await bob.login(userPassword), "in");
      const login = Date.now();
      await bob.startServer();
      context.diagnostic(`a notebook server opened ${seconds(login)} s after the login`);

      await withKernel(bob, async (run) => {
        const first = JSON.parse(await run(FIRST_RESULT)) as { mean: number; seconds: number };
        const result = seconds(login);
        // Without what the test itself does between the two.
        const together = (Number(up) + Number(result)).toFixed(1);
        context.diagnostic(
          `first Dask result in a notebook ${result} s after the login, ` +
            `${first.seconds} s after GatewayCluster(); up and that together: ${together} s`,
        );
        assert.ok(Math.abs(first.mean) < 0.001, `${first.mean}`);
        await openAndClosed(bench, run);
      });
      await tokensAreLimited(bob);
      await usersOutliveTheHub(bench, ada, bob);

      // The kernel is gone, and its cluster is not: two workers, two servers and their volumes are there at the end.
      await ada.startServer();
      await peopleAreAtWork(bench);
      await workIsRestricted(bench);

      await open({ rotation: 2, gatewayValues: NO_OPTIONS });
      let failure = "";
      await assert.rejects(stack.up(), (error: Error) => {
        failure = error.message;
        return failure.includes("the gateway offers no option");
      });
      await assertNoSecretShown(bench, "people", ["people", "cnpg-system"], { "the error of up": failure });
      await peopleAreAtWork(bench);
    }).finally(async () => {
      const end = Date.now();
      await stack.destroy({ remove: true });
      context.diagnostic(`destroy took ${seconds(end)} s`);
    });
    const definitions = await keptDefinitions(bench);
    assert.deepEqual(
      (await leftSince(bench, before)).filter((each) => !isOfDefinition(each)),
      [],
    );
    assert.notEqual(definitions.length, 0);
    await nobodyAnswers(address);
    await removeDefinitions(bench);
    assert.deepEqual(await leftSince(bench, before), []);
  },
);

/** A notebook's first cell, as docs/releases.md has it; the cluster outlives it. */
const FIRST_RESULT = `
import json, time
start = time.monotonic()
import dask.array as da
from dask_gateway import GatewayCluster
cluster = GatewayCluster()
cluster.shutdown_on_close = False
client = cluster.get_client()
cluster.scale(2)
client.wait_for_workers(2, timeout=120)
mean = da.random.normal(size=(10000, 10000)).mean().compute()
print(json.dumps({"mean": float(mean), "seconds": round(time.monotonic() - start, 1)}))
`;

/** What one more up changes. */
async function changedBy(stack: Stack): Promise<string[]> {
  const watched = watch();
  await stack.up(watched);
  return watched.done();
}

/** Values of a gateway that lets people choose nothing, so that the smoke test fails at once. */
const NO_OPTIONS = {
  gateway: {
    extraConfig: {
      "zz-no-options":
        "from dask_gateway_server.options import Options\nc.Backend.cluster_options = Options()",
    },
  },
};

/** The database password that the hub has now. */
async function passwordOfDatabase({ kubectl }: Bench): Promise<string> {
  const path = ["-o", "jsonpath={.data.password}"];
  const data = await kubectl("get", "secret", "people-db-user", "-n", "people", ...path);
  return Buffer.from(data, "base64").toString();
}

/** Whether Postgres lets the hub's user in with a password, from where the hub is. */
async function databaseTakes({ kubectl }: Bench, password: string): Promise<"in" | "refused"> {
  const program = `
import psycopg2
try:
    psycopg2.connect(host="people-db-rw", user="hub", dbname="hub", password="${password}").close()
    print("in")
except psycopg2.OperationalError as error:
    print("refused" if "password authentication failed" in str(error) else error)
`;
  const answer = await kubectl("exec", "-n", "people", "deployment/hub", "--", "python3", "-c", program);
  assert.ok(answer === "in" || answer === "refused", answer);
  return answer;
}

/** What people's work makes would be taken by a namespace that enforces the restricted Pod Security profile. */
async function workIsRestricted({ kubectl }: Bench): Promise<void> {
  const { items }: { items: readonly { metadata: { name: string }; spec: Fields }[] } = JSON.parse(
    await kubectl("get", "pods", "-n", "people", "-o", "json"),
  );
  const work = items.filter(({ metadata }) => /^(jupyter|dask-(scheduler|worker))-/.test(metadata.name));
  assert.equal(work.length, 5, work.map(({ metadata }) => metadata.name).join(" "));
  await inRestricted({ kubectl }, async (admit) => {
    for (const { spec } of work) await admit(spec);
  });
}

async function smokeTestComputed(bench: Bench): Promise<void> {
  const { mean, workers } = await smokeTestResult<{ mean: number; workers: number }>(bench, "people");
  assert.equal(workers, 2);
  assert.ok(Math.abs(mean - 10) < 0.01, `${mean}`);
}

const OF_A_NOTEBOOK = {
  "hub:8081": true,
  "proxy-public:80": true,
  "traefik-people-dask-gateway:80": true,
  "proxy-api:8001": false,
  "api-people-dask-gateway:8000": false,
  "people-db-rw:5432": false,
  "kubernetes.default:443": false,
};

const OF_A_STRANGER = {
  "proxy-public.people:80": true,
  "hub.people:8081": false,
  "proxy-api.people:8001": false,
  "people-db-rw.people:5432": false,
};

/** Notebooks reach hub and gateway alone; pods of other namespaces reach the proxy alone. */
async function openAndClosed(bench: Bench, run: RunCode): Promise<void> {
  const fromNotebook = async () => JSON.parse(await run(knock(Object.keys(OF_A_NOTEBOOK))));
  assert.deepEqual(await fromNotebook(), OF_A_NOTEBOOK);

  const notebook = await bench.kubectl(
    ...["get", "pod/jupyter-bob", "-n", "people", "-o", "jsonpath={.status.podIP}"],
  );
  await inNamespace(bench, "strangers", async () => {
    await apply(bench, pythonPod("strangers", "stranger", IDLE));
    await ready(bench, "strangers", "stranger");
    const expected = { ...OF_A_STRANGER, [`${notebook}:8888`]: false };
    const program = knock(Object.keys(expected));
    // The policies of others learn of a new pod a moment after it runs.
    const reached = await eventually(
      async () => JSON.parse(await python(bench, "strangers", "stranger", program)),
      (answer) => JSON.stringify(answer) === JSON.stringify(expected),
    );
    assert.deepEqual(reached, expected);
  });
}

/** A Python program that says which of some addresses take a connection within two seconds; of a name that nobody knows, that. */
function knock(addresses: readonly string[]): string {
  return `
import json, socket
def opens(address):
    host, port = address.split(":")
    try:
        ip = socket.gethostbyname(host)
    except OSError:
        # Not False: a misspelt name would pass for a closed door.
        return "no such name"
    try:
        socket.create_connection((ip, int(port)), 2).close()
    except OSError:
        return False
    return True
print(json.dumps({address: opens(address) for address in ${JSON.stringify(addresses)}}))
`;
}

/** The gateway takes tokens that may use it, and no others: not even one for the person's own server. */
async function tokensAreLimited(person: Person): Promise<void> {
  const gateway = "access:services!service=dask-gateway";
  assert.equal(await gatewayAnswers(person, await tokenFor(person, [gateway])), 200);
  const server = ["users:activity!user", `access:servers!server=${person.name}/`];
  assert.equal(await gatewayAnswers(person, await tokenFor(person, server)), 401);
  // A token that the hub does not know is a failure of the hub to the gateway, which answers 500.
  assert.notEqual(await gatewayAnswers(person, "0".repeat(64)), 200);
}

async function tokenFor(person: Person, scopes: readonly string[]): Promise<string> {
  const { status, json } = await person.call("POST", `/hub/api/users/${person.name}/tokens`, { scopes });
  assert.equal(status, 201, JSON.stringify(json));
  return (json as { token: string }).token;
}

async function gatewayAnswers({ hub }: Person, token: string): Promise<number> {
  const url = `${hub}/services/dask-gateway/api/v1/clusters/`;
  return (await fetch(url, { headers: { authorization: `jupyterhub ${token}` } })).status;
}

/** A hub that starts anew knows its people, and their servers have gone on. */
async function usersOutliveTheHub(bench: Bench, admin: Person, person: Person): Promise<void> {
  const users = async () => {
    const { status, json } = await admin.call("GET", "/hub/api/users");
    const known = Array.isArray(json) ? (json as { name: string; created: string; server?: string }[]) : [];
    return { status, known: known.map(({ name, created, server }) => ({ name, created, server })) };
  };
  const first = await users();
  assert.deepEqual(first.known.map(({ name }) => name).sort(), [admin.name, person.name]);
  assert.equal(first.known.find(({ name }) => name === person.name)?.server, `${person.server}/`);
  await bench.kubectl("delete", "pod", "-n", "people", "-l", "app=jupyterhub,component=hub");
  await bench.kubectl("rollout", "status", "-n", "people", "deployment/hub", "--timeout=120s");
  // It answers before it has looked after every server.
  const again = await eventually(users, (now) => isDeepStrictEqual(now, first)).catch(users);
  assert.deepEqual(again, first);
  assert.equal((await person.call("GET", `${person.server}/api/status`)).status, 200);
}

/** Two workers of a notebook's cluster and two notebook servers run. */
async function peopleAreAtWork(bench: Bench): Promise<void> {
  const pods = await podsOf(bench);
  for (const kind of ["dask-worker-", "jupyter-"])
    assert.equal(pods.filter((name) => name.startsWith(kind)).length, 2, pods.join(" "));
}

async function podsOf({ kubectl }: Bench): Promise<string[]> {
  const running = "--field-selector=status.phase=Running";
  const names = ["-o", "jsonpath={.items[*].metadata.name}"];
  return (await kubectl("get", "pods", "-n", "people", running, ...names)).split(" ");
}
