import { DOMAIN } from "./configuration.ts";
import { type Listener, type Place, urlOf } from "./place.ts";

/** Path before those of a service's own documentation. */
const PREFIXES = {
  keystone: "/v3",
  glance: "/v2",
  nova: "/v2.1",
  neutron: "/v2.0",
  "magnum-api": "/v1",
} as const satisfies Partial<Record<Listener, string>>;

/** A service that can be asked. */
export type Service = keyof typeof PREFIXES;

/** Who logs in, and to what. */
export interface Login {
  readonly user: string;
  readonly project: string;
}

/** A login of one user. */
export interface Api {
  /** Id of the user. */
  readonly userId: string;
  /** One request; answers the parsed body. Throws with the service's words where it refuses. */
  call(service: Service, method: string, path: string, body?: unknown): Promise<Record<string, unknown>>;
  /** All things of a collection, like `("nova", "flavors")`. */
  list(service: Service, path: string): Promise<Thing[]>;
}

/** Something with a name, as every service lists it. */
export interface Thing {
  readonly id: string;
  readonly name: string;
  readonly [key: string]: unknown;
}

/** Logs in with the cloud's one password. */
export async function logIn(place: Place, { user, project }: Login): Promise<Api> {
  const { password } = place;
  const domain = { name: DOMAIN };
  const auth = {
    identity: { methods: ["password"], password: { user: { name: user, domain, password } } },
    scope: { project: { name: project, domain } },
  };
  const answer = await ask(`${urlOf(place, "keystone")}/v3/auth/tokens`, "POST", {}, { auth });
  const { token } = (await answer.json()) as { token: { user: { id: string } } };
  const headers = {
    "X-Auth-Token": answer.headers.get("X-Subject-Token") ?? "",
    // The first with all that node groups can be.
    "OpenStack-API-Version": "container-infra 1.10",
  };
  const call: Api["call"] = async (service, method, path, body) => {
    const url = `${urlOf(place, service)}${PREFIXES[service]}/${path}`;
    const text = await (await ask(url, method, headers, body)).text();
    return text === "" ? {} : JSON.parse(text);
  };
  return {
    userId: token.user.id,
    call,
    list: async (service, path) => {
      const [things] = Object.values(await call(service, "GET", path)).filter(Array.isArray);
      return things as Thing[];
    },
  };
}

async function ask(
  url: string,
  method: string,
  headers: Record<string, string>,
  body: unknown,
): Promise<Response> {
  // Only an image comes as it is.
  const raw = body instanceof Uint8Array;
  const answer = await fetch(url, {
    method,
    headers: { ...headers, "Content-Type": raw ? "application/octet-stream" : "application/json" },
    ...(body === undefined ? {} : { body: raw ? new Uint8Array(body) : JSON.stringify(body) }),
  });
  if (answer.ok) return answer;
  throw new Error(`${method} ${url} was answered ${answer.status}: ${await answer.text()}`);
}
