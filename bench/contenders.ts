import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { findOnPath, run } from "../sandbox/command.ts";
import { writePrivate } from "../sandbox/files.ts";
import { repository } from "../sandbox/layout.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import { type ExportedState, foundOf, type HelmRelease, releasesOf } from "./learned.ts";
import type { Command } from "./measure.ts";
import { helmUpgrade, type Tofu, tofuConfiguration, tofuEnvironment } from "./rivals.ts";

/** What is measured of everybody, in this order. */
export const STEPS = ["first up", "second up", "preview", "change", "destroy"] as const;
/** One of them. */
export type Step = (typeof STEPS)[number];

/** Somebody who deploys a workload: the commands of a step, run one after the other. */
export interface Contender {
  readonly name: string;
  /** Writes what the step reads, and answers the commands to measure. */
  commands(step: Step): readonly Command[];
  /** What is run before the first step and not measured. */
  readonly prepare?: readonly Command[];
  /** What is run after `destroy` and not measured: the next contender needs the names. */
  readonly clean?: readonly Command[];
}

/** Releases before the change and after it, and what they need that is not of their charts. */
export interface Releases {
  readonly before: readonly HelmRelease[];
  readonly after: readonly HelmRelease[];
  readonly found: readonly object[];
}

const STACK = "bench";

/** A Pulumi project with one stack on the sandbox, run by the CLI as a user runs it. */
export interface Project {
  readonly folder: string;
  command(...args: string[]): Command;
  /** Replaces the stack's config. */
  configure(config: Readonly<Record<string, unknown>>): void;
  /** Forgets the stack, so that the next project can have one of its name. */
  close(): Promise<void>;
}

/** A copy of this project, as a clone after `npm ci`. */
export async function cloneProject(sandbox: Sandbox, folder: string): Promise<Project> {
  const left = [".git", ".sandbox", "node_modules", "test"];
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(repository).filter((each) => !left.includes(each)))
    cpSync(join(repository, name), join(folder, name), { recursive: true });
  return project(sandbox, folder);
}

/** A copy of the program that people start from. */
export async function bareProject(sandbox: Sandbox, folder: string): Promise<Project> {
  cpSync(join(repository, "bench", "bare"), folder, { recursive: true });
  return project(sandbox, folder);
}

/** The language host starts the `node` of PATH: that is the one that runs the benchmark. */
async function project(sandbox: Sandbox, folder: string): Promise<Project> {
  symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
  const env = { ...sandbox.env, PATH: [dirname(process.execPath), sandbox.env.PATH ?? ""].join(delimiter) };
  const command: Project["command"] = (...args) => ({
    command: ["pulumi", ...args, "--stack", STACK, "--non-interactive"],
    cwd: folder,
    env,
  });
  await must(command("stack", "init"));
  const close = async () => {
    await must(command("stack", "rm", "--yes", "--force"));
    rmSync(folder, { recursive: true });
  };
  return { folder, command, configure: configure(folder), close };
}

/** Keeps what Pulumi itself wrote into the stack file: the salt, and the secrets. */
function configure(folder: string): Project["configure"] {
  const file = join(folder, `Pulumi.${STACK}.yaml`);
  return (config) => {
    const before = parse(readFileSync(file, "utf8")) ?? {};
    const secrets = before.config?.["dask:secrets"];
    const all = { ...config, ...(secrets === undefined ? {} : { "dask:secrets": secrets }) };
    writePrivate(file, stringify({ ...before, config: all }));
  };
}

/** Runs a command that is not measured. */
export async function must({ command: [file, ...args], cwd, env }: Command): Promise<string> {
  const { code, stdout, stderr } = await run(findOnPath(file, env.PATH) ?? file, args, { cwd, env });
  if (code !== 0) throw new Error(`${file} ${args.join(" ")} failed\n${stdout}${stderr}`);
  return stdout;
}

/** Runs commands that are not measured, one after the other. */
export async function mustAll(commands: readonly Command[] = []): Promise<void> {
  for (const command of commands) await must(command);
}

/** Makes or deletes objects by `kubectl`; `file` is where they are written, for its user alone. */
export function kubectl(
  { root, env }: Sandbox,
  verb: "apply" | "delete",
  file: string,
  items: readonly object[],
): Command {
  writePrivate(file, JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  const gone = verb === "delete" ? ["--ignore-not-found"] : [];
  return { command: ["kubectl", verb, ...gone, "--filename", file], cwd: root, env };
}

/** The steps of a Pulumi project whose stack file has one config or another. */
export function pulumiContender(
  name: string,
  { command, configure }: Project,
  config: Readonly<Record<"before" | "after", Readonly<Record<string, unknown>>>>,
): Contender {
  return {
    name,
    commands: (step) => {
      configure(step === "change" ? config.after : config.before);
      if (step === "preview") return [command("preview")];
      return [command(step === "destroy" ? "destroy" : "up", "--yes", "--skip-preview")];
    },
  };
}

/** The Helm releases that a project makes of a config, as its state has them; everything is destroyed again. */
export async function learnReleases(
  { command, configure }: Project,
  config: Readonly<Record<"before" | "after", Readonly<Record<string, unknown>>>>,
): Promise<Releases> {
  const learn = async (variant: "before" | "after") => {
    configure(config[variant]);
    await must(command("up", "--yes", "--skip-preview"));
    return JSON.parse(await must(command("stack", "export", "--show-secrets"))) as ExportedState;
  };
  const before = await learn("before");
  const after = await learn("after");
  await must(command("destroy", "--yes", "--skip-preview"));
  return { before: releasesOf(before), after: releasesOf(after), found: foundOf(before) };
}

/** `helm` by hand: one release after the other, as in a script. */
export function helmContender(sandbox: Sandbox, helm: string, folder: string, releases: Releases): Contender {
  mkdirSync(folder, { recursive: true });
  const command = (...args: string[]): Command => ({
    command: [helm, ...args],
    cwd: folder,
    env: sandbox.env,
  });
  const upgrade = (release: HelmRelease, ...flags: string[]) => {
    const file = join(folder, `${release.name}.json`);
    writeFileSync(file, JSON.stringify(release.values));
    return command(...helmUpgrade(release, file), ...flags);
  };
  return {
    name: "helm",
    prepare: [withSecrets(sandbox, folder, releases)],
    clean: [withoutNamespaces(sandbox, releases)],
    commands: (step) => {
      if (step === "destroy")
        return releases.before.map(({ name, namespace }) =>
          command("uninstall", name, "--namespace", namespace, "--wait"),
        );
      const wanted = step === "change" ? releases.after : releases.before;
      return wanted.map((each) => upgrade(each, ...(step === "preview" ? ["--dry-run=server"] : [])));
    },
  };
}

/** Makes the Secrets that the values name, as somebody must who uses Helm alone. */
function withSecrets(sandbox: Sandbox, folder: string, { found }: Releases): Command {
  return kubectl(sandbox, "apply", join(folder, "secrets.json"), found);
}

/** Deletes the namespaces that Helm makes and leaves. */
function withoutNamespaces({ root, env }: Sandbox, { before }: Releases): Command {
  const names = [...new Set(before.map(({ namespace }) => namespace))];
  return { command: ["kubectl", "delete", "namespace", "--ignore-not-found", ...names], cwd: root, env };
}

/** OpenTofu, or Terraform, with the Helm provider, all releases beside each other. */
export function tofuContender(
  sandbox: Sandbox,
  { program, provider }: Tofu,
  folder: string,
  releases: Releases,
): Contender {
  mkdirSync(folder, { recursive: true });
  const env = { ...sandbox.env, ...tofuEnvironment(folder, provider) };
  const command = (...args: string[]): Command => ({
    command: [program, ...args, "-input=false", "-no-color"],
    cwd: folder,
    env,
  });
  return {
    name: basename(program) === "terraform" ? "Terraform" : "OpenTofu",
    prepare: [withSecrets(sandbox, folder, releases)],
    clean: [withoutNamespaces(sandbox, releases)],
    commands: (step) => {
      const wanted = step === "change" ? releases.after : releases.before;
      const configuration = tofuConfiguration(wanted, sandbox.kubeconfig);
      writeFileSync(join(folder, "main.tf.json"), JSON.stringify(configuration));
      if (step === "preview") return [command("plan")];
      return [command(step === "destroy" ? "destroy" : "apply", "-auto-approve")];
    },
  };
}
