import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";

/** The folders of the program, in the order in which data goes through them. */
const FOLDERS = ["settings", "providers", "components", "preflight"];

const files = FOLDERS.flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => join(folder, file)),
);

/** What each file imports of the project, types included. */
const imports = new Map(
  files.map((file) => {
    const specifiers = readFileSync(file, "utf8").matchAll(/\bfrom "(\.[^"]+)"|\bimport\("(\.[^"]+)"\)/g);
    const targets = [...specifiers].map(([, from, lazy]) =>
      normalize(join(dirname(file), from ?? lazy ?? "")),
    );
    return [file, targets] as const;
  }),
);

/** A way from a file back to itself, where there is one. */
function cycleFrom(start: string): string[] | undefined {
  const seen = new Set<string>();
  const visit = (file: string, way: readonly string[]): string[] | undefined => {
    for (const next of imports.get(file) ?? []) {
      if (next === start) return [...way, next];
      if (seen.has(next)) continue;
      seen.add(next);
      const found = visit(next, [...way, next]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return visit(start, [start]);
}

test("no file imports itself by way of others, not even its types", () => {
  assert.ok(files.length > 100);
  for (const file of files) assert.equal(cycleFrom(file), undefined);
});

test("settings know no provider, and components none of a cloud's", () => {
  const strange = [...imports].flatMap(([file, targets]) =>
    targets.filter((target) => !isAllowed(file, target)).map((target) => `${file} imports ${target}`),
  );
  assert.deepEqual(strange, []);
});

/**
 * Of components, settings know the names that charts give their objects; providers know how a chart is installed, and the
 * device plugin, which several clouds need.
 */
function isAllowed(file: string, target: string): boolean {
  const [from] = file.split("/");
  if (from === "settings") return /^settings\/|^components\/[a-z-]+\/chart\.ts$/.test(target);
  if (from === "providers")
    return /^(settings|providers)\/|^components\/(chart|cluster|device-plugin)\.ts$/.test(target);
  return from !== "components" || !target.startsWith("providers/");
}
