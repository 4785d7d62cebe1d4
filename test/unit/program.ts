import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import engine from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineMessages from "@pulumi/pulumi/proto/engine_pb.js";
import monitor from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/resource_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  /** What it told the engine, debug messages included. */
  readonly said: readonly string[];
  /** Types of the resources that it registered, in order. */
  readonly registered: readonly string[];
  readonly stderr: string;
}

/**
 * Previews a project's program as the CLI does, in a process of this Node.js with the loader of `Pulumi.yaml`, and
 * takes the engine's place: it answers each resource with its inputs, as a preview does.
 *
 * Where no sandbox can be had, on every version of Node.js: `test/stack/entry-point.test.ts` has the real engine.
 */
export async function startProgram(folder: string, config: Readonly<Record<string, string>>): Promise<Ended> {
  const said: string[] = [];
  const registered: string[] = [];
  const server = new Server();
  server.addService(engine.EngineService as never, engineOf(said));
  server.addService(monitor.ResourceMonitorService as never, monitorOf(registered));
  const address = await new Promise<string>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(`127.0.0.1:${port}`) : reject(error),
    );
  });
  try {
    return { ...(await spawnProgram(folder, address, config)), said, registered };
  } finally {
    server.forceShutdown();
  }
}

type Unary<Request> = (call: ServerUnaryCall<Request, unknown>, reply: sendUnaryData<unknown>) => void;

function engineOf(said: string[]): UntypedServiceImplementation {
  const log: Unary<{ getMessage(): string }> = ({ request }, reply) => {
    said.push(request.getMessage());
    reply(null, new empty.Empty());
  };
  let root = "";
  const setRootResource: Unary<{ getUrn(): string }> = ({ request }, reply) => {
    root = request.getUrn();
    reply(null, new engineMessages.SetRootResourceResponse());
  };
  const getRootResource: Unary<unknown> = (_call, reply) => {
    const response = new engineMessages.GetRootResourceResponse();
    response.setUrn(root);
    reply(null, response);
  };
  return { log, setRootResource, getRootResource };
}

interface Registration {
  getType(): string;
  getName(): string;
  getObject(): Struct | undefined;
}

function monitorOf(registered: string[]): UntypedServiceImplementation {
  const supportsFeature: Unary<unknown> = (_call, reply) =>
    reply(null, new messages.SupportsFeatureResponse());
  const registerResource: Unary<Registration> = ({ request }, reply) => {
    registered.push(request.getType());
    const response = new messages.RegisterResourceResponse();
    response.setUrn(`urn:pulumi:test::dask::${request.getType()}::${request.getName()}`);
    response.setObject(request.getObject());
    reply(null, response);
  };
  const done: Unary<unknown> = (_call, reply) => reply(null, new empty.Empty());
  return {
    supportsFeature,
    registerResource,
    registerResourceOutputs: done,
    signalAndWaitForShutdown: done,
  };
}

function spawnProgram(
  folder: string,
  address: string,
  config: Readonly<Record<string, string>>,
): Promise<Pick<Ended, "code" | "stderr">> {
  const entry = createRequire(join(folder, "package.json")).resolve("@pulumi/pulumi/cmd/run");
  const flags = {
    ...{ monitor: address, engine: address, organization: "organization", project: "dask", stack: "test" },
    ...{ pwd: folder, parallel: "1", "dry-run": "true" },
  };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn(process.execPath, ["--import", "./loader.js", entry, ...args, "."], {
    cwd: folder,
    stdio: ["ignore", "inherit", "pipe"],
    env: {
      ...process.env,
      // A test's process has its own.
      NODE_OPTIONS: "",
      PULUMI_NODEJS_TYPESCRIPT: "false",
      PULUMI_CONFIG: JSON.stringify(config),
      PULUMI_CONFIG_SECRET_KEYS: "[]",
    },
  });
  let stderr = "";
  child.stderr.on("data", (part: Buffer) => {
    stderr += part.toString();
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stderr }));
  });
}
