import assert from "node:assert/strict";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { run } from "../../sandbox/command.ts";
import { repository } from "../../sandbox/layout.ts";
import { startProgram } from "./program.ts";

test("pulumi runs the program in one file, without a word of Node.js, on every version", async () => {
  const config = {
    "gcp:project": "my-project",
    "dask:cluster": JSON.stringify({
      provider: "gke",
      location: "europe-west1-b",
      nodePools: { core: { machineType: "e2-standard-4", min: 1, max: 2 } },
    }),
    "dask:releases": JSON.stringify({ dask: { kind: "dask" } }),
    "dask:liveChecks": "false",
  };
  const { code, said, registered, stderr } = await startProgram(repository, config);
  assert.equal(code, 0, said.join("\n") + stderr);
  assert.equal(stderr, "");
  assert.ok(registered.includes("gcp:container/cluster:Cluster"), registered.join(", "));
  assert.ok(registered.includes("kubernetes:helm.sh/v3:Release"), registered.join(", "));
  assert.match(said.join("\n"), /Running program '[^']*\/\.cache\/pulumi-dask\/[^']*\.mjs'/);
});

test("what is seldom used loads when it is used, and is whole then", async () => {
  const script = `
    const { createRequire } = await import("node:module");
    const require = createRequire(${JSON.stringify(join(repository, "index.ts"))});
    const loaded = (part) => Object.keys(require.cache).some((file) => file.includes(part) && require.cache[file].children.length > 0);
    const parts = ["/@npmcli/arborist/lib/index.js", "/automation/index.js", "/@opentelemetry/sdk-trace-base/"];
    const { automation, runtime } = require("@pulumi/pulumi");
    const tracing = require("@pulumi/pulumi/cmd/run/tracing.js");
    require("@pulumi/kubernetes");
    console.log(parts.map(loaded).join());
    tracing.start("http://127.0.0.1:9/api/v2/spans");
    tracing.newSpan("a").end();
    const { text } = await runtime.serializeFunction(() => "written down");
    const paths = await runtime.computeCodePaths();
    console.log(typeof automation.LocalWorkspace, text.includes("written down"), paths.size > 0, parts.map(loaded).join());
    process.exit();
  `;
  const args = ["--import", "./loader.js", "--input-type=module", "--eval", script];
  const { stdout, stderr } = await run(process.execPath, args, { cwd: repository });
  assert.deepEqual(
    stdout.trim().split("\n"),
    ["false,false,false", "function true true true,true,true"],
    stderr,
  );
});

test("a refusal is said in words alone", async () => {
  const config = { "dask:cluster": JSON.stringify({ provider: "nowhere" }) };
  const { code, said } = await startProgram(repository, config);
  assert.notEqual(code, 0);
  assert.match(said.join("\n"), /dask:cluster\.provider is "nowhere"/);
  assert.doesNotMatch(said.join("\n"), /\n\s+at /);
});

/** A program that types something, needs the SDK and fails where it is told to. */
const program = `import * as pulumi from "@pulumi/pulumi";

/** A comment, which a bundle leaves out. */
const config: pulumi.Config = new pulumi.Config();
new pulumi.ComponentResource("test:index:Group", "group");
const reason = new Error("the reason");
if (config.get("fails") === "here") throw new Error("as asked", { cause: reason });
export const fine: boolean = true;
`;

test("a stack trace leads to the line of the source, that of a cause too", async () => {
  await inProject(async (folder) => {
    const { code, said } = await startProgram(folder, { "dask:fails": "here" });
    assert.notEqual(code, 0);
    const words = stripVTControlCharacters(said.join("\n"));
    assert.match(words, /\.mjs'/, "in one file");
    assert.match(words, /as asked\n +at [^\n]*\/index\.ts:7:/);
    assert.match(words, /the reason\n +at [^\n]*\/index\.ts:6:/);
  });
});

test("where no bundle can be kept, the program's own files are run", async () => {
  await inProject(async (folder) => {
    writeFileSync(join(folder, "node_modules", ".cache"), "no folder");
    const { code, said, registered } = await startProgram(folder, {});
    assert.equal(code, 0, said.join("\n"));
    assert.deepEqual(registered, ["pulumi:pulumi:Stack", "test:index:Group"]);
    assert.doesNotMatch(said.join("\n"), /\.mjs'/);
  });
});

/** A project with the loader, the program above and packages of its own folder. */
async function inProject(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "dask-loader-")));
  try {
    mkdirSync(join(folder, "node_modules"));
    for (const name of ["@pulumi", "tsx"])
      symlinkSync(join(repository, "node_modules", name), join(folder, "node_modules", name));
    for (const name of ["loader.js", "bundle.js", "package.json"])
      copyFileSync(join(repository, name), join(folder, name));
    writeFileSync(join(folder, "index.ts"), program);
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
