import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { deploy } from "../../deploy.ts";
import { parseSettings } from "../../settings/parse.ts";
import type { Calls, Run, States } from "./mock-engine.ts";

/**
 * Runs a program that must not go on and answers its message; fails where it goes on, or has registered anything.
 *
 * A cloud's provider may stand: it says where to ask, and makes nothing.
 */
export async function refused(input: object, calls: Calls = {}): Promise<string> {
  const registered: string[] = [];
  const mocks: pulumi.runtime.Mocks = {
    newResource: ({ type, name, inputs }) => {
      registered.push(`${type} ${name}`);
      return { id: `${name}-id`, state: inputs };
    },
    call: ({ token, inputs }) => calls[token]?.(inputs) ?? inputs,
  };
  await pulumi.runtime.setMocks(mocks, "dask", "test", false, "organization");
  const error = await Promise.resolve()
    .then(() => deploy(parseSettings(input)))
    .then(
      () => assert.fail("it was accepted"),
      (reason: unknown) => reason,
    );
  await pulumi.runtime.disconnect();
  assert.ok(error instanceof Error);
  assert.deepEqual(
    registered.filter((each) => !each.startsWith("pulumi:providers:")),
    [],
    "nothing is created",
  );
  return error.message;
}

/**
 * Runs a program on a cluster that is there already and must not be touched; answers the error by which it stops.
 *
 * @param program is to be run with these states
 * @param untouched types of which nothing may be made
 */
export async function refusedChange(
  program: (states: States) => Promise<Run>,
  states: States,
  untouched: readonly string[],
): Promise<string> {
  const made: string[] = [];
  const recorded = (type: string) => (name: string) => {
    made.push(`${type} ${name}`);
    return {};
  };
  const recording = Object.fromEntries(untouched.map((type) => [type, recorded(type)]));
  const error = await firstRejection(() => program({ ...states, ...recording }));
  assert.deepEqual(made, []);
  return error instanceof Error ? error.message : String(error);
}

/** The error by which a program ends; what hangs on a refused cluster never comes, so the program itself never does. */
async function firstRejection(program: () => Promise<unknown>): Promise<unknown> {
  const errors: unknown[] = [];
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  try {
    await new Promise<void>((stopped, failed) => {
      const keep = (error: unknown) => stopped(void errors.push(error));
      process.on("unhandledRejection", keep);
      program().then(() => failed(new Error("it was accepted")), keep);
    });
    // It comes again for each thing that hangs on the cluster.
    for (let known = 0; known < errors.length; ) {
      known = errors.length;
      await setImmediate();
    }
    return errors[0];
  } finally {
    process.removeAllListeners("unhandledRejection");
    for (const listener of others) process.on("unhandledRejection", listener);
  }
}
