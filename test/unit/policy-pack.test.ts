import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { policies } from "../../policies/policies.ts";
import { repository } from "../../sandbox/layout.ts";
import { POLICY_PACK, startPolicyPack } from "../policy-pack.ts";
import { allowed, forbidden } from "./policy-examples.ts";

/** What the engine hands over as plain text, and so nobody can tell from a value that is plain. */
const UNTOLD = ["a Secret that Pulumi does not know as one"];

test("the pack, run by the genuine SDK as the engine runs it, says what the functions say", async () => {
  const pack = await startPolicyPack();
  try {
    assert.deepEqual(
      await pack.policies(),
      policies.map(({ name }) => name),
    );
    const broken = new Set<string>();
    for (const [title, resource, said] of forbidden.filter(([title]) => !UNTOLD.includes(title))) {
      const [policy = "", , ...what] = said.split(": ");
      const found = await pack.analyze(resource);
      const words = what.join(": ");
      assert.ok(
        found.some((each) => each.startsWith(`${policy}: `) && each.includes(words)),
        `${title}: ${found.join("\n")}`,
      );
      broken.add(policy);
    }
    assert.deepEqual([...broken].sort(), policies.map(({ name }) => name).sort());
    for (const resource of allowed) assert.deepEqual(await pack.analyze(asShown(resource)), []);
  } finally {
    pack.close();
  }
});

/** A resource as the engine shows it: secrets as plain text. */
function asShown(resource: (typeof allowed)[number]): (typeof allowed)[number] {
  return JSON.parse(JSON.stringify(resource), (_, value) =>
    Object.keys(value ?? {}).join() === "secret" ? value.secret : value,
  );
}

test("the pack is written for the SDK that it is tested with", () => {
  const read = (folder: string) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const { dependencies, devDependencies } = read(repository);
  const own = read(POLICY_PACK).dependencies;
  assert.deepEqual(own, { "@pulumi/policy": devDependencies["@pulumi/policy"], tsx: dependencies.tsx });
});
