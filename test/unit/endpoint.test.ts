import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, url } from "../../components/endpoint.ts";

const scheduler = { name: "scheduler", port: 8786, targetPort: 8786, scheme: "tcp", localPort: 8786 };
const dashboard = { name: "dashboard", port: 80, targetPort: 8787, scheme: "http", localPort: 8787 };
const loadBalancer = { type: "LoadBalancer" };

test("an address is the load balancer's IP or its hostname", () => {
  const ip = { loadBalancer: { ingress: [{ ip: "203.0.113.7" }] } };
  const hostname = { loadBalancer: { ingress: [{ hostname: "lb.example.org" }] } };
  assert.equal(addressOf(scheduler, loadBalancer, ip, undefined), "tcp://203.0.113.7:8786");
  assert.equal(addressOf(dashboard, loadBalancer, hostname, undefined), "http://lb.example.org");
});

test("an address that is absent is said, not made up", () => {
  for (const status of [undefined, {}, { loadBalancer: {} }, { loadBalancer: { ingress: [] } }]) {
    assert.equal(
      addressOf(scheduler, loadBalancer, status, "node"),
      "the cluster has given no address yet; run pulumi refresh",
    );
  }
});

test("a NodePort is reached at a node, under the port that the cluster chose", () => {
  const spec = {
    type: "NodePort",
    ports: [
      { port: 8786, nodePort: 30786 },
      { port: 80, nodePort: 30080 },
    ],
  };
  assert.equal(addressOf(dashboard, spec, undefined, "192.0.2.1"), "http://192.0.2.1:30080");
});

test("URLs carry a port only where it is not the scheme's own, and brackets around IPv6", () => {
  assert.equal(url("http", "2001:db8::1", 80), "http://[2001:db8::1]");
  assert.equal(url("https", "hub.example.org", 443), "https://hub.example.org");
  assert.equal(url("http", "hub.example.org", 8080), "http://hub.example.org:8080");
});
