import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "yaml";
import { repository } from "../../sandbox/layout.ts";
import { generated } from "../../settings/generated.ts";
import { stackFileSchema } from "../../settings/reference.ts";
import { BACKUP_SECRETS } from "../../settings/releases/backup.ts";
import { GATEWAY_SECRETS } from "../../settings/releases/dask-gateway-rules.ts";

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

/** A part of a JSON Schema. */
type Part = Readonly<Record<string, unknown>>;

const { $defs, properties } = stackFileSchema();
const config = part(part(properties).config);

test("docs/settings.md lists every key of the JSON Schema, each provider's and kind's in its own section", () => {
  const listed = sections(read("docs/settings.md"));
  for (const [top, value] of Object.entries(part(config.properties))) {
    const choices = choicesOf(top.endsWith(":releases") ? part(value).additionalProperties : value);
    assert.ok(listed.get("Top level")?.has(top), top);
    for (const choice of choices) {
      const title = titleOf(top, choice);
      const missing = keysIn(choice, title.constant).filter((key) => !listed.get(title.text)?.has(key));
      assert.deepEqual(missing, [], title.text);
    }
  }
});

test("docs/settings.md says of every key what it does", () => {
  const silent = read("docs/settings.md")
    .split("\n")
    .filter((line) => /^\| `/.test(line) && /\|\s*\|$/.test(line));
  assert.deepEqual(silent, []);
});

test("docs/settings.md lists the secrets that gateways and backups read", () => {
  const listed = sections(read("docs/settings.md")).get("dask:secrets");
  const keys = [...Object.values(GATEWAY_SECRETS), ...Object.values(BACKUP_SECRETS).flat()];
  assert.deepEqual(
    keys.filter((key) => !listed?.has(`<release>.${key}`)),
    [],
  );
});

/** The keys of each section's table; of `auth.kind: github` the part before the colon. */
function sections(text: string): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(
    text
      .split("\n## ")
      .slice(1)
      .map((section) => {
        const [title = "", ...lines] = section.split("\n");
        const keys = lines.flatMap((line) => /^\| `(.+?)(: \S+)?` \|/.exec(line)?.[1] ?? []);
        return [title, new Set(keys)] as const;
      }),
  );
}

/** The section of a top-level key, and the constant by which its title tells one choice from the others. */
function titleOf(top: string, choice: Part): { readonly text: string; readonly constant: string } {
  const name = top.endsWith(":releases") ? `${top}.<name>` : top;
  const [constant = "", value] =
    Object.entries(part(choice.properties)).find(([, each]) => "const" in part(each)) ?? [];
  const text = constant === "" ? name : `${name} with ${constant}: ${String(part(value).const)}`;
  return { text, constant };
}

/** Every key below a part of the schema, but for one that a title names. */
function keysIn(value: Part, titled = "", path = ""): string[] {
  return Object.entries(part(value.properties)).flatMap(([key, each]) => {
    const here = path === "" ? key : `${path}.${key}`;
    return key === titled ? [] : [here, ...keysBelow(each, here)];
  });
}

function keysBelow(value: unknown, path: string): string[] {
  return choicesOf(value).flatMap((each) => [
    ...keysIn(each, "", path),
    ...keysBelow(each.items, `${path}[]`),
    ...keysBelow(each.additionalProperties, `${path}.<name>`),
  ]);
}

/** What a union lets choose from, and unions inside it; another part alone, and nothing where there is none. */
function choicesOf(value: unknown): Part[] {
  if (typeof value !== "object" || value === null) return [];
  const { $ref } = part(value);
  const found = typeof $ref === "string" ? part($defs?.[$ref.replace("#/$defs/", "")]) : part(value);
  const union = found.oneOf ?? found.anyOf;
  return Array.isArray(union) ? union.flatMap(choicesOf) : [found];
}

/** A value as a part of a schema; an empty one where it is `true`, `false` or nothing. */
function part(value: unknown): Part {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
