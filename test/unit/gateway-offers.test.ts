import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseSettings } from "../../settings/parse.ts";
import { bytes } from "../../settings/quantities.ts";
import type { GatewayShapeSettings } from "../../settings/releases/dask-gateway.ts";
import { gatewaySizes } from "../../settings/releases/gateway-limits.ts";
import { problemsOf } from "./refusals.ts";

const GKE = { provider: "gke", project: "my-project", location: "europe-west1-b" };
const POOLS = { core: { machineType: "e2-standard-4", max: 3 } };

function file(own: object, nodePools: object = POOLS, cluster: object = GKE) {
  const hub = { kind: "dask-gateway", ...own };
  return { cluster: { ...cluster, nodePools }, releases: { hub } };
}

function offers(input: object) {
  const { hub } = parseSettings(input).releases;
  assert.ok(hub?.kind === "dask-gateway");
  const { workerCores, workerMemory } = gatewaySizes(hub);
  return { workerCores, workerMemory };
}

const WORKER = { worker: { cores: 3, memory: "10G" } };

test("users of a gateway may choose no worker that fits no node, where the settings name no largest one", () => {
  assert.deepEqual(offers(file(WORKER)), {
    workerCores: { min: 1, max: 3.4 },
    workerMemory: { min: 1e9, max: 13.2e9 },
  });
  const big = { ...POOLS, worker: { machineType: "n2-standard-64", max: 3 } };
  assert.deepEqual(offers(file(WORKER, big)), {
    workerCores: { min: 1, max: 12 },
    workerMemory: { min: 1e9, max: 40e9 },
  });
});

test("what one option is set to decides how much the other may be by default", () => {
  const mixed = {
    ...POOLS,
    worker: { machineType: "n2-standard-16", max: 3 },
    fat: { role: "worker", machineType: "n2-highmem-8", max: 3 },
  };
  const memory = (workerCores: object) =>
    offers(file({ ...WORKER, options: { workerCores } }, mixed)).workerMemory?.max ?? 0;
  assert.ok(memory({ max: 15 }) <= 64 * 1024 ** 3, "with 15 cores only the one with 64 GiB");
  assert.equal(memory({ max: 4 }), 40e9);
});

test("no choice stays none, and a usual worker that takes a node to the last byte is all there is", () => {
  const none = { options: { workerCores: false, workerMemory: false } };
  assert.deepEqual(offers(file({ ...WORKER, ...none })), { workerCores: undefined, workerMemory: undefined });
  const exact = { core: { machineType: "x9-odd-4", max: 1, resources: { cores: 3.45, memory: "9.95G" } } };
  const worker = { worker: { cores: 3.45, memory: "9.95G" } };
  assert.deepEqual(offers(file(worker, exact)), {
    workerCores: { min: 1, max: 3.45 },
    workerMemory: { min: 1e9, max: 9.95e9 },
  });
});

test("where nobody knows the nodes, the range follows from worker and limits alone", () => {
  const wide = { workerCores: { min: 1, max: 12 }, workerMemory: { min: 1e9, max: 40e9 } };
  assert.deepEqual(offers(file(WORKER, { ...POOLS, worker: { machineType: "x9-odd-4", max: 1 } })), wide);
  const existing = { cluster: { provider: "existing" }, releases: file(WORKER).releases };
  assert.deepEqual(offers(existing), wide);
  assert.deepEqual(offers(file(WORKER, {}, { ...GKE, existing: "team" })), wide);
});

test("a largest worker that fits no node is refused at its option, with the sizes that fit", () => {
  const asked = (options: object) => problemsOf(file({ ...WORKER, options }));
  const room = String.raw`more than a node has for it \(core 3\.47 cores and 13G\)`;
  const cores = asked({ workerCores: { max: 64 } });
  assert.equal(cores.length, 1);
  assert.match(
    cores[0] ?? "",
    /hub\.options\.workerCores\.max lets users ask for workers of 64 cores and 10G, more than a node has for it \(core 3\.47 cores and 13G\)/,
  );
  const both = asked({ workerCores: { max: 64 }, workerMemory: { max: "200G" } });
  assert.equal(both.length, 2, both.join("\n"));
  assert.match(
    both[1] ?? "",
    new RegExp(`workerMemory\\.max lets users ask for .* 3 cores and 200G, ${room}`),
  );
});

test("options that fit each for itself and not together are refused, because users may choose both", () => {
  const split = {
    ...POOLS,
    worker: { machineType: "n2-highcpu-16", max: 3 },
    fat: { role: "worker", machineType: "n2-highmem-4", max: 3 },
  };
  const options = { workerCores: { max: 15 }, workerMemory: { max: "25G" } };
  const [found, ...more] = problemsOf(file({ ...WORKER, options }, split));
  assert.match(found ?? "", /^dask:releases\.hub\.options lets users ask for workers of 15 cores and 25G/);
  assert.deepEqual(more, []);
});

test("a usual worker that fits no node is refused once, whatever the options would be", () => {
  assert.deepEqual(problemsOf(file({ worker: { cores: 8, memory: "32G" } })).length, 1);
});

test("whatever worker, limits and pools: what is accepted offers only workers that some node takes whole", () => {
  const size = {
    cores: fc.double({ min: 0.1, max: 8, noNaN: true }),
    memory: fc.integer({ min: 1, max: 64 }),
  };
  const sized = fc.record(size).map(({ cores, memory }) => ({ cores, memory: `${memory}G` }));
  const most = fc.option(sized, { nil: undefined });
  const pool = sized.map((resources) => ({ machineType: "x9-odd-4", max: 2, resources }));
  const pools = fc.record({ core: pool, worker: pool, fat: pool }, { requiredKeys: ["core"] });
  let accepted = 0;
  fc.assert(
    fc.property(sized, most, pools, (worker, max, { fat, ...rest }) => {
      const options =
        max === undefined ? {} : { workerCores: { max: max.cores }, workerMemory: { max: max.memory } };
      const nodePools = { ...rest, ...(fat && { fat: { ...fat, role: "worker" } }) };
      const input = file({ scheduler: { cores: 0.1, memory: "512M" }, worker, options }, nodePools);
      if (problemsOf(input).length > 0) return;
      accepted++;
      const { hub } = parseSettings(input).releases as Record<string, GatewayShapeSettings>;
      assert.ok(hub !== undefined);
      const { workerCores, workerMemory } = gatewaySizes(hub);
      const serving = [nodePools.worker, nodePools.fat].some(Boolean)
        ? [nodePools.worker, nodePools.fat]
        : [nodePools.core];
      const takes = serving.some(
        (each) =>
          each !== undefined &&
          each.resources.cores >= (workerCores?.max ?? 0) &&
          bytes(each.resources.memory) >= (workerMemory?.max ?? 0),
      );
      assert.ok(takes, JSON.stringify({ workerCores, workerMemory, nodePools }));
      assert.ok((workerCores?.max ?? 0) >= worker.cores);
    }),
    { numRuns: 400 },
  );
  assert.ok(accepted > 20, `${accepted} were accepted`);
});
