import assert from "node:assert/strict";
import { join } from "node:path";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { run } from "../../sandbox/command.ts";
import { writePrivate } from "../../sandbox/files.ts";
import { until } from "../../sandbox/kubernetes-api.ts";
import { must } from "../../sandbox/node/must.ts";
import { attempt } from "../attempt.ts";
import { changes, outputOf } from "../stack/sandbox.ts";
import { watch } from "../stack/updates.ts";
import { type CloudBench, cloudTest, useLogin } from "./bench.ts";
import { openrc } from "./cloud.ts";
import { REGION } from "./configuration.ts";
import { inventory } from "./inventory.ts";
import { urlOf } from "./place.ts";
import { CORE_POOL, clusterOf, OWN_TEMPLATE, pool, stackFile } from "./stack-files.ts";

const NODE_GROUP = "capi.stackhpc.com/node-group";

cloudTest(
  "a stack on Magnum comes up, follows its settings without replacing the cluster, and leaves nothing",
  async (bench, context) => {
    const name = "life-cycle";
    const before = await inventory(bench);
    const stack = await bench.open(name, await stackFile(name));
    const step = (title: string, body: () => Promise<void>) => context.test(title, body);
    let kubectl: Kubectl = () => assert.fail("there is no cluster");
    await attempt(async () => {
      await step("up makes cluster, node groups, floating IP, storage class and release", async () => {
        const { outputs, summary } = await stack.up();
        assert.equal(summary.result, "succeeded");
        kubectl = kubectlWith(bench, String(outputOf(outputs, "kubeconfig")));
        assert.deepEqual(await nodesByGroup(kubectl), {
          "default-master": 1,
          "default-worker": 1,
          user: 1,
          worker: 2,
        });
        const [address] = await bench.member.list("neutron", "floatingips");
        const endpoints = outputOf(outputs, "endpoints") as Record<string, Record<string, string>>;
        assert.equal(endpoints.batch?.scheduler, `tcp://${address?.floating_ip_address}:8786`);
        const isDefault = "jsonpath={.metadata.annotations.storageclass\\.kubernetes\\.io/is-default-class}";
        assert.equal(await kubectl("get", "storageclass", "cinder", "-o", isDefault), "true");
        assert.deepEqual(await groupsOf(kubectl, "component=worker"), ["worker", "worker"]);
      });

      await step("up again changes nothing, nor after a refresh", async () => {
        assert.deepEqual(changes((await stack.up()).summary.resourceChanges), {});
        assert.deepEqual(changes((await stack.refresh()).summary.resourceChanges), {});
        assert.deepEqual(changes((await stack.up()).summary.resourceChanges), {});
      });

      const grown = { core: CORE_POOL, user: pool(1, 4), worker: pool(3, 3) };
      await step("a fixed pool's count and an elastic pool's limit are updated in place", async () => {
        await bench.open(name, await stackFile(name, { nodePools: grown }));
        const said: string[] = [];
        assert.deepEqual(await resizes(stack, (text) => said.push(text)), ["update user", "update worker"]);
        assert.match(said.join(""), /nodePools\.worker: .* run pulumi up once more/);
        const groups = await nodeGroups(bench, name);
        assert.deepEqual(countsOf(groups.worker), { node_count: 3, min_node_count: 2, max_node_count: null });
        assert.equal(groups.user?.max_node_count, 4);
        assert.equal(groups.user?.node_count, 1);
      });

      const nodePools = { ...grown, worker: pool(2, 2) };
      await step("a fixed pool's lower limit follows its count up, and goes before it down", async () => {
        assert.deepEqual(await resizes(stack), ["update worker"]);
        const { worker } = await nodeGroups(bench, name);
        assert.deepEqual(countsOf(worker), { node_count: 3, min_node_count: 3, max_node_count: null });
        await bench.open(name, await stackFile(name, { nodePools }));
        assert.deepEqual(await resizes(stack), ["update worker"]);
        const { worker: small } = await nodeGroups(bench, name);
        assert.deepEqual(countsOf(small), { node_count: 2, min_node_count: 2, max_node_count: null });
      });

      await step("the autoscaler's change of a pool is not undone", async () => {
        await resize(bench, name, "user", 2);
        await stack.refresh();
        assert.deepEqual(await updates(stack), []);
        assert.equal((await nodeGroups(bench, name)).user?.node_count, 2);
      });

      await step("a label that changes leaves the cluster as it is, and says so", async () => {
        await bench.open(
          name,
          await stackFile(name, { nodePools, labels: { kube_dashboard_enabled: "true" } }),
        );
        const said: string[] = [];
        assert.deepEqual(await updates(stack, (text) => said.push(text)), []);
        assert.match(
          said.join(""),
          /does not change labels of a cluster that is there; left as they were: kube_dashboard_enabled=true/,
        );
      });

      await step("what Magnum cannot change is refused with what the cluster has", async () => {
        const template = { ...OWN_TEMPLATE, image: "no-distribution", networkDriver: "flannel" };
        const wanted = await stackFile(name, { nodePools, template, masters: { count: 3 } });
        const { code, text } = await bench.preview(name, wanted);
        assert.equal(code, 1, text);
        assert.match(
          text,
          /dask:cluster\.template\.image is no-distribution, and the cluster has ubuntu-kube/,
        );
        assert.match(text, /dask:cluster\.template\.networkDriver is flannel, and the cluster has calico/);
        assert.match(text, /put them back, or destroy the stack and bring it up again/);
        assert.doesNotMatch(text, /replace|\n\s+at /);
      });

      await step(
        "with deletionProtection destroy deletes nothing; without it the stack can go again",
        async () => {
          await bench.open(name, await stackFile(name, { nodePools, deletionProtection: true }));
          await stack.up();
          const all = await inventory(bench);
          try {
            const { code, text } = await bench.destroy(name);
            assert.equal(code, 1, text);
            assert.match(text, /Preview failed: .* cannot be deleted\s+because it is protected/);
            assert.deepEqual(await inventory(bench), all);
            assert.deepEqual(await groupsOf(kubectl, "component=worker"), ["worker", "worker"]);
          } finally {
            await bench.open(name, await stackFile(name, { nodePools }));
            await stack.up();
          }
        },
      );
    }).finally(async () => {
      await stack.destroy({ remove: true });
    });
    assert.deepEqual(await inventory(bench), before);
  },
);

cloudTest("a cluster that failed to come up says why, and destroy leaves nothing", async (bench) => {
  const name = "failing";
  const reason = "No valid host was found. There are not enough hosts available.";
  const before = await inventory(bench);
  const small = { ...clusterOf("Pulumi.magnum-small.yaml"), name, labels: { sandbox_fails: reason } };
  const stack = await bench.open(name, await stackFile(name, small));
  await attempt(async () => {
    await assert.rejects(stack.up(), (error: Error) => error.message.includes(reason));
    const [cluster] = await bench.member.list("magnum-api", "clusters");
    assert.equal(cluster?.status, "CREATE_FAILED");
  }).finally(async () => {
    await destroyFailed(stack);
  });
  assert.deepEqual(await inventory(bench), before);
});

cloudTest("an application credential is warned of, and Magnum's refusal leaves nothing", async (bench) => {
  const name = "delegated";
  const before = await inventory(bench);
  const path = `users/${bench.member.userId}/application_credentials`;
  const credential = await bench.member.call("keystone", "POST", path, {
    application_credential: { name, unrestricted: true },
  });
  const { id, secret } = credential.application_credential as { id: string; secret: string };
  const stack = await bench.open(name, await stackFile(name));
  const said: string[] = [];
  await attempt(async () => {
    useLogin({
      OS_AUTH_URL: `${urlOf(bench.cloud.place, "keystone")}/v3`,
      OS_AUTH_TYPE: "v3applicationcredential",
      OS_APPLICATION_CREDENTIAL_ID: id,
      OS_APPLICATION_CREDENTIAL_SECRET: secret,
      OS_REGION_NAME: REGION,
    });
    const up = stack.up({ onOutput: (text) => said.push(text) });
    await assert.rejects(up, /Failed to create trustee or trust for Cluster/);
    assert.match(said.join(""), /this login is an application credential.* log in with a password/s);
  }).finally(async () => {
    useLogin(openrc(bench.cloud.place));
    await destroyFailed(stack);
    await bench.member.call("keystone", "DELETE", `${path}/${id}`);
  });
  assert.deepEqual(await inventory(bench), before);
});

/**
 * Destroys a stack whose cluster failed. The provider looks at the cluster at once, and calls the failure its own where
 * Magnum has not begun to delete: then once more, as docs/magnum.md says.
 */
async function destroyFailed(stack: Stack): Promise<void> {
  await stack
    .destroy()
    .catch((error: Error) => assert.match(error.message, /is in an error state|attribute master_count/));
  await stack.destroy({ remove: true });
}

/** What an update does, step by step. */
async function updates(stack: Stack, say?: (text: string) => void): Promise<string[]> {
  const { done, ...options } = watch(say);
  await stack.up(options);
  return done();
}

/**
 * What an update does that resizes node groups. The provider looks at the group at once, and calls its state unexpected
 * where Magnum has not begun: then once more, as docs/magnum.md says.
 */
async function resizes(stack: Stack, say?: (text: string) => void): Promise<string[]> {
  const { done, ...options } = watch(say);
  await stack.up(options).catch((error: Error) => {
    assert.match(error.message, /unexpected state 'CREATE_COMPLETE', wanted target 'UPDATE_COMPLETE'/);
    return stack.up(options);
  });
  return done();
}

type Kubectl = (...args: string[]) => Promise<string>;

function kubectlWith({ cloud }: CloudBench, kubeconfig: string): Kubectl {
  const file = join(cloud.root, "cluster", "kubeconfig-of-test");
  writePrivate(file, kubeconfig);
  const program = join(cloud.root, "bin", "kubectl");
  return async (...args) => must(args, await run(program, ["--kubeconfig", file, ...args]));
}

async function nodesByGroup(kubectl: Kubectl): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { metadata } of JSON.parse(await kubectl("get", "nodes", "-o", "json")).items) {
    const group = metadata.labels[NODE_GROUP];
    counts[group] = (counts[group] ?? 0) + 1;
  }
  return counts;
}

/** The node groups on which the pods of a component of the release run. */
async function groupsOf(kubectl: Kubectl, selector: string): Promise<string[]> {
  const pods = JSON.parse(await kubectl("get", "pods", "-n", "batch", "-l", selector, "-o", "json")).items;
  return Promise.all(
    pods.map(async ({ spec }: { spec: { nodeName: string } }) => {
      const node = JSON.parse(await kubectl("get", "node", spec.nodeName, "-o", "json"));
      return node.metadata.labels[NODE_GROUP];
    }),
  );
}

/** Magnum's node groups of a cluster by their name. */
async function nodeGroups({ member }: CloudBench, cluster: string): Promise<Record<string, NodeGroup>> {
  const groups = await member.list("magnum-api", `clusters/${cluster}/nodegroups`);
  const full = await Promise.all(
    groups.map(({ uuid }) => member.call("magnum-api", "GET", `clusters/${cluster}/nodegroups/${uuid}`)),
  );
  return Object.fromEntries((full as unknown as NodeGroup[]).map((group) => [group.name, group]));
}

interface NodeGroup {
  readonly uuid: string;
  readonly name: string;
  readonly status: string;
  readonly node_count: number;
  readonly min_node_count: number;
  readonly max_node_count: number | null;
}

/** Count and limits of a node group. */
function countsOf(group: NodeGroup | undefined) {
  const { node_count, min_node_count, max_node_count } = group ?? {};
  return { node_count, min_node_count, max_node_count };
}

/** What the autoscaler does to a node group. */
async function resize(bench: CloudBench, cluster: string, group: string, count: number): Promise<void> {
  const { uuid } = (await nodeGroups(bench, cluster))[group] ?? {};
  const body = { node_count: count, nodegroup: uuid };
  await bench.member.call("magnum-api", "POST", `clusters/${cluster}/actions/resize`, body);
  const done = async () => {
    const { status, node_count } = (await nodeGroups(bench, cluster))[group] ?? {};
    return status === "UPDATE_COMPLETE" && node_count === count;
  };
  assert.ok(await until(done, 180_000), `${group} was not resized within three minutes`);
}
