import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildAll, builtPath, type Log } from "../sandbox/build.ts";
import { findOnPath } from "../sandbox/command.ts";
import type { Tool } from "../sandbox/tools.ts";

/** What people would use instead, built from its Go module for the benchmark alone. */
export const rivalTools = {
  helm: {
    name: "helm",
    module: "helm",
    package: "helm.sh/helm/v3/cmd/helm",
    stamps: { "helm.sh/helm/v3/internal/version.version": "v3.18.6" },
    cpuMinutes: 2,
  },
} as const satisfies Record<string, Tool>;

/** Where the rivals' programs are; OpenTofu's only where the machine has them. */
export interface Rivals {
  readonly helm: string;
  readonly tofu?: { readonly program: string; readonly provider: string };
}

/**
 * Finds the rivals on PATH: `helm`, which is built where there is none, and `tofu` with `terraform-provider-helm`, which
 * no registry of packages offers in a version that people use.
 *
 * @throws Error where Helm can be neither found nor built; without OpenTofu the benchmark goes on and says so
 */
export async function ensureRivals(log: Log): Promise<Rivals> {
  const helm = findOnPath("helm");
  if (helm === undefined) await buildAll([rivalTools.helm], log);
  return { helm: helm ?? builtPath(rivalTools.helm), ...openTofu(log) };
}

function openTofu(log: Log): Pick<Rivals, "tofu"> {
  const [program, provider] = [findOnPath("tofu"), findOnPath("terraform-provider-helm")];
  if (program !== undefined && provider !== undefined) return { tofu: { program, provider } };
  log("OpenTofu is left out: put `tofu` and its `terraform-provider-helm` on PATH to have it compared");
  return {};
}

/** One Helm release as a stack of ours has it: what the rivals install too. */
export interface HelmRelease {
  readonly name: string;
  readonly namespace: string;
  readonly chart: string;
  readonly repo?: string;
  readonly version?: string;
  readonly values: unknown;
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

/** Pulumi's marks of a secret and of its plain text in an exported state. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";

/** The Helm releases of a state exported with its secrets shown; pure. */
export function releasesOf(state: ExportedState): HelmRelease[] {
  return state.deployment.resources
    .filter(({ type }) => type === "kubernetes:helm.sh/v3:Release")
    .map(({ inputs }) => {
      const { name, namespace, chart, version, repositoryOpts, values } = plain(inputs) as ReleaseInputs;
      const repo = repositoryOpts?.repo;
      return {
        ...{ name, namespace, chart, values },
        ...(repo === undefined ? {} : { repo }),
        ...(version === undefined ? {} : { version }),
      };
    });
}

/** What of `pulumi stack export --show-secrets` is read. */
export interface ExportedState {
  readonly deployment: {
    readonly resources: readonly { readonly type: string; readonly inputs?: unknown }[];
  };
}

interface ReleaseInputs {
  readonly name: string;
  readonly namespace: string;
  readonly chart: string;
  readonly version?: string;
  readonly repositoryOpts?: { readonly repo?: string };
  readonly values: unknown;
}

/** Values as they are, where the state marks secrets; a namespace's own ServiceAccount for those that our stack makes. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  if (SIGNATURE in value && "plaintext" in value) return plain(JSON.parse(String(value.plaintext)));
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, key === "serviceAccountName" ? "default" : plain(each)]),
  );
}
