import module, { createRequire } from "node:module";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/*
 * What Node.js loads before the program: `nodeargs` in Pulumi.yaml names this file. It makes TypeScript run and the
 * start short, on which most of an `up` without changes is spent; docs/performance.md has the figures. Plain
 * JavaScript, because it runs before anything that reads types.
 */

/** The SDKs' own view of their packages: what stands in for one must be found under the path that an SDK resolves. */
const here = createRequire(import.meta.url);
const sdk = createRequire(here.resolve("@pulumi/pulumi"));
const kubernetes = createRequire(here.resolve("@pulumi/kubernetes"));

/*
 * What the SDKs load at every start and hardly ever use: more than half a second of CPU. It loads at first use. In this
 * order: where functions are written down (dynamic providers), npm's dependency solver and the TypeScript compiler; where
 * a program runs `pulumi` itself; where the engine is run with `--tracing`; where files with YAML are deployed.
 */
const seldomUsed = [
  ...["@npmcli/arborist", "normalize-package-data", "typescript", "./vendor/typescript@3.8.3/typescript.js"],
  "./automation",
  ...[
    "exporter-zipkin",
    "instrumentation",
    "instrumentation-grpc",
    "resources",
    "sdk-trace-base",
    "sdk-trace-node",
  ].map((name) => `@opentelemetry/${name}`),
];
for (const name of seldomUsed) replace(sdk, name, whenUsed);
replace(kubernetes, "glob", whenUsed);

/*
 * The SDK maps each stack trace back to its own TypeScript, which is not installed, and it keeps one for every promise:
 * a quarter of the start, and more of a large stack, whose traces the garbage collector goes through again and again.
 * Those of the bundle are mapped where one is printed; those of promises are taken where somebody looks for leaks.
 */
replace(sdk, "source-map-support/register", () => ({}));
if (!process.env.PULUMI_DEBUG_PROMISE_LEAKS) withoutTraces();

// Code is compiled once and kept; since Node.js 22.1. A folder that cannot be written costs the gain and nothing else.
try {
  module.enableCompileCache?.(join(cache(), "pulumi-dask", "compiled"));
} catch {
  // Nor does a user without a home.
}

if (!(await bundled()) && !process.features.typescript) await withTsx();

/** Has `pulumi` run the program as one file of JavaScript; false where it runs something else, or none can be made. */
async function bundled() {
  const [, script = "", ...rest] = process.argv;
  const byPulumi = /@pulumi[\\/]pulumi[\\/]cmd[\\/]run([\\/]index\.js)?$/.test(script);
  if (!byPulumi || rest.at(-1) !== ".") return false;
  const { bundle, mapStack } = await import("./bundle.js");
  const program = await bundle();
  if (program === undefined) return false;
  process.argv[process.argv.length - 1] = program;
  // Before the SDK prints them.
  process.on("uncaughtExceptionMonitor", mapStack);
  process.on("unhandledRejection", (error) => {
    mapStack(error);
    // Without the SDK's own listener, this one must not have Node.js go on.
    if (process.listenerCount("unhandledRejection") === 1) throw error;
  });
  return true;
}

/** Node.js below 22.18 cannot read TypeScript. */
async function withTsx() {
  // Only the hooks for ES modules: those for require would sit in front of every file of the SDKs.
  await import("tsx/esm");
  // It switches source maps on for everything, and the SDK's hundreds of maps would be read at each start.
  process.setSourceMapsEnabled(false);
}

/** Puts a stand-in where an SDK looks for a module; one that a later SDK has no more is left out. */
function replace(from, name, standIn) {
  let file;
  try {
    file = from.resolve(name);
  } catch {
    return;
  }
  const entry = new module.Module(file);
  entry.filename = file;
  entry.loaded = true;
  entry.exports = standIn(file);
  sdk.cache[file] = entry;
}

/** Has the SDK make its promises without a stack trace; one that makes them otherwise is left alone. */
function withoutTraces() {
  let debuggable;
  try {
    debuggable = sdk("./runtime/debuggable");
  } catch {
    return;
  }
  const { debuggablePromise } = debuggable;
  debuggable.debuggablePromise = (...args) => {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      return debuggablePromise(...args);
    } finally {
      Error.stackTraceLimit = limit;
    }
  };
}

/** Exports that load their module when something is read from them. */
function whenUsed(file) {
  let loaded;
  const load = () => {
    if (loaded === undefined) {
      delete sdk.cache[file];
      loaded = sdk(file);
    }
    return loaded;
  };
  // What is no ES module is its own default export: a compiled `import` would have seen to it.
  const read = (key) => (key === "default" && !load().__esModule ? load() : load()[key]);
  return new Proxy(
    {},
    {
      // Answered without loading: a compiled `import *` asks it at once, and on false copies every export.
      get: (_, key) => (key === "__esModule" ? true : read(key)),
      has: (_, key) => key in load(),
      ownKeys: () => Reflect.ownKeys(load()),
      getOwnPropertyDescriptor: (_, key) => {
        const found = Reflect.getOwnPropertyDescriptor(load(), key);
        return found === undefined ? undefined : { ...found, configurable: true };
      },
    },
  );
}

/** The user's folder for caches, as sandbox/layout.ts has it. */
function cache() {
  const { XDG_CACHE_HOME: given } = process.env;
  return given !== undefined && isAbsolute(given) ? given : join(homedir(), ".cache");
}
