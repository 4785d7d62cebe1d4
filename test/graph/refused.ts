import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { deploy } from "../../deploy.ts";
import { parseSettings } from "../../settings/parse.ts";
import type { Calls } from "./mock-engine.ts";

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
