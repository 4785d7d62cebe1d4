import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** One file of another Go module that is replaced for a build. */
export interface Patch {
  readonly module: string;
  /** The replaced file, relative to that module. */
  readonly path: string;
  /** The file that takes its place, relative to the tool's folder. */
  readonly by: string;
}

/** One program that is built from Go modules. */
export interface Tool {
  /** File name of the program. */
  readonly name: string;
  /** Folder of its Go module under `toolchain/`. */
  readonly module: string;
  /** The package to build, as `go build` takes it. */
  readonly package: string;
  /** Go variables set by the linker, mostly versions: what the module itself does not know. */
  readonly stamps: Readonly<Record<string, string>>;
  /** A Go module that is built as it is, with its own requirements; the one under `toolchain/` then only pins it. */
  readonly source?: string;
  /** What is changed in the modules that it needs; only together with `source`. */
  readonly patches?: readonly Patch[];
  /** CPU minutes of a first build; measured, for the estimate only. */
  readonly cpuMinutes: number;
}

/** Versions of the providers as the SDK packages of package.json ask for them. */
export const providerVersions = { kubernetes: "4.34.2", openstack: "3.15.2", random: "4.21.2" } as const;

/** Name of a provider this project needs. */
export type ProviderName = keyof typeof providerVersions;

/** Providers that every stack needs; one of a cloud is built only where that cloud is asked for. */
export const everyStacks: readonly ProviderName[] = ["kubernetes", "random"];

/** Everything the sandbox can build. */
export const tools = {
  kube: {
    name: "kube",
    module: "kube",
    package: ".",
    // Charts ask for the version of Kubernetes; unstamped it is v0.0.0 and they refuse.
    stamps: {
      "k8s.io/component-base/version.gitVersion": "v1.34.4",
      "k8s.io/component-base/version.gitMajor": "1",
      "k8s.io/component-base/version.gitMinor": "34",
    },
    cpuMinutes: 8,
  },
  kwok: { name: "kwok", module: "kwok", package: "sigs.k8s.io/kwok/cmd/kwok", stamps: {}, cpuMinutes: 3 },
  pulumi: {
    name: "pulumi",
    module: "pulumi",
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    stamps: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": "v3.246.0" },
    cpuMinutes: 6,
  },
  // The genuine one is served by no registry; this one does no more than an `up` needs.
  languageHost: {
    name: "pulumi-language-nodejs",
    module: "language-nodejs",
    package: ".",
    stamps: {},
    cpuMinutes: 1,
  },
  // The providers carry the version the SDK asks for, because the engine warns about an older one. The truth is in
  // the build metadata: the newest source that is served as a Go module, not the release of that number.
  kubernetes: {
    name: "pulumi-resource-kubernetes",
    module: "kubernetes",
    package: ".",
    stamps: {
      "github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version.Version": `${providerVersions.kubernetes}+f47bc2d6f199`,
    },
    cpuMinutes: 11,
  },
  openstack: {
    name: "pulumi-resource-openstack",
    module: "openstack",
    package: ".",
    stamps: { "main.version": `${providerVersions.openstack}+v3.4.0` },
    cpuMinutes: 3,
  },
  random: {
    name: "pulumi-resource-random",
    module: "random",
    package: ".",
    stamps: { "main.version": `${providerVersions.random}+f8d869dc98d9` },
    cpuMinutes: 3,
  },
} as const satisfies Record<string, Tool>;

const TOOLCHAIN = join(dirname(fileURLToPath(import.meta.url)), "toolchain");

/** The folder of the tool's Go module, absolute. */
export function moduleFolder(tool: Tool): string {
  return join(TOOLCHAIN, tool.module);
}

/** The arguments of `go` that build `tool` to the file `output`; pure. */
export function buildArguments(tool: Tool, output: string): string[] {
  const stamps = Object.entries(tool.stamps).map(([variable, value]) => `-X ${variable}=${value}`);
  return ["build", "-trimpath", "-ldflags", ["-s -w", ...stamps].join(" "), "-o", output, tool.package];
}

/**
 * The name of a build in the cache, `<name>-<12 hex digits>`; pure.
 * It changes with any file of the module, the build's arguments and the platform, and with nothing else: a newer Go
 * on the machine is no reason to spend half an hour on the same pinned sources.
 */
export function buildKey(tool: Tool, files: ReadonlyMap<string, string>, platform: string): string {
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  const content = JSON.stringify([buildArguments(tool, ""), platform, sorted, ...(tool.patches ?? [])]);
  return `${tool.name}-${createHash("sha256").update(content).digest("hex").slice(0, 12)}`;
}

/** All files of the tool's module: path relative to it, and text. */
export function moduleFiles(tool: Tool): Map<string, string> {
  const folder = moduleFolder(tool);
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return new Map(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [relative(folder, path), readFileSync(path, "utf8")];
    }),
  );
}
