import { relative } from "node:path";
import { devProgram } from "../../sandbox/dev.ts";
import { layoutOf, openstackRoot as root } from "../../sandbox/layout.ts";
import { inWords } from "../../sandbox/obstacle.ts";
import { undestroyed } from "../../sandbox/report.ts";
import { DEV_STACK, destroyStack, runStack } from "../../sandbox/stack.ts";
import { useLogin } from "./bench.ts";
import { cloudExists, cloudObstacle, openrc, startCloud, stopCloud } from "./cloud.ts";
import { stackFile } from "./stack-files.ts";

type Print = (line: string) => void;

/**
 * `npm run sandbox -- --openstack`: OpenStack on this machine, and a stack `dev` with a release on a cluster that its
 * Magnum makes. Nodes are simulated, so nothing computes. Throws where this machine cannot do it.
 */
export async function upOnOpenstack(print: Print): Promise<void> {
  const obstacle = cloudObstacle();
  if (obstacle !== undefined) throw new Error(`No OpenStack here: ${inWords(obstacle)}.`);
  print("Sandbox: starting OpenStack on this machine");
  const cloud = await startCloud({ root, log: (line) => print(`  ${line}`) });
  useLogin(openrc(cloud.place));
  const { outputs } = await runStack(cloud, {
    stackName: DEV_STACK,
    config: await stackFile(DEV_STACK),
    program: devProgram,
    onOutput: (text) => process.stdout.write(text),
  });
  const env = relative(process.cwd(), layoutOf(root).env);
  print(
    [
      "",
      `Running:  OpenStack on this machine (127.0.0.1), state and logs in ${relative(process.cwd(), root)}/`,
      `Cluster:  ${DEV_STACK}, by Magnum; nodes are simulated, so nothing was computed`,
      `Release:  ${JSON.stringify(outputs.endpoints?.value)}`,
      `Look:     source ${env}            (then pulumi, or an openstack client of yours)`,
      `          pulumi stack output kubeconfig --show-secrets --stack ${DEV_STACK}`,
      "Down:     npm run sandbox:down       (destroys the stack, stops everything)",
    ].join("\n"),
  );
}

/** Destroys the stack on the cloud of this clone, unless `force`, and stops the cloud. Does nothing where there is none. */
export async function downFromOpenstack(force: boolean, print: Print): Promise<void> {
  if (!force && cloudExists(root)) {
    const cloud = await startCloud({ root, log: print });
    useLogin(openrc(cloud.place));
    try {
      await destroyStack(cloud, DEV_STACK, (text) => process.stdout.write(text));
    } catch (error) {
      throw undestroyed(error, root);
    }
  }
  await stopCloud({ root });
}
