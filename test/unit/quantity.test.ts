import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { daskValues } from "../../components/dask/values.ts";
import { gatewayValues } from "../../components/dask-gateway/values.ts";
import { notebookEnvironment, operatorValues } from "../../components/dask-operator/values.ts";
import { resources } from "../../components/hub/pod-sizes.ts";
import { canonicalCores, canonicalMemory } from "../../components/quantity.ts";
import { bytes, memory } from "../../settings/quantities.ts";
import { dask } from "../../settings/releases/dask.ts";
import { daskGateway } from "../../settings/releases/dask-gateway.ts";
import { daskOperator } from "../../settings/releases/dask-operator.ts";

const nowhere = { nodeSelector: {}, tolerations: [] };

test("quantities are written as Kubernetes writes them back, so that no up sees a change", () => {
  assert.deepEqual(["1G", "1.5G", "1000M", "0.5T", "512K"].map(canonicalMemory), [
    "1G",
    "1500M",
    "1G",
    "500G",
    "512k",
  ]);
  assert.deepEqual([1, 0.5, 2.25, 0.0001].map(canonicalCores), ["1", "500m", "2250m", "1m"]);
});

test("the remedy for a refused size is one that the schema takes", () => {
  const remedy = (input: unknown) =>
    /write (\S+)$/.exec(memory.safeParse(input).error?.issues[0]?.message ?? "")?.[1];
  assert.deepEqual(["0.5G", "0.07T", "0.0015Gi", "0.2K", "0G", "007M", "4GB", 4, 0.5, "much"].map(remedy), [
    "500M",
    "70G",
    "1.5M",
    "1K",
    "4G",
    "7M",
    "4G",
    "4G",
    "500M",
    "4G",
  ]);
  const unit = fc.constantFrom("", "K", "M", "G", "T", "Mi", "gb");
  const refused = fc
    .tuple(fc.double({ min: 0, noNaN: true }), unit)
    .map((each) => each.join(""))
    .filter((each) => !memory.safeParse(each).success);
  fc.assert(fc.property(refused, (each) => memory.safeParse(remedy(each)).success));
});

test("every size that the schema takes is one for Kubernetes, of as many bytes", () => {
  const number = fc.oneof(
    fc.integer({ min: 1, max: 9999 }).map(String),
    fc.constantFrom("1.5", "2.25", "1.1"),
  );
  const size = fc.tuple(number, fc.constantFrom("K", "M", "G", "T")).map((each) => each.join(""));
  fc.assert(
    fc.property(size, (each) => {
      const written = canonicalMemory(memory.parse(each));
      assert.match(written, /^[1-9]\d*[kMGT]?$/);
      const units: Record<string, number> = { k: 1e3, M: 1e6, G: 1e9, T: 1e12 };
      assert.equal(Number.parseInt(written, 10) * (units[written.slice(-1)] ?? 1), Math.round(bytes(each)));
    }),
  );
});

const size = { cores: 1, memory: "900000K" };
const kinds: readonly [string, unknown][] = [
  [
    "dask",
    daskValues(
      dask.parse({
        kind: "dask",
        scheduler: size,
        workers: size,
        workerGroups: { big: size },
        jupyter: size,
      }),
      () => nowhere,
      "pods",
      { secret: "token", key: "token" },
    ),
  ],
  [
    "dask-gateway",
    gatewayValues({
      settings: daskGateway.parse({
        kind: "dask-gateway",
        scheduler: size,
        worker: size,
        gateway: size,
        proxy: size,
      }),
      placement: () => nowhere,
      auth: { kind: "password", secret: { secret: "password", key: "password" } },
      prefix: "/",
    }),
  ],
  [
    "dask-operator",
    operatorValues(daskOperator.parse({ kind: "dask-operator", ...size }), ["ops"], "handlers", nowhere),
  ],
  ["KubeCluster", notebookEnvironment(daskOperator.parse({ kind: "dask-operator", clusters: size }))],
  [
    "a hub's pod",
    resources({ cores: { guarantee: 1, limit: 1 }, memory: { guarantee: "900000K", limit: "900000K" } }),
  ],
];

for (const [kind, values] of kinds) {
  test(`no capital K, which Kubernetes refuses, reaches the pods of ${kind}`, () => {
    const text = JSON.stringify(values);
    assert.match(text, /900M|900000000/);
    assert.doesNotMatch(text, /\dK\b/);
  });
}
