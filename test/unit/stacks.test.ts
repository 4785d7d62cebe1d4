import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { deploy } from "../../deploy.ts";
import { parseSettings } from "../../settings/parse.ts";
import type { Settings } from "../../settings/schema.ts";
import { cloudCalls, cloudStates, duplicateNames, isInCluster, isOfCloud } from "../graph/clouds.ts";
import { reaches, run } from "../graph/mock-engine.ts";

/** The stack files of the project, by path: those to copy and the one to start with. */
const FILES = [
  ...readdirSync("stacks").map((file) => `stacks/${file}`),
  ...readdirSync(".").filter((file) => /^Pulumi\..+\.yaml$/.test(file)),
].filter((file) => file.endsWith(".yaml"));

interface StackFile {
  readonly config: Readonly<Record<string, unknown>>;
}

/** What stands under `dask:` in a stack file, and what stands under other names. */
function read(file: string) {
  const { config } = parse(readFileSync(file, "utf8")) as StackFile;
  const entries = Object.entries(config);
  const own = entries.filter(([key]) => key.startsWith("dask:"));
  const others = entries.filter(([key]) => !key.startsWith("dask:"));
  return {
    dask: Object.fromEntries(own.map(([key, value]) => [key.slice("dask:".length), value])),
    others: others.map(([key, value]): [string, string] => [key, String(value)]),
  };
}

/** Secrets that the comments of a stack file tell the user to set. */
function secretsOf(file: string): Record<string, Record<string, string>> {
  const found = readFileSync(file, "utf8").matchAll(/'dask:secrets\.([^.']+)\.([^.']+)'/g);
  const secrets: Record<string, Record<string, string>> = {};
  for (const [, release = "", key = ""] of found)
    secrets[release] = { ...secrets[release], [key]: "a-secret-of-the-test" };
  return secrets;
}

function settingsOf(file: string): Settings {
  return parseSettings({ ...read(file).dask, secrets: secretsOf(file), liveChecks: false });
}

/** As much of a cluster that is there already as the program asks for. */
const apiServer = createServer((request, response) => {
  const known = request.url === "/api/v1/namespaces/kube-system";
  response.statusCode = known ? 200 : 404;
  response.end(known ? JSON.stringify({ metadata: { uid: "uid-of-the-test" } }) : "{}");
});
let existing = "";

before(async () => {
  await new Promise<void>((listening) => apiServer.listen(0, "127.0.0.1", listening));
  const { port } = apiServer.address() as AddressInfo;
  existing = JSON.stringify({
    clusters: [{ name: "test", cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: "test", user: {} }],
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    "current-context": "test",
  });
});
after(() => apiServer.close());

/** Runs the whole program of a stack file under mocks. */
function program(file: string, preview = false) {
  const settings = settingsOf(file);
  const secrets = settings.cluster.provider === "existing" ? { cluster: { kubeconfig: existing } } : {};
  return run(
    () => {
      for (const [key, value] of read(file).others) pulumi.runtime.setConfig(key, value);
      return deploy({ ...settings, secrets: { ...settings.secrets, ...secrets } });
    },
    { states: cloudStates, calls: cloudCalls, preview, stack: "team-a" },
  );
}

test("there is a stack file for every cloud, one for a small team and one for a large", () => {
  const names = FILES.map((file) => /Pulumi\.(.+)\.yaml$/.exec(file)?.[1]);
  for (const cloud of ["gke", "eks", "magnum"])
    for (const size of ["small", "large"]) assert.ok(names.includes(`${cloud}-${size}`), `${cloud}-${size}`);
});

for (const file of FILES) {
  test(`${file} is one that the schema accepts, and says what to change`, () => {
    const settings = settingsOf(file);
    assert.ok(Object.keys(settings.releases).length > 0);
    assert.match(readFileSync(file, "utf8"), /^#/);
  });

  test(`${file} runs whole, with names that are one of a kind and nothing of the cloud inside the cluster's reach`, async () => {
    const made = await program(file);
    assert.deepEqual(duplicateNames(made), []);
    assert.equal(made.all("kubernetes:helm.sh/v3:Release").length > 0, true);
    const inside = new Set(made.resources.filter(isInCluster).map(({ urn }) => urn));
    // What is made for a Service of the cluster, a DNS record, may follow it; all else outlives it.
    for (const each of made.resources.filter(isOfCloud).filter(({ type }) => !isRecord(type)))
      assert.deepEqual(
        [...reaches(made, each)].filter((urn) => inside.has(urn)),
        [],
        each.urn,
      );
  });

  test(`${file} can be previewed from nothing`, async () => {
    const made = await program(file, true);
    assert.ok(made.resources.length > 1);
  });
}

function isRecord(type: string): boolean {
  return /record/i.test(type.split(":")[2] ?? "");
}
