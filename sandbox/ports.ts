import { randomInt } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { Layout } from "./layout.ts";

/** The TCP ports of one sandbox, all on 127.0.0.1. etcd listens on sockets in a private folder instead. */
export interface Ports {
  readonly apiServer: number;
}

// Below the ranges from which systems lend ports to outgoing connections, and below Kubernetes' node ports.
const FIRST = 20000;
const LAST = 29999;

/** The ports this sandbox remembers; undefined at its first start. */
export function readPorts(layout: Layout): Ports | undefined {
  try {
    const { apiServer } = JSON.parse(readFileSync(layout.ports, "utf8"));
    return Number.isInteger(apiServer) ? { apiServer } : undefined;
  } catch {
    return undefined;
  }
}

/** Chooses free ports and remembers them. Throws when a hundred random ones are all taken. */
export async function choosePorts(layout: Layout): Promise<Ports> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const apiServer = randomInt(FIRST, LAST + 1);
    if (!(await isFree(apiServer))) continue;
    writeFileSync(layout.ports, JSON.stringify({ apiServer }));
    return { apiServer };
  }
  throw new Error(
    `No free port between ${FIRST} and ${LAST} on 127.0.0.1. Stop what occupies them and try again.`,
  );
}

/** Whether nothing listens on `port` of 127.0.0.1. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
