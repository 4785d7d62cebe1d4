import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import service from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/analyzer_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import structs from "google-protobuf/google/protobuf/struct_pb.js";
import type { Planned } from "../policies/planned.ts";
import { repository } from "../sandbox/layout.ts";

/** The folder of the policy pack. */
export const POLICY_PACK = join(repository, "policies");

/** What starts the pack for an engine; it takes the engine's address and the pack's path. */
const RUN_POLICY_PACK = createRequire(join(POLICY_PACK, "index.cjs")).resolve(
  "@pulumi/pulumi/cmd/run-policy-pack",
);

/** A policy pack that runs, as an engine has it. */
export interface RunningPack {
  /** The policies that are broken by a resource, each as `<policy>: <what is wrong>`. */
  analyze(resource: Planned): Promise<readonly string[]>;
  /** Names of the pack's policies. */
  policies(): Promise<readonly string[]>;
  close(): void;
}

/** Starts the pack with the genuine SDK, as the engine does, and speaks the engine's side of the protocol. */
export async function startPolicyPack(): Promise<RunningPack> {
  const child = spawn(process.execPath, [RUN_POLICY_PACK, "127.0.0.1:1", "."], {
    cwd: POLICY_PACK,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [port] = await once(child.stdout, "data");
  const client = new service.AnalyzerClient(`127.0.0.1:${String(port).trim()}`, credentials.createInsecure());
  return {
    analyze: ({ type, inputs }) =>
      new Promise((resolve, reject) => {
        const request = new messages.AnalyzeRequest();
        request.setType(type);
        request.setName("x");
        request.setOptions(new messages.AnalyzerResourceOptions());
        request.setUrn(`urn:pulumi:test::dask::${type}::x`);
        request.setProperties(
          structs.Struct.fromJavaScript(inputs as Parameters<typeof structs.Struct.fromJavaScript>[0]),
        );
        client.analyze(request, (error, response) => {
          if (error !== null) return reject(error);
          resolve(
            response.getDiagnosticsList().map((each) => `${each.getPolicyname()}: ${each.getMessage()}`),
          );
        });
      }),
    policies: () =>
      new Promise((resolve, reject) => {
        client.getAnalyzerInfo(new empty.Empty(), (error, info) =>
          error === null ? resolve(info.getPoliciesList().map((each) => each.getName())) : reject(error),
        );
      }),
    close: () => {
      client.close();
      child.kill();
    },
  };
}
