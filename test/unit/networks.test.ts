import assert from "node:assert/strict";
import { test } from "node:test";
import { holds, network, overlap, overlaps, prefixLength } from "../../settings/clusters/networks.ts";

test("two networks overlap where one holds an address of the other", () => {
  assert.ok(overlap("10.0.0.0/20", "10.0.15.0/24"));
  assert.ok(overlap("10.0.15.0/24", "10.0.0.0/20"));
  assert.ok(!overlap("10.0.0.0/20", "10.0.16.0/24"));
  assert.ok(overlap("0.0.0.0/0", "255.255.255.255/32"));
  assert.ok(overlap("10.0.3.7/20", "10.0.0.0/24"), "an address inside stands for its network");
});

test("a network holds another only as a whole", () => {
  assert.ok(holds("10.0.0.0/16", "10.0.255.0/24"));
  assert.ok(!holds("10.0.0.0/24", "10.0.0.0/16"));
});

test("overlapping networks are named in pairs", () => {
  assert.deepEqual(overlaps({ nodes: "10.0.0.0/8", pods: "10.4.0.0/14", services: "172.16.0.0/24" }), [
    ["pods", "nodes"],
  ]);
});

test("a network is an IPv4 network with its prefix length", () => {
  assert.equal(prefixLength("10.0.0.0/20"), 20);
  assert.ok(network.safeParse("10.0.0.0/20").success);
  for (const wrong of ["10.0.0.0", "10.0.0.0/33", "300.0.0.0/8", "fd00::/64"])
    assert.ok(!network.safeParse(wrong).success, wrong);
});
