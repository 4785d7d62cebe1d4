import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Where everything of one sandbox lies; all paths are absolute and below `root`, except `root` itself. */
export interface Layout {
  readonly root: string;
  /** `pulumi` and `kubectl`, as links into the cache. */
  readonly bin: string;
  /** Working folder of the control plane: etcd's data and sockets, certificate, keys. */
  readonly cluster: string;
  readonly logs: string;
  readonly pids: string;
  readonly pulumiHome: string;
  readonly backend: string;
  /** Project and stack files of stacks run through the Automation API. */
  readonly stacks: string;
  /** Temporary files of `pulumi` and its providers. */
  readonly temporary: string;
  readonly kubeconfig: string;
  readonly passphrase: string;
  readonly env: string;
  readonly ports: string;
  readonly lock: string;
}

/** The folder of this clone, absolute. */
export const repository = dirname(dirname(fileURLToPath(import.meta.url)));

/** The sandbox of this clone unless a caller names another: `.sandbox/` at the top of the repository, git-ignored. */
export const defaultRoot = join(repository, ".sandbox");

/** The OpenStack of this clone, beside its sandbox. */
export const openstackRoot = join(defaultRoot, "openstack");

/** The paths of the sandbox at `root` (made absolute); touches nothing. */
export function layoutOf(root: string): Layout {
  const at = (name: string) => join(resolve(root), name);
  return {
    root: resolve(root),
    bin: at("bin"),
    cluster: at("cluster"),
    logs: at("logs"),
    pids: at("pids"),
    pulumiHome: at("pulumi-home"),
    backend: at("backend"),
    stacks: at("stacks"),
    temporary: at("tmp"),
    kubeconfig: at("kubeconfig"),
    passphrase: at("passphrase"),
    env: at("env"),
    ports: at("ports.json"),
    lock: at("lock"),
  };
}

/** Creates the folders of a sandbox. Only the owner can look inside: an administrator's token lies there. */
export function createFolders(layout: Layout): void {
  mkdirSync(layout.root, { recursive: true, mode: 0o700 });
  const { bin, cluster, logs, pids, pulumiHome, backend, stacks, temporary } = layout;
  for (const folder of [bin, cluster, logs, pids, pulumiHome, backend, stacks, temporary]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
}

/**
 * The folder that keeps built programs for every clone of this user.
 * `XDG_CACHE_HOME` where it is an absolute path (others are to be ignored by its specification), else `~/.cache`.
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const base = env.XDG_CACHE_HOME;
  return join(base?.startsWith("/") ? base : join(homedir(), ".cache"), "pulumi-dask");
}
