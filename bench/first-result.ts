import { join } from "node:path";
import { cloneProject, must } from "./contenders.ts";
import type { Ring } from "./figures.ts";
import { type Cost, measure } from "./measure.ts";
import { configOf, onRealNodes, type Workload } from "./workloads.ts";

/**
 * What it costs from an empty namespace to the first result that Dask computed, run by run: the first `up` with its
 * smoke test, which fails unless every worker took part. Nodes must be real.
 */
export async function firstResult(ring: Ring, workload: Workload): Promise<readonly Cost[]> {
  const folder = join(ring.sandbox.root, "bench", `${workload.name}-computes`);
  const project = await cloneProject(ring.sandbox, folder);
  try {
    project.configure(configOf(onRealNodes(workload), { genuine: ring.genuine, smokeTest: true }));
    const costs: Cost[] = [];
    for (let round = 1; round <= ring.rounds; round++) {
      const cost = await measure(project.command("up", "--yes", "--skip-preview"));
      ring.log(
        `${workload.name}, round ${round} of ${ring.rounds}, first result: ${cost.seconds.toFixed(1)} s`,
      );
      costs.push(cost);
      await must(project.command("destroy", "--yes", "--skip-preview"));
    }
    return costs;
  } finally {
    await project.close();
  }
}
