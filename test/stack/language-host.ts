import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js";
import language from "@pulumi/pulumi/proto/language_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/language_pb.js";
import plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import { parse } from "yaml";

/** A language host that the CLI is pointed at with `--client=<address>`. */
export interface LanguageHost {
  readonly address: string;
  close(): void;
}

/**
 * Serves the part of a Node.js language host that runs a program, with the node arguments of `Pulumi.yaml`.
 *
 * The genuine host is no registry's package; this one starts the same `@pulumi/pulumi/cmd/run` in the same way, so a
 * broken `Pulumi.yaml`, loader or entry point fails as it would for a user.
 *
 * @param folder the project; `undefined` for the one that the engine names
 * @param env what the program's environment has beyond this process's
 */
export async function startLanguageHost(
  folder: string | undefined,
  env: Readonly<Record<string, string>>,
): Promise<LanguageHost> {
  const server = new Server();
  server.addService(language.LanguageRuntimeService as never, {
    getPluginInfo: (_call: unknown, reply: sendUnaryData<unknown>) => reply(null, new plugin.PluginInfo()),
    getRequiredPlugins: (_call: unknown, reply: sendUnaryData<unknown>) =>
      reply(null, new messages.GetRequiredPluginsResponse()),
    run: (call: ServerUnaryCall<RunRequest, unknown>, reply: sendUnaryData<unknown>) => {
      const response = new messages.RunResponse();
      runProgram(folder ?? call.request.getPwd(), env, call.request).then((code) => {
        // The program has told the engine itself what went wrong.
        if (code !== 0) response.setBail(true);
        reply(null, response);
      }, reply);
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    const done = (error: Error | null, bound: number) => (error === null ? resolve(bound) : reject(error));
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), done);
  });
  return { address: `127.0.0.1:${port}`, close: () => server.forceShutdown() };
}

interface RunRequest {
  getPwd(): string;
  getProject(): string;
  getStack(): string;
  getOrganization(): string;
  getMonitorAddress(): string;
  getArgsList(): string[];
  getParallel(): number;
  getDryrun(): boolean;
  getConfigMap(): { entries(): Iterable<[string, string]> };
  getConfigsecretkeysList(): string[];
}

function runProgram(
  folder: string,
  env: Readonly<Record<string, string>>,
  request: RunRequest,
): Promise<number | null> {
  const { runtime } = parse(readFileSync(join(folder, "Pulumi.yaml"), "utf8"));
  const entry = createRequire(join(folder, "package.json")).resolve("@pulumi/pulumi/cmd/run");
  const flags = {
    monitor: request.getMonitorAddress(),
    engine: request.getArgsList()[0] ?? "",
    organization: request.getOrganization(),
    project: request.getProject(),
    stack: request.getStack(),
    pwd: folder,
    parallel: String(request.getParallel()),
    ...(request.getDryrun() ? { "dry-run": "true" } : {}),
  };
  const nodeArguments = String(runtime.options.nodeargs ?? "")
    .split(" ")
    .filter((each) => each !== "");
  const runArguments = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn(process.execPath, [...nodeArguments, entry, ...runArguments, "."], {
    cwd: folder,
    stdio: ["ignore", "inherit", "inherit"],
    env: {
      ...process.env,
      ...env,
      PULUMI_NODEJS_TYPESCRIPT: String(runtime.options.typescript ?? true),
      PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().entries())),
      PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
    },
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", resolve);
  });
}
