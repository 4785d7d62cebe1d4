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
import { pathToFileURL } from "node:url";
import { repository } from "../../sandbox/layout.ts";

test("the bundle of the program is made once, and anew after each edit", async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "dask-bundle-")));
  try {
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(join(repository, "node_modules", "tsx"), join(folder, "node_modules", "tsx"));
    copyFileSync(join(repository, "bundle.js"), join(folder, "bundle.js"));
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    const index = 'import { part } from "./part.ts";\nexport const said = part, here = import.meta.url;\n';
    writeFileSync(join(folder, "index.ts"), index);
    const { bundle } = await import(pathToFileURL(join(folder, "bundle.js")).href);
    const said = async (part: string) => {
      writeFileSync(join(folder, "part.ts"), `export const part: string = "${part}";\n`);
      const [first, second] = [await bundle(), await bundle()];
      assert.equal(first, second, "made again without an edit");
      return import(pathToFileURL(first).href);
    };
    assert.equal((await said("before")).said, "before");
    const edited = await said("behind");
    assert.equal(edited.said, "behind");
    assert.equal(edited.here, pathToFileURL(join(folder, "index.ts")).href);

    writeFileSync(join(folder, "part.ts"), "export const part: = ;\n");
    assert.equal(await bundle(), undefined, "what cannot be bundled is left to tsx, which says why");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
