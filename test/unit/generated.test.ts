import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "yaml";
import { repository } from "../../sandbox/layout.ts";
import { generated } from "../../settings/generated.ts";
import { stackFileSchema } from "../../settings/reference.ts";

const read = (path: string) => readFileSync(join(repository, path), "utf8");

test("the JSON Schema, the reference and the README's table are what npm run generate writes", () => {
  for (const { file, text } of generated(read))
    assert.ok(read(file) === text, `${file} is stale; run npm run generate`);
});

test("the JSON Schema accepts the stack files of the project and refuses a misspelt key", () => {
  const validate = new Ajv2020({ strict: false, logger: false }).compile(stackFileSchema());
  const files = readdirSync(repository).filter((file) => /^Pulumi\.[\w-]+\.yaml$/.test(file));
  assert.ok(files.includes("Pulumi.dev.yaml"));
  for (const file of files)
    assert.ok(validate(parse(read(file))), `${file}: ${JSON.stringify(validate.errors)}`);
  const misspelt = { config: { "dask:cluster": { provider: "existing", expse: "NodePort" } } };
  assert.equal(validate(misspelt), false);
});
