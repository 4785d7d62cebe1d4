import { eventually } from "../eventually.ts";
import type { Bench } from "../stack/sandbox.ts";
import { apply, IDLE, inNamespace, python, pythonPod, ready, realTest, server, service } from "./node.ts";

realTest("NetworkPolicies let through what they name and nothing else", ["dask"], async (bench) => {
  await inNamespace(bench, "policies", async () => {
    await apply(
      bench,
      pythonPod("policies", "server", server(8000, 8001), {
        labels: { app: "server" },
        container: { ports: [{ name: "web", containerPort: 8000 }] },
      }),
      pythonPod("policies", "friend", IDLE, { labels: { role: "friend" } }),
      pythonPod("policies", "stranger", IDLE),
      service("policies", "server", { ports: [8000, 8001].map((port) => ({ name: `p${port}`, port })) }),
    );
    await ready(bench, "policies", "server", "friend", "stranger");
    const reach = async () => {
      const of = async (pod: string) => [
        await opens(bench, pod, "server", 8000),
        await opens(bench, pod, "server", 8001),
      ];
      return { friend: await of("friend"), stranger: await of("stranger") };
    };
    // Rules and addresses of Services follow a moment after the pods.
    await eventually(reach, (now) => same(now, { friend: [true, true], stranger: [true, true] }));

    const toServer = { podSelector: { matchLabels: { app: "server" } } };
    const friends = [{ podSelector: { matchLabels: { role: "friend" } } }];
    await apply(bench, policy("in", { ...toServer, ingress: [{ from: friends, ports: [{ port: "web" }] }] }));
    await eventually(reach, (now) => same(now, { friend: [true, false], stranger: [false, false] }));

    const dns = { ports: [{ port: 53, protocol: "UDP" }] };
    await apply(bench, policy("in", { ...toServer, ingress: [{}] }));
    await apply(
      bench,
      policy("out", {
        podSelector: {},
        policyTypes: ["Egress"],
        egress: [dns, { to: [toServer], ports: [{ port: 8001, endPort: 8002 }] }],
      }),
    );
    await eventually(reach, (now) => same(now, { friend: [false, true], stranger: [false, true] }));

    await bench.kubectl("delete", "networkpolicy", "-n", "policies", "--all");
    await eventually(reach, (now) => same(now, { friend: [true, true], stranger: [true, true] }));
  });
});

function policy(name: string, spec: object): object {
  const metadata = { name, namespace: "policies" };
  return { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata, spec };
}

/** Whether a pod of the namespace `policies` gets a connection within two seconds. */
async function opens(bench: Bench, pod: string, host: string, port: number): Promise<boolean> {
  const program = `import socket
try: socket.create_connection(("${host}", ${port}), 2); print("open")
except OSError: print("closed")`;
  return (await python(bench, "policies", pod, program)) === "open";
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
