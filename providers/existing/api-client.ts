import { execFile } from "node:child_process";
import type { IncomingHttpHeaders } from "node:http";
import { request as requestTls } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { z } from "zod";
import { UserError } from "../../settings/problems.ts";
import { type KubeContext, readText } from "./kubeconfig.ts";

/** What the API server says of an object: here it is, there is none, or this user may not see it. */
export type Answer =
  | { readonly kind: "found"; readonly object: unknown }
  | { readonly kind: "absent" }
  | { readonly kind: "forbidden" };

/** Reads objects of a Kubernetes API server: as much as the checks before a run need. */
export interface ApiClient {
  /** The API server's URL. */
  readonly server: string;
  /** Asks for the object at an API path, like `/api/v1/namespaces/default`, in the form that the headers ask for. */
  get(path: string, headers?: Headers): Promise<Answer>;
}

// Not by `import`: that reads everything which the module exports, and with it loads a client for WebSockets (30 ms).
const { request: requestPlain } = process.getBuiltinModule("node:http");

type Headers = Readonly<Record<string, string>>;

/** Asks for a list with the metadata of its objects alone: the contents of Secrets stay where they are. */
export const METADATA_ONLY: Headers = {
  Accept: "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json",
};

/** Also reads what is no object, and deletes: what mends a cluster needs more than what looks at it. */
export interface ApiEditor extends ApiClient {
  /** Asks for a text, like the log of a container; `undefined` where there is none or this user may not see it. */
  text(path: string): Promise<string | undefined>;
  /** Deletes the object at an API path and what it owns, which goes first; one that is gone already is no error. */
  remove(path: string): Promise<void>;
}

/** A cluster that does not answer, or refuses the user; the message names the server and the remedy. */
export class ApiError extends UserError {}

/** How long a cluster may take to answer, in milliseconds. */
const TIMEOUT_MS = 10_000;

const execCredential = z.object({
  status: z.object({
    token: z.string().optional(),
    clientCertificateData: z.string().optional(),
    clientKeyData: z.string().optional(),
  }),
});

interface Credentials {
  readonly token?: string | undefined;
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
}

/** Connects to the cluster of a context, running its credential plugin where it has one. */
export async function connect(context: KubeContext): Promise<ApiEditor> {
  const { cluster } = context;
  const credentials = await credentialsOf(context);
  const options = {
    ca: decoded(cluster["certificate-authority-data"]),
    rejectUnauthorized: cluster["insecure-skip-tls-verify"] !== true,
    servername: cluster["tls-server-name"],
    cert: credentials.cert,
    key: credentials.key,
    headers: credentials.token === undefined ? {} : { Authorization: `Bearer ${credentials.token}` },
    timeout: TIMEOUT_MS,
  };
  const { server } = cluster;
  return {
    server,
    get: (path, headers) => get(server, path, { ...options, headers: { ...options.headers, ...headers } }),
    text: (path) => text(server, path, options),
    remove: (path) => remove(server, path, options),
  };
}

async function text(server: string, path: string, options: object): Promise<string | undefined> {
  const { status, body } = await fetchText(server, path, options);
  return status < 400 ? body : undefined;
}

async function remove(server: string, path: string, options: object): Promise<void> {
  // A Job would leave its pods.
  const all = `${path}?propagationPolicy=Foreground`;
  const { status } = await fetchText(server, all, { ...options, method: "DELETE" });
  if (status < 400 || status === 404) return;
  const reason =
    status === 403 ? "this user may not (403); ask for the right to delete it" : `it answered ${status}`;
  throw new ApiError(`${server} does not delete ${path}: ${reason}`);
}

async function get(server: string, path: string, options: object): Promise<Answer> {
  const { status, body } = await fetchText(server, path, options);
  if (status === 401) {
    throw new ApiError(`${server} does not accept the kubeconfig's user (401); renew its credentials`);
  }
  if (status === 403) return { kind: "forbidden" };
  if (status === 404) return { kind: "absent" };
  if (status >= 400) throw new ApiError(`${server}${path} answered ${status}; look at the cluster`);
  return { kind: "found", object: parsed(body, server + path) };
}

function parsed(body: string, url: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new ApiError(`${url} answered what is no JSON; check the server in the kubeconfig`);
  }
}

interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  /** Seconds after which a server that is busy wants to be asked again. */
  readonly retryAfter: number;
}

/** How often a busy server is asked. */
const TRIES = 10;

/** Asks again where the server says so: it is busy, or has only just learnt of the kind of the objects. */
async function fetchText(server: string, path: string, options: object): Promise<HttpAnswer> {
  for (let tries = 1; ; tries++) {
    const answer = await fetchOnce(server, path, options);
    if (answer.status !== 429 || tries === TRIES) return answer;
    await sleep(answer.retryAfter * 1000);
  }
}

function fetchOnce(server: string, path: string, options: object): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string) =>
      reject(
        new ApiError(
          `the cluster at ${server} does not answer (${reason}); start it, or name another in dask:cluster`,
        ),
      );
    const url = new URL(server.replace(/\/$/, "") + path);
    const call = (url.protocol === "http:" ? requestPlain : requestTls)(url, options, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        body += chunk;
      });
      // A connection that breaks off in the middle: the request has no error then, and there is no end.
      response.on("error", (error) => fail(error.message));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body, retryAfter: secondsOf(response.headers) }),
      );
    });
    call.on("timeout", () => call.destroy(new Error(`no answer in ${TIMEOUT_MS / 1000} s`)));
    call.on("error", (error) => fail(error.message));
    call.end();
  });
}

function secondsOf({ "retry-after": wanted = "1" }: IncomingHttpHeaders): number {
  const seconds = Number(wanted);
  return seconds >= 0 && seconds <= LONGEST_S ? seconds : LONGEST_S;
}

/** The longest that a busy server may have us wait, in seconds; a date or nonsense waits as long. */
const LONGEST_S = 5;

function decoded(data?: string): Buffer | undefined {
  return data === undefined ? undefined : Buffer.from(data, "base64");
}

async function credentialsOf({ user, name }: KubeContext): Promise<Credentials> {
  if (user.exec !== undefined) return runPlugin(user.exec, name);
  return {
    token: user.token ?? (user.tokenFile === undefined ? undefined : readText(user.tokenFile).trim()),
    cert: decoded(user["client-certificate-data"]),
    key: decoded(user["client-key-data"]),
  };
}

async function runPlugin(
  plugin: NonNullable<KubeContext["user"]["exec"]>,
  context: string,
): Promise<Credentials> {
  const extra = Object.fromEntries((plugin.env ?? []).map(({ name, value }) => [name, value]));
  const info = JSON.stringify({
    apiVersion: plugin.apiVersion,
    kind: "ExecCredential",
    spec: { interactive: false },
  });
  const env = { ...process.env, ...extra, KUBERNETES_EXEC_INFO: info };
  try {
    const { stdout } = await promisify(execFile)(plugin.command, plugin.args ?? [], { env, timeout: 30_000 });
    const { status } = execCredential.parse(JSON.parse(stdout));
    return { token: status.token, cert: status.clientCertificateData, key: status.clientKeyData };
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    const reason = missing ? "is not on PATH; install it" : "failed; run it by hand to see why";
    throw new ApiError(`the credential plugin ${plugin.command} of context ${context} ${reason}`);
  }
}
