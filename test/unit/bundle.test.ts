import assert from "node:assert/strict";
import {
  closeSync,
  copyFileSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { repository } from "../../sandbox/layout.ts";

interface Clone {
  readonly folder: string;
  bundle(): Promise<string>;
  /** Writes a part of the program. */
  write(part: string): void;
}

/** Gives a body one or two clones of a small program that share their packages. */
async function inClones(body: (one: Clone, other: Clone) => Promise<void>): Promise<void> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "dask-bundle-")));
  try {
    const packages = join(root, "packages");
    mkdirSync(packages);
    symlinkSync(join(repository, "node_modules", "tsx"), join(packages, "tsx"));
    await body(await clone(join(root, "one"), packages), await clone(join(root, "other"), packages));
  } finally {
    rmSync(root, { recursive: true });
  }
}

async function clone(folder: string, packages: string): Promise<Clone> {
  mkdirSync(folder);
  symlinkSync(packages, join(folder, "node_modules"));
  copyFileSync(join(repository, "bundle.js"), join(folder, "bundle.js"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const index = 'import { part } from "./part.ts";\nexport const said = part, here = import.meta.url;\n';
  writeFileSync(join(folder, "index.ts"), index);
  const { bundle } = await import(pathToFileURL(join(folder, "bundle.js")).href);
  return { folder, bundle, write: (part) => writeFileSync(join(folder, "part.ts"), part) };
}

test("the bundle of the program is made once, and anew after each edit", async () => {
  await inClones(async ({ folder, bundle, write }) => {
    const said = async (part: string) => {
      write(`export const part: string = "${part}";\n`);
      const [first, second] = [await bundle(), await bundle()];
      assert.equal(first, second, "made again without an edit");
      return import(pathToFileURL(first).href);
    };
    assert.equal((await said("before")).said, "before");
    const edited = await said("behind");
    assert.equal(edited.said, "behind");
    assert.equal(edited.here, pathToFileURL(join(folder, "index.ts")).href);

    write("export const part: = ;\n");
    assert.equal(
      await bundle(),
      undefined,
      "what cannot be bundled is left to Node.js or tsx, which say why",
    );
  });
});

/** Changes with every bundle that is made, the same one included. */
const written = (path: string) => statSync(path, { bigint: true }).mtimeNs;

test("options of the compiler that change have the bundle made anew", async () => {
  await inClones(async ({ folder, bundle, write }) => {
    write("export const part = 1;\n");
    const before = written(await bundle());
    writeFileSync(join(folder, "tsconfig.json"), '{ "compilerOptions": { "target": "es2022" } }');
    assert.notEqual(written(await bundle()), before);
  });
});

test("whoever is reading a bundle reads it to its end while it is made again", async () => {
  await inClones(async ({ bundle, write }) => {
    write("export const part = 1;\n");
    const program = await bundle();
    const whole = readFileSync(program, "utf8");
    const reader = openSync(program, "r");
    // A file that is written again, with what it had before.
    write("export const part = 1;\n");
    assert.equal(await bundle(), program);
    assert.notEqual(statSync(program).ino, fstatSync(reader).ino, "the file was not replaced");
    assert.equal(readFileSync(reader, "utf8"), whole);
    closeSync(reader);
  });
});

test("clones that share their packages keep each a bundle of its own", async () => {
  await inClones(async (one, other) => {
    one.write("export const part = 1;\n");
    other.write("export const part = 1;\n");
    const first = written(await one.bundle());
    assert.notEqual(await one.bundle(), await other.bundle());
    assert.equal(written(await one.bundle()), first, "made again");
  });
});
