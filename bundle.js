import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire, SourceMap } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/*
 * The program in one file of JavaScript: read at once instead of file by file, its start takes half the CPU of Node.js's
 * own stripping of types and a third of that of tsx's hooks. Made anew whenever one of its files has changed. Its source
 * maps lie beside it and are read when an error is printed.
 */

const root = dirname(fileURLToPath(import.meta.url));
// One for each clone: clones may share their packages by a link.
const key = createHash("sha256").update(root).digest("hex").slice(0, 12);
const folder = join(root, "node_modules", ".cache", "pulumi-dask", key);
const manifest = join(folder, "program.json");

/** The path of the program's bundle, made or there already; undefined where none can be made. */
export async function bundle() {
  try {
    return current() ?? (await make());
  } catch {
    // Folders that cannot be written, an esbuild of another platform: the files are read, or say what is wrong.
    return undefined;
  }
}

/** The bundle of before, where every file that went into it is as it was. */
function current() {
  try {
    const { program, inputs } = JSON.parse(readFileSync(manifest, "utf8"));
    statSync(program);
    return Object.entries(inputs).every(([path, mark]) => markOf(path) === mark) ? program : undefined;
  } catch {
    return undefined;
  }
}

/** Changes with a file: when it was written, to the nanosecond, and its length. */
function markOf(path) {
  const found = statSync(join(root, path), { bigint: true, throwIfNoEntry: false });
  return found === undefined ? "absent" : `${found.mtimeNs} ${found.size}`;
}

async function make() {
  // Before esbuild is started in vain: where packages are read-only, this is what each start costs.
  mkdirSync(folder, { recursive: true });
  accessSync(folder, constants.W_OK);
  const esbuild = createRequire(createRequire(import.meta.url).resolve("tsx"))("esbuild");
  // What decides how it is made, besides its own files: this file, the packages, the compiler's options.
  const marks = new Map(["bundle.js", "package.json", "tsconfig.json"].map((path) => [path, markOf(path)]));
  const { metafile, outputFiles } = await esbuild.build({
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
    plugins: [ownFiles(marks)],
    // Without a comment in the bundle that would have Node.js read them at each start.
    sourcemap: "external",
    sourcesContent: false,
    metafile: true,
    write: false,
    logLevel: "silent",
  });
  for (const path of Object.keys(metafile.inputs)) if (!marks.has(path)) marks.set(path, markOf(path));
  const [output] = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === "index.ts");
  const program = join(root, output);
  // The manifest last: whoever reads it finds all that it leads to.
  for (const { path, contents } of outputFiles) replaceFile(path, contents);
  replaceFile(manifest, JSON.stringify({ program, inputs: Object.fromEntries(marks) }));
  removeOld(outputFiles.map(({ path }) => basename(path)));
  return program;
}

/** Another process may be reading the file: it sees the whole of the old one or of the new one. */
function replaceFile(path, contents) {
  const part = `${path}.${process.pid}.part`;
  writeFileSync(part, contents);
  renameSync(part, path);
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Bundles of former edits; young ones may be another process's, which still loads parts of it. */
function removeOld(used) {
  const unused = readdirSync(folder).filter((name) => /\.(mjs|map|part)$/.test(name) && !used.includes(name));
  for (const file of unused.map((name) => join(folder, name))) {
    const found = statSync(file, { throwIfNoEntry: false });
    if (found !== undefined && Date.now() - found.mtimeMs > DAY_MS) rmSync(file, { force: true });
  }
}

/** Notes each file's mark before it is read; what a module reads beside itself stays beside its source. */
function ownFiles(marks) {
  return {
    name: "own-files",
    setup: (build) =>
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const name = relative(root, path).replaceAll("\\", "/");
        marks.set(name, markOf(name));
        const url = JSON.stringify(pathToFileURL(path).href);
        return { contents: readFileSync(path, "utf8").replaceAll("import.meta.url", url), loader: "ts" };
      }),
  };
}

/** Places in a stack trace that lie in the bundle, as places in its sources. */
const PLACE = /(?:file:\/\/)?\/[^\s()]*\/([^\s()/]+\.mjs):(\d+):(\d+)/g;

/** Has the stack of an error, and those of its causes, lead to the sources. */
export function mapStack(error) {
  if (!(error instanceof Error)) return;
  if (typeof error.stack === "string") error.stack = mapped(error.stack);
  mapStack(error.cause);
}

function mapped(stack) {
  return stack.replaceAll(PLACE, (place, file, line, column) => {
    try {
      const map = new SourceMap(JSON.parse(readFileSync(join(folder, `${file}.map`), "utf8")));
      const { originalSource, originalLine, originalColumn } = map.findEntry(line - 1, column - 1);
      return `${join(folder, originalSource)}:${originalLine + 1}:${originalColumn + 1}`;
    } catch {
      // Another file, or one without a map.
      return place;
    }
  });
}
