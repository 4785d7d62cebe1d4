import { request } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";

/** How the sandbox itself speaks to its API server. */
export interface Access {
  readonly port: number;
  /** Certificate to trust, PEM. */
  readonly ca: string;
  readonly token: string;
}

/** What the API server answered; `body` is parsed JSON, or the text where it is none. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const REQUEST_TIMEOUT_MS = 30_000;

/**
 * One request to the API server; `body` is sent as JSON, a PATCH as server-side apply.
 * Rejects when the server does not answer within half a minute; an HTTP error status is an answer.
 */
export function call(access: Access, method: string, path: string, body?: unknown): Promise<Answer> {
  const type = method === "PATCH" ? "application/apply-patch+yaml" : "application/json";
  return new Promise((resolve, reject) => {
    const sent = request({
      host: "127.0.0.1",
      port: access.port,
      path,
      method,
      ca: access.ca,
      timeout: REQUEST_TIMEOUT_MS,
      headers: { Authorization: `Bearer ${access.token}`, "Content-Type": type, Accept: "application/json" },
    });
    sent.once("timeout", () => sent.destroy(new Error("The API server did not answer in time.")));
    sent.once("error", reject);
    sent.once("response", (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.once("error", reject);
      response.once("end", () => {
        resolve({ status: response.statusCode ?? 0, body: parse(Buffer.concat(parts).toString()) });
      });
    });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Creates or updates one object by server-side apply at its own `path`. Throws when the server refuses. */
export async function apply(access: Access, path: string, object: unknown): Promise<void> {
  const answer = await call(access, "PATCH", `${path}?fieldManager=sandbox&force=true`, object);
  if (answer.status >= 300) {
    throw new Error(`The API server refused ${path} (${answer.status}): ${JSON.stringify(answer.body)}`);
  }
}

/** Whether a GET of `path` succeeds now and its body passes `check` (default: any). Never rejects. */
export async function answers(
  access: Access,
  path: string,
  check: (body: unknown) => boolean = () => true,
): Promise<boolean> {
  try {
    const { status, body } = await call(access, "GET", path);
    return status === 200 && check(body);
  } catch {
    return false;
  }
}

/** Asks `done` every 50 ms until it is true; false after `timeoutMs`. */
export async function until(done: () => Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const end = Date.now() + timeoutMs;
  while (Date.now() < end) {
    if (await done()) return true;
    await sleep(50);
  }
  return false;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
