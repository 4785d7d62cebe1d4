import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import * as pulumi from "@pulumi/pulumi";
import { deploy } from "../../deploy.ts";
import { readSettings } from "../../settings/read.ts";
import { cloudCalls, cloudStates, duplicateNames } from "../graph/clouds.ts";
import { withEnvironment } from "../graph/environment.ts";
import { type Registered, type Run, run } from "../graph/mock-engine.ts";
import { faultsOfWords, SECRET } from "./judge.ts";
import type { StackFile } from "./mutations.ts";

/** What became of a stack file in the whole program. */
export type Outcome = "planned" | "refused";

/** A cluster that is there already, as far as the program asks it: one namespace and no objects. */
export async function withApiServer<Result>(body: (kubeconfig: string) => Promise<Result>): Promise<Result> {
  const server = createServer((request, response) => {
    const known = request.url === "/api/v1/namespaces/kube-system";
    response.statusCode = known ? 200 : 404;
    response.end(known ? JSON.stringify({ metadata: { uid: "uid-of-the-test" } }) : "{}");
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  try {
    return await body(kubeconfigOf(server));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function kubeconfigOf(server: Server): string {
  const { port } = server.address() as AddressInfo;
  return JSON.stringify({
    clusters: [{ name: "test", cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: "test", user: {} }],
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    "current-context": "test",
  });
}

/** Milliseconds that the program may take for one file. */
const PATIENCE_MS = 120_000;

/**
 * Runs the program on a stack file under mocks, configuration and all.
 *
 * @throws Error where it neither plans nor refuses before anything is registered, or takes too long
 */
export async function plan(file: StackFile, kubeconfig: string): Promise<Outcome> {
  pulumi.runtime.setAllConfig(configOf(file, kubeconfig), ["dask:secrets"]);
  const failures: unknown[] = [];
  // A program that fails under mocks leaves promises behind that nobody can wait for.
  const program = async () => {
    try {
      return { ...(await deploy(readSettings())) };
    } catch (error) {
      failures.push(error);
      return {};
    }
  };
  let made: Run | undefined;
  await withEnvironment(NOBODYS, async () => {
    made = await withDeadline(run(program, { states: cloudStates, calls: cloudCalls }));
  });
  if (made === undefined) throw new Error("the program did not run");
  const [failure] = failures;
  return failure === undefined ? planned(made) : refused(failure, made, file);
}

/** A file that names no kubeconfig must not lead to the cluster of whoever runs the tests. */
const NOBODYS = { KUBECONFIG: "/no/such/kubeconfig" };

function planned(made: Run): "planned" {
  const twice = duplicateNames(made);
  if (twice.length > 0) throw new Error(`registered twice: ${twice.join(", ")}`);
  return "planned";
}

/** A refusal names keys and remedies, and comes before anything but the stack itself is registered. */
function refused(failure: unknown, { resources }: Run, file: StackFile): "refused" {
  if (!pulumi.RunError.isInstance(failure)) throw failure;
  const made = resources.filter((each) => !isBeforeRefusals(each)).map(({ urn }) => urn);
  if (made.length > 0) throw new Error(`refused after ${made.join(", ")}: ${failure.message}`);
  const faults = faultsOfWords(failure.message, file);
  if (faults.length > 0) throw new Error(`${faults.join("\n")}\nof\n${failure.message}`);
  return "refused";
}

/** The stack itself, and the one provider that reads charts and knows no cluster. */
function isBeforeRefusals({ type, name }: Registered): boolean {
  return type === "pulumi:pulumi:Stack" || (type === "pulumi:providers:kubernetes" && name === "charts");
}

/** What the engine hands to the program: text as it is, everything else as JSON. */
function configOf(file: StackFile, kubeconfig: string): Record<string, string> {
  const entries = Object.entries(file).map(([key, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    const escaped = JSON.stringify(kubeconfig).slice(1, -1);
    return [`dask:${key}`, text.replace(`"kubeconfig":"${SECRET}"`, `"kubeconfig":"${escaped}"`)];
  });
  return { "aws:region": "eu-central-1", "gcp:project": "my-project", ...Object.fromEntries(entries) };
}

async function withDeadline<Result>(running: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it took more than ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  try {
    return await Promise.race([running, late]);
  } finally {
    clearTimeout(timer);
  }
}
