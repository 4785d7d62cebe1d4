import { deploy } from "../../deploy.ts";
import { startSandbox } from "../../sandbox/sandbox.ts";
import { runStack } from "../../sandbox/stack.ts";
import { readSettings } from "../../settings/read.ts";

// node up.ts <sandbox> <stack> <config as JSON> [<backend>]: `pulumi up` in a process of its own, so that a test can kill
// it. The backend is the sandbox's unless another is named.

const [root = "", stackName = "", config = "{}", backend] = process.argv.slice(2);

const sandbox = await startSandbox({ root });
const env = { ...sandbox.env, ...(backend === undefined ? {} : { PULUMI_BACKEND_URL: backend }) };
try {
  await runStack(
    { ...sandbox, env },
    {
      stackName,
      config: JSON.parse(config),
      program: async () => ({ ...(await deploy(readSettings())) }),
      onOutput: (text) => process.stdout.write(text),
    },
  );
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
