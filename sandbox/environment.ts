import { delimiter } from "node:path";
import { pathToFileURL } from "node:url";
import type { Layout } from "./layout.ts";

/**
 * The environment in which `pulumi` and `kubectl` work on the sandbox at `layout` and on nothing else; pure.
 * `outer` is the environment it is added to. The passphrase comes from a file; Pulumi prefers a passphrase of the
 * user's own environment to that file, so `passphrase` is repeated where there is one.
 */
export function sandboxEnvironment(
  layout: Layout,
  passphrase: string,
  outer: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  return {
    PATH: [layout.bin, outer.PATH ?? ""].join(delimiter),
    KUBECONFIG: layout.kubeconfig,
    PULUMI_HOME: layout.pulumiHome,
    PULUMI_BACKEND_URL: pathToFileURL(layout.backend).href,
    PULUMI_CONFIG_PASSPHRASE_FILE: layout.passphrase,
    ...(outer.PULUMI_CONFIG_PASSPHRASE === undefined ? {} : { PULUMI_CONFIG_PASSPHRASE: passphrase }),
    // The Kubernetes provider leaves a copy of its kubeconfig among the temporary files at every start: here it goes
    // with the sandbox.
    TMPDIR: layout.temporary,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // Only what lies in the sandbox or on PATH is used; nothing is fetched in the middle of an update.
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };
}

/**
 * A file for `source` in sh, bash or zsh that enters the sandbox in a terminal; pure.
 * Without `TMPDIR`: the terminal outlives the sandbox, and its other programs would miss the folder.
 */
export function environmentFile(layout: Layout, passphrase: string): string {
  const { PATH: _path, TMPDIR: _temporary, ...variables } = sandboxEnvironment(layout, passphrase, {});
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quote(value)}`);
  return [
    "# Points pulumi and kubectl of this terminal at the sandbox: source this file.",
    "unset PULUMI_CONFIG_PASSPHRASE",
    `export PATH=${quote(layout.bin)}:"$PATH"`,
    ...lines,
    "",
  ].join("\n");
}

function quote(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}
