import { readFileSync } from "node:fs";
import { arch, cpus, platform, release, totalmem } from "node:os";
import { join } from "node:path";
import { charts } from "../components/chart.ts";
import { findOnPath, run } from "../sandbox/command.ts";
import { repository } from "../sandbox/layout.ts";
import { hasLanguageHost } from "../sandbox/toolchain.ts";
import type { Rivals } from "./rivals.ts";

/** What figures were taken on: without it they say nothing. */
export function machine(): object {
  const [cpu] = cpus();
  return {
    date: new Date().toISOString(),
    system: `${platform()} ${release()} ${arch()}`,
    processors: `${cpus().length} x ${cpu?.model ?? "unknown"}`,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    languageHost: hasLanguageHost() ? "genuine" : "the sandbox's",
  };
}

/** The versions of all that was measured: the CLI and Helm say their own. */
export async function versions(path: string, { helm, tofu }: Rivals): Promise<object> {
  const { dependencies } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));
  const sdks = Object.entries(dependencies).filter(([name]) => name.startsWith("@pulumi/"));
  return {
    pulumi: await versionLine(findOnPath("pulumi", path) ?? "pulumi", "version"),
    ...Object.fromEntries(sdks),
    ...(helm === undefined ? {} : { helm: await versionLine(helm, "version", "--short") }),
    ...(tofu === undefined
      ? {}
      : { tofu: await versionLine(tofu.program, "version"), tofuProvider: tofu.providerVersion }),
    charts: Object.fromEntries(Object.entries(charts).map(([name, { version }]) => [name, version])),
  };
}

/** The line with the version: OpenTofu warns of its settings first. */
async function versionLine(program: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, {});
  const line = stdout.split("\n").find((each) => /v?\d+\.\d+\.\d+/.test(each));
  return code === 0 && line !== undefined ? line.trim() : `unknown: ${stderr.trim()}`;
}
