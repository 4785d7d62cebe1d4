import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { openstackRoot } from "./layout.ts";
import { failure, undestroyed } from "./report.ts";
import { sandboxExists, startSandbox, stopSandbox } from "./sandbox.ts";
import { DEV_STACK, destroyStack } from "./stack.ts";

// npm run sandbox:down [-- --force]: destroys the stack `dev`, then stops everything and removes .sandbox/.

const print = (line: string) => console.log(line);

async function down(): Promise<void> {
  const { force } = parseArgs({ options: { force: { type: "boolean", default: false } } }).values;
  if (existsSync(openstackRoot)) {
    const { downFromOpenstack } = await import("../test/openstack/up.ts");
    await downFromOpenstack(force, print);
  }
  if (!force && sandboxExists()) await destroy();
  await stopSandbox({ log: print });
  print("Sandbox: stopped, nothing is left of it.");
}

async function destroy(): Promise<void> {
  // After a reboot its processes are gone, but its data and the stack are not.
  const sandbox = await startSandbox({ log: print });
  try {
    await destroyStack(sandbox, DEV_STACK, (text) => process.stdout.write(text));
  } catch (error) {
    throw undestroyed(error);
  }
}

try {
  await down();
} catch (error) {
  console.error(failure(error));
  process.exitCode = 1;
}
