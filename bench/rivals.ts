import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildAll, builtPath, isBuilt, type Log } from "../sandbox/build.ts";
import { findOnPath } from "../sandbox/command.ts";
import type { Tool } from "../sandbox/tools.ts";
import type { HelmRelease } from "./learned.ts";

/** What people would use instead, built from Go modules for the benchmark alone. */
export const rivalTools = {
  helm: {
    name: "helm",
    module: "helm",
    package: "helm.sh/helm/v3/cmd/helm",
    stamps: { "helm.sh/helm/v3/internal/version.version": "v3.18.6" },
    cpuMinutes: 2,
  },
  tofu: {
    name: "tofu",
    module: "tofu",
    source: "github.com/opentofu/opentofu",
    package: "./cmd/tofu",
    stamps: { "github.com/opentofu/opentofu/version.dev": "no" },
    cpuMinutes: 8,
  },
  // The newest that is served as a Go module, of 2020, with the Helm library 3.3 in it.
  tofuProvider: {
    name: "terraform-provider-helm",
    module: "terraform-provider-helm",
    package: "github.com/hashicorp/terraform-provider-helm",
    stamps: {},
    cpuMinutes: 3,
  },
} as const satisfies Record<string, Tool>;

/** Where the rivals' programs are; absent are those that the machine does not have. */
export interface Rivals {
  readonly helm?: string;
  readonly tofu?: Tofu;
}

/** OpenTofu, or Terraform where that is what is on PATH, and its provider for Helm. */
export interface Tofu {
  readonly program: string;
  readonly provider: string;
  /** The provider cannot be asked. */
  readonly providerVersion: string;
}

/** The rivals that are on PATH, or were built before. */
export function foundRivals(): Rivals {
  const { helm, tofu, tofuProvider } = rivalTools;
  const [built, builtTofu, builtProvider] = [helm, tofu, tofuProvider].map((tool) =>
    isBuilt(tool) ? builtPath(tool) : undefined,
  );
  const ofPath = findOnPath("terraform-provider-helm");
  const program = findOnPath("tofu") ?? builtTofu ?? findOnPath("terraform");
  const provider = ofPath ?? builtProvider;
  const providerVersion = ofPath === undefined ? "1.3.2, of 2020" : "the one on PATH";
  const found = findOnPath("helm") ?? built;
  return {
    ...(found === undefined ? {} : { helm: found }),
    ...(program === undefined || provider === undefined
      ? {}
      : { tofu: { program, provider, providerVersion } }),
  };
}

/**
 * Finds the rivals on PATH or in the cache, and builds those that are missing.
 *
 * Where OpenTofu cannot be built, Terraform takes its place if that is on PATH.
 *
 * @throws Error where Helm can be neither found nor built; without OpenTofu the benchmark goes on and says so
 */
export async function ensureRivals(log: Log): Promise<Rivals> {
  if (foundRivals().helm === undefined) await buildAll([rivalTools.helm], log);
  const missing = [
    ...(findOnPath("terraform-provider-helm") === undefined ? [rivalTools.tofuProvider] : []),
    ...(findOnPath("tofu") === undefined ? [rivalTools.tofu] : []),
  ];
  await buildAll(missing, log).catch((error: unknown) => log(String(error)));
  const found = foundRivals();
  if (found.tofu === undefined) log("OpenTofu is left out: it and its provider for Helm are not there");
  return found;
}

/** The arguments of `helm` that install or upgrade a release and wait for its pods; pure. */
export function helmUpgrade(release: HelmRelease, valuesFile: string): string[] {
  return [
    ...["upgrade", "--install", release.name, release.chart, "--namespace", release.namespace],
    ...["--create-namespace", "--wait", "--timeout", "10m", "--values", valuesFile],
    ...(release.repo === undefined ? [] : ["--repo", release.repo]),
    ...(release.version === undefined ? [] : ["--version", release.version]),
  ];
}

/** The OpenTofu configuration that installs some releases beside each other; pure. */
export function tofuConfiguration(releases: readonly HelmRelease[], kubeconfig: string): object {
  return {
    terraform: { required_providers: { helm: { source: "hashicorp/helm" } } },
    provider: { helm: { kubernetes: { config_path: kubeconfig } } },
    resource: {
      helm_release: Object.fromEntries(
        releases.map(({ name, namespace, chart, repo, version, values }) => [
          name,
          {
            ...{ name, namespace, chart, version, repository: repo },
            ...{ create_namespace: true, wait: true, timeout: 600, values: [JSON.stringify(values)] },
          },
        ]),
      ),
    },
  };
}

/** Puts OpenTofu's provider where no registry is asked for it; answers the environment of `tofu`. */
export function tofuEnvironment(folder: string, provider: string): Record<string, string> {
  const plugins = join(folder, "plugins");
  mkdirSync(plugins, { recursive: true });
  const program = join(plugins, "terraform-provider-helm");
  if (!existsSync(program)) copyFileSync(provider, program);
  const file = join(folder, "tofu.rc");
  writeFileSync(file, `provider_installation {\n  dev_overrides { "hashicorp/helm" = "${plugins}" }\n}\n`);
  return { TF_CLI_CONFIG_FILE: file, TF_IN_AUTOMATION: "true" };
}
