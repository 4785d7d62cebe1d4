import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/*
 * The program in one file of JavaScript, for Node.js versions that cannot read TypeScript: read at once instead of file
 * by file through tsx's hooks, its start takes half the CPU. Made anew whenever one of its files has changed. Its code is
 * left readable, so that a stack trace leads to the function.
 */

const root = dirname(fileURLToPath(import.meta.url));
const folder = join(root, "node_modules", ".cache", "pulumi-dask");
const manifest = join(folder, "program.json");

/** The path of the program's bundle, made or there already; undefined where none can be made. */
export async function bundle() {
  try {
    return current() ?? (await make());
  } catch {
    // Folders that cannot be written, an esbuild of another platform: tsx reads the files, or says what is wrong.
    return undefined;
  }
}

/** The bundle of before, where every file that went into it is as it was. */
function current() {
  try {
    const { clone, program, inputs } = JSON.parse(readFileSync(manifest, "utf8"));
    statSync(program);
    // Clones may share their packages by a link.
    if (clone !== root) return undefined;
    return Object.entries(inputs).every(([path, mark]) => markOf(path) === mark) ? program : undefined;
  } catch {
    return undefined;
  }
}

/** Changes with a file: when it was written, to the nanosecond, and its length. */
function markOf(path) {
  const { mtimeNs, size } = statSync(join(root, path), { bigint: true });
  return `${mtimeNs} ${size}`;
}

async function make() {
  const esbuild = createRequire(createRequire(import.meta.url).resolve("tsx"))("esbuild");
  const { metafile } = await esbuild.build({
    entryPoints: [join(root, "index.ts")],
    absWorkingDir: root,
    outdir: folder,
    entryNames: "[name]-[hash]",
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    // The SDKs keep state in their modules and must be loaded once; cmd/run has loaded them by then.
    external: ["@pulumi/*"],
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
    plugins: [ownUrls],
    metafile: true,
    logLevel: "silent",
  });
  const [output] = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === "index.ts");
  const program = join(root, output);
  // And what decides how it is made: this file, and the packages.
  const files = [...Object.keys(metafile.inputs), "bundle.js", "package.json"];
  const inputs = Object.fromEntries(files.map((path) => [path, markOf(path)]));
  mkdirSync(folder, { recursive: true });
  removeOld(Object.keys(metafile.outputs).map((path) => basename(path)));
  writeFileSync(`${manifest}.${process.pid}`, JSON.stringify({ clone: root, program, inputs }));
  renameSync(`${manifest}.${process.pid}`, manifest);
  return program;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Bundles of former edits; young ones may be another process's, which still loads parts of it. */
function removeOld(used) {
  for (const name of readdirSync(folder).filter((each) => each.endsWith(".mjs") && !used.includes(each))) {
    const file = join(folder, name);
    if (Date.now() - statSync(file).mtimeMs > DAY_MS) rmSync(file, { force: true });
  }
}

/** Files that a module reads beside itself stay beside its source. */
const ownUrls = {
  name: "own-urls",
  setup: (build) =>
    build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const url = JSON.stringify(pathToFileURL(path).href);
      return { contents: readFileSync(path, "utf8").replaceAll("import.meta.url", url), loader: "ts" };
    }),
};
