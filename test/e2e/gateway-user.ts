import { readFileSync } from "node:fs";
import type { Bench } from "../stack/sandbox.ts";
import { IDLE, pythonPod } from "./node.ts";

/** The image of gateway clusters and their clients. */
export const IMAGE = "ghcr.io/dask/dask-gateway:2026.3.0";

/** The pod of a user, in the namespace `clients`. */
export const userPod = pythonPod("clients", "ada", IDLE, { container: { image: IMAGE } });

/** Takes one step of `gateway_user.py` as a user who knows a password, or does not. */
export type GatewayUser = <T>(step: string, ...args: unknown[]) => Promise<T>;

const PROGRAM = readFileSync(new URL("gateway_user.py", import.meta.url), "utf8");

/** A user in the pod `ada`, who comes through the load balancer. */
export function gatewayUser({ kubectl }: Bench, gateway: string, password: string): GatewayUser {
  return async (step, ...args) => {
    const words = [gateway, password, step, ...args.map((each) => JSON.stringify(each))];
    return JSON.parse(await kubectl("exec", "-n", "clients", "ada", "--", "python", "-c", PROGRAM, ...words));
  };
}

/** What came of an order. */
export interface Ordered {
  readonly name: string;
  /** Why there is no cluster. */
  readonly refused?: string;
  /** What the gateway said of the number of workers. */
  readonly said: readonly string[];
  readonly workers: readonly {
    readonly pod: string;
    readonly threads: number;
    readonly memory: number;
    readonly cores: number;
  }[];
  readonly sum: number;
}
