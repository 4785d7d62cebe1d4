import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { WebSocket } from "undici";
import type { Person } from "./hub-person.ts";

/** Runs Python in a kernel of a notebook and answers what it prints; throws with its traceback. */
export type RunCode = (code: string) => Promise<string>;

/** Seconds that one piece of code may take: the first one waits for the workers of a new Dask cluster. */
const CODE_SECONDS = 300;
/** Seconds until a kernel's websocket must be open. */
const OPEN_SECONDS = 60;

/** Starts a kernel in a person's notebook server, hands it to `body` over its websocket, and ends it. */
export async function withKernel<T>(person: Person, body: (run: RunCode) => Promise<T>): Promise<T> {
  const kernels = `${person.server}/api/kernels`;
  const { status, json } = await person.call("POST", kernels, { name: "python3" });
  assert.equal(status, 201, JSON.stringify(json));
  const kernel = `${kernels}/${(json as { id: string }).id}`;
  const socket = await connect(person, `${kernel}/channels`);
  try {
    return await body((code) => execute(socket, code));
  } finally {
    socket.close();
    await person.call("DELETE", kernel);
  }
}

async function connect(person: Person, path: string): Promise<WebSocket> {
  const url = `${person.hub.replace(/^http/, "ws")}${path}?_xsrf=${encodeURIComponent(person.xsrf(path))}`;
  const socket = new WebSocket(url, { headers: { cookie: person.cookies(path) } });
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", ({ message }) => reject(new Error(`${path}: ${message}`)));
    AbortSignal.timeout(OPEN_SECONDS * 1000).addEventListener("abort", () => {
      reject(new Error(`${path} has not opened within ${OPEN_SECONDS} s`));
      if (socket.readyState === WebSocket.CONNECTING) socket.close();
    });
  });
  return socket;
}

/** A message of Jupyter's protocol, as far as it is looked at here. */
interface Message {
  readonly msg_type: string;
  readonly parent_header: { readonly msg_id?: string };
  readonly content: {
    readonly text?: string;
    readonly execution_state?: string;
    readonly traceback?: readonly string[];
  };
}

function execute(socket: WebSocket, code: string): Promise<string> {
  const id = randomUUID();
  return new Promise((resolve, reject) => {
    let printed = "";
    const listening = new AbortController();
    const { signal } = listening;
    const timer = setTimeout(
      () =>
        end(() => reject(new Error(`still at work after ${CODE_SECONDS} s; printed: ${printed}\n${code}`))),
      CODE_SECONDS * 1000,
    );
    const end = (act: () => void) => {
      clearTimeout(timer);
      listening.abort();
      act();
    };
    socket.addEventListener(
      "message",
      ({ data }) => {
        const { msg_type, parent_header, content }: Message = JSON.parse(String(data));
        if (parent_header.msg_id !== id) return;
        if (msg_type === "stream") printed += content.text ?? "";
        if (msg_type === "error") end(() => reject(new Error(content.traceback?.join("\n"))));
        if (msg_type === "status" && content.execution_state === "idle") end(() => resolve(printed.trim()));
      },
      { signal },
    );
    socket.addEventListener("close", () => end(() => reject(new Error(`closed; printed: ${printed}`))), {
      signal,
    });
    socket.send(JSON.stringify(request(id, code)));
  });
}

function request(id: string, code: string): object {
  const header = { msg_id: id, msg_type: "execute_request", session: id, username: "", version: "5.3" };
  const content = { code, silent: false, store_history: false, allow_stdin: false, user_expressions: {} };
  return { header, parent_header: {}, metadata: {}, channel: "shell", content };
}
