import { request } from "undici";
import { eventually } from "../eventually.ts";

/** What a page or an API answered, after redirects. */
export interface Page {
  readonly status: number;
  /** Path of the page that answered. */
  readonly path: string;
  readonly text: string;
}

interface Sent {
  readonly method: "GET" | "POST" | "DELETE";
  readonly headers: Record<string, string>;
  readonly body?: string;
}

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

const MOST_REDIRECTS = 20;
const SERVER_SECONDS = 180;
/** How long a page may take to begin and to go on. */
const ANSWER_MS = 60_000;

/** A person with a browser before a hub: it keeps cookies by path, follows redirects and fills in forms. */
export class Person {
  readonly name: string;
  /** Address of the hub, like `http://10.204.9.2`. */
  readonly hub: string;
  #cookies: readonly Cookie[] = [];

  constructor(hub: string, name: string) {
    this.hub = hub;
    this.name = name;
  }

  /** Path of this person's notebook server. */
  get server(): string {
    return `/user/${this.name}`;
  }

  /** Logs in by the hub's form; `in` when the page behind it opens. */
  async login(password: string): Promise<"in" | "refused"> {
    await this.visit("/hub/login");
    const path = "/hub/login?next=%2Fhub%2Fhome";
    const fields = new URLSearchParams({ username: this.name, password, _xsrf: this.xsrf(path) });
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const page = await this.#follow(path, { method: "POST", headers, body: fields.toString() });
    return page.status === 200 && page.path === "/hub/home" ? "in" : "refused";
  }

  /** Starts the notebook server and resolves when its JupyterLab is open. */
  async startServer(): Promise<void> {
    await this.visit(`/hub/spawn/${this.name}`);
    const { status, path, text } = await eventually(
      () => this.visit(`/hub/spawn-pending/${this.name}`),
      (page) => page.status >= 500 || page.path.startsWith(`${this.server}/`),
      SERVER_SECONDS,
    );
    if (status !== 200) throw new Error(`${path} answers ${status}: ${text.replace(/<[^>]*>|\s+/g, " ")}`);
  }

  /** Opens a page. */
  visit(path: string): Promise<Page> {
    return this.#follow(path, { method: "GET", headers: {} });
  }

  /** Calls an API of the hub or of the notebook server as its pages do; `body` is sent as JSON. */
  async call(
    method: Sent["method"],
    path: string,
    body?: unknown,
  ): Promise<{ status: number; json: unknown }> {
    const headers = { "x-xsrftoken": this.xsrf(path), "content-type": "application/json" };
    const page = await this.#follow(path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return {
      status: page.status,
      json: page.text.trimStart().startsWith("<") ? page.text : JSON.parse(page.text || "null"),
    };
  }

  /** What the browser sends as cookies to a path. */
  cookies(path: string): string {
    return this.#for(path)
      .map(({ name, value }) => `${name}=${value}`)
      .join("; ");
  }

  /** The token against forged requests that belongs to a path. */
  xsrf(path: string): string {
    return this.#for(path).find(({ name }) => name === "_xsrf")?.value ?? "";
  }

  async #follow(path: string, sent: Sent, redirects = 0): Promise<Page> {
    const url = new URL(path, this.hub);
    const { method, headers, body } = sent;
    // Not fetch(): its requests say that they come from a script, and to those the hub gives no token for its forms.
    const answer = await request(url, {
      method,
      headers: { ...headers, cookie: this.cookies(url.pathname) },
      headersTimeout: ANSWER_MS,
      bodyTimeout: ANSWER_MS,
      ...(body === undefined ? {} : { body }),
    });
    const { location, "set-cookie": lines = [] } = answer.headers;
    this.#keep([lines].flat(), url.pathname);
    const text = await answer.body.text();
    const elsewhere = answer.statusCode >= 300 && answer.statusCode < 400 && redirects < MOST_REDIRECTS;
    if (!elsewhere || typeof location !== "string")
      return { status: answer.statusCode, path: url.pathname, text };
    const next = new URL(location, url);
    return this.#follow(next.pathname + next.search, { method: "GET", headers: {} }, redirects + 1);
  }

  #keep(lines: readonly string[], page: string): void {
    for (const line of lines) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      const path = /;\s*path=([^;]+)/i.exec(line)?.[1] ?? page;
      const others = this.#cookies.filter((each) => each.name !== name || each.path !== path);
      this.#cookies = value.replace(/"/g, "") === "" ? others : [...others, { name, value, path }];
    }
  }

  /** The cookies for a path, those of the longest path first. */
  #for(path: string): readonly Cookie[] {
    const [pathname = ""] = path.split("?");
    return this.#cookies
      .filter((each) => `${pathname}/`.startsWith(each.path))
      .sort((a, b) => b.path.length - a.path.length);
  }
}
