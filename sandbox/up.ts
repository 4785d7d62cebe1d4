import { parseArgs } from "node:util";
import { chosenCharts, genuineCharts, withStandIns } from "./charts.ts";
import { devConfig, devProgram } from "./dev.ts";
import { imageSetsFor } from "./images/images.ts";
import { defaultRoot, openstackRoot, repository } from "./layout.ts";
import { exposedHere } from "./node/exposed.ts";
import { realNodeObstacle } from "./node/prerequisites.ts";
import { inWords } from "./obstacle.ts";
import { failure, summary } from "./report.ts";
import { existingNodes, type Nodes, startSandbox } from "./sandbox.ts";
import { DEV_STACK, runStack } from "./stack.ts";

// npm run sandbox [-- --nodes simulated|real]: Kubernetes on this machine and the stack `dev` on it.
// npm run sandbox -- --openstack: OpenStack on this machine, and the stack on a cluster of its Magnum.

const print = (line: string) => console.log(line);

const { nodes: wantedNodes, openstack } = parseArgs({
  options: { nodes: { type: "string" }, openstack: { type: "boolean", default: false } },
}).values;

function readNodes(nodes = wantedNodes): Nodes {
  if (nodes === "simulated" || nodes === "real") return nodes;
  if (nodes !== undefined) throw new Error(`--nodes is "${nodes}"; it can be simulated or real.`);
  const existing = existingNodes();
  if (existing === undefined) return bestNodes();
  print(`Nodes are ${existing}, because this sandbox was started with such; npm run sandbox:down ends it.`);
  return existing;
}

/** A real node where this machine can have one; says so where it cannot. */
function bestNodes(): Nodes {
  const obstacle = realNodeObstacle(defaultRoot);
  if (obstacle === undefined) return "real";
  print(`Nodes are simulated: for a real one, ${inWords(obstacle)}. Nothing will be computed.`);
  return "simulated";
}

async function up(): Promise<void> {
  const start = Date.now();
  const seconds = () => (Date.now() - start) / 1000;
  const nodes = readNodes();
  // The stack file speaks of paths as seen from the top of the repository.
  process.chdir(repository);
  const genuine = await genuineCharts();
  const plain = genuine ? devConfig() : withStandIns(devConfig());
  const config = nodes === "real" ? exposedHere(plain) : plain;
  print(
    `Sandbox: starting Kubernetes on this machine, with ${nodes === "real" ? "a real node" : "simulated nodes"}`,
  );
  const images = imageSetsFor(config);
  const sandbox = await startSandbox({ nodes, images, log: (line) => print(`  ${line}`) });
  print(`Sandbox: ready after ${seconds().toFixed(1)} s. Now pulumi up of the stack ${DEV_STACK}.`);
  const { summary: done, outputs } = await runStack(sandbox, {
    stackName: DEV_STACK,
    config,
    program: devProgram,
    onOutput: (text) => process.stdout.write(text),
  });
  const changes = done.resourceChanges ?? {};
  print(
    summary({
      sandbox,
      stackName: DEV_STACK,
      genuine,
      chosen: chosenCharts(),
      changes,
      endpoints: outputs.endpoints?.value,
      smokeTests: Object.keys(outputs.smokeTest?.value ?? {}),
      seconds: seconds(),
    }),
  );
}

async function upOnOpenstack(): Promise<void> {
  if (wantedNodes !== undefined && wantedNodes !== "simulated")
    throw new Error(`--nodes is "${wantedNodes}"; with --openstack nodes are simulated.`);
  // The cloud is one of the tests, and nobody else waits for it to load.
  await (await import("../test/openstack/up.ts")).upOnOpenstack(print);
}

try {
  if (openstack) await upOnOpenstack();
  else await up();
} catch (error) {
  console.error(failure(error, openstack ? openstackRoot : defaultRoot));
  process.exitCode = 1;
}
