import { randomBytes, randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writePrivate } from "../../sandbox/files.ts";
import type { Layout } from "../../sandbox/layout.ts";
import { isFree } from "../../sandbox/ports.ts";

/** Where the state of a cloud is seen by its services, which have a root folder of their own. */
export const STATE = "/cloud";

/** The services that answer HTTP, by the program's name. */
export const HTTP_SERVICES = ["keystone", "glance", "nova", "neutron", "magnum-api"] as const;

/** What listens on a TCP port of 127.0.0.1; MariaDB listens on a socket in the cloud's folder. */
export type Listener = (typeof HTTP_SERVICES)[number] | "rabbitmq" | "rabbitmq-peers" | "epmd";

/** What a cloud has of its own; it never changes while the cloud exists. */
export interface Place {
  readonly ports: Readonly<Record<Listener, number>>;
  /** Password of every user of every service. */
  readonly password: string;
}

// Below the ranges from which systems lend ports to outgoing connections, and above those of the sandbox.
const FIRST = 30000;
const LAST = 31999;

/** The folder that the services see as `STATE`. */
export function stateFolder(layout: Layout): string {
  return join(layout.cluster, "state");
}

/** Where the driver and the control planes leave each other word of a cluster; a folder each. */
export function clustersFolder(layout: Layout): string {
  return join(stateFolder(layout), "clusters");
}

/** URL of a service as its users see it, without a path. */
export function urlOf({ ports }: Place, service: Listener): string {
  return `http://127.0.0.1:${ports[service]}`;
}

/** What this cloud remembers; chosen at its first start. Throws when no ports are free. */
export async function placeOf(layout: Layout): Promise<Place> {
  const known = rememberedPlace(layout);
  if (known !== undefined) return known;
  const listeners: Listener[] = [...HTTP_SERVICES, "rabbitmq", "rabbitmq-peers", "epmd"];
  const taken = new Set<number>();
  for (const _ of listeners) taken.add(await freePort(taken));
  const ports = Object.fromEntries(listeners.map((name, index) => [name, [...taken][index]]));
  const place = { ports, password: randomBytes(16).toString("hex") } as Place;
  writePrivate(layout.ports, JSON.stringify(place));
  return place;
}

/** What a cloud that was started here remembers; undefined where there is none. */
export function rememberedPlace(layout: Layout): Place | undefined {
  try {
    return JSON.parse(readFileSync(layout.ports, "utf8"));
  } catch {
    return undefined;
  }
}

async function freePort(taken: ReadonlySet<number>): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(FIRST, LAST + 1);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new Error(`No free port between ${FIRST} and ${LAST} on 127.0.0.1. Stop what occupies them.`);
}
