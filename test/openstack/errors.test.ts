import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "../../sandbox/layout.ts";
import { attempt } from "../attempt.ts";
import { cloudTest, useLogin } from "./bench.ts";
import { openrc } from "./cloud.ts";
import { inventory } from "./inventory.ts";
import { EXTERNAL_NETWORK, IMAGES } from "./seed.ts";
import { CORE_POOL, OWN_TEMPLATE, pool, stackFile } from "./stack-files.ts";

/** Settings that the cloud cannot follow, and what `pulumi preview` must say of each. */
const REFUSALS: readonly [cluster: object, words: readonly RegExp[]][] = [
  [
    {
      template: { image: IMAGES.bare, externalNetwork: "publik", masterMachineType: "m1.tiny" },
      nodePools: { core: CORE_POOL, worker: { ...pool(1, 1), machineType: "m1.huge" } },
      publicKey: undefined,
      keypair: "lost",
    },
    [
      /dask:cluster\.template\.image is "no-distribution": has no property os_distro.*openstack image set --property os_distro=/,
      /dask:cluster\.template\.externalNetwork is "publik": is no network with floating IPs; take one of: openstack network list --external/,
      /dask:cluster\.template\.masterMachineType is "m1\.tiny": is no flavour of this project/,
      /dask:cluster\.nodePools\.worker\.machineType is "m1\.huge": is no flavour of this project; take one of: openstack flavor list/,
      /dask:cluster\.keypair is "lost": is no keypair of this user; take one of: openstack keypair list/,
    ],
  ],
  [
    { template: { ...OWN_TEMPLATE, image: "windows" } },
    [
      /dask:cluster\.template\.image is "windows": is no image of this project; take one of: openstack image list/,
    ],
  ],
  [
    { template: "kubernetes-1.2" },
    [
      /dask:cluster\.template is "kubernetes-1\.2": is no cluster template of this cloud; take one of: openstack coe cluster template list/,
    ],
  ],
  [
    { network: { existing: { name: "lost", subnet: "lost-too" } } },
    [
      /dask:cluster\.network\.existing\.name is "lost": is no network that this project sees; choose one of: openstack network list/,
    ],
  ],
  [
    { network: { existing: { name: EXTERNAL_NETWORK, subnet: "lost" } } },
    [
      /dask:cluster\.network\.existing\.subnet is "lost": is no subnet of the network public; choose one of: openstack subnet list --network public/,
    ],
  ],
  [
    {
      ...{ existing: "lost", template: undefined, publicKey: undefined },
      nodePools: { worker: pool(1, 1) },
    },
    [
      /dask:cluster\.existing is "lost": is no cluster of this project; choose one of: openstack coe cluster list/,
    ],
  ],
];

cloudTest(
  "what the cloud lacks is refused with key and remedy before anything is registered",
  async (bench) => {
    const before = await inventory(bench);
    for (const [cluster, words] of REFUSALS) {
      const { code, text } = await bench.preview("refused", await stackFile("refused", cluster));
      assert.equal(code, 1, text);
      for (const each of words) assert.match(text, each);
      assert.match(text, /nothing was created/);
      assert.doesNotMatch(
        text,
        /openstack:\w+:\w+|\n\s+at /,
        "something was registered, or a stack trace printed",
      );
    }
    assert.deepEqual(await inventory(bench), before);
  },
);

cloudTest("a login that Keystone refuses is said to be one", async (bench) => {
  useLogin({ ...openrc(bench.cloud.place), OS_PASSWORD: "wrong" });
  try {
    const { code, text } = await bench.preview("refused", await stackFile("refused"));
    assert.equal(code, 1, text);
    assert.match(text, /OpenStack refuses the login; check user, password and project/);
  } finally {
    useLogin(openrc(bench.cloud.place));
  }
});

/** What Magnum itself answers, and how docs/magnum.md writes it. */
const ANSWERS: readonly [title: string, template: object, words: string, documented: string][] = [
  ["a flavour", { masterMachineType: "m1.tiny" }, "Unable to find flavor m1.tiny", "Unable to find flavor …"],
  [
    "an image without a distribution",
    { image: IMAGES.bare },
    "Cluster type (vm, None, kubernetes) not supported",
    "Cluster type (vm, None, kubernetes) not supported",
  ],
  [
    "an image that is not there",
    { image: "windows" },
    "Cluster type (vm, Unset, kubernetes) not supported",
    "Cluster type (vm, Unset, kubernetes) not supported",
  ],
];

cloudTest(
  "without live checks Magnum's own words come through, and the documentation knows them",
  async (bench) => {
    const before = await inventory(bench);
    const documentation = readFileSync(join(repository, "docs", "magnum.md"), "utf8");
    for (const [title, template, words, documented] of ANSWERS) {
      const own = { ...OWN_TEMPLATE, ...template };
      const config = { ...(await stackFile("unchecked", { template: own })), "dask:liveChecks": false };
      const stack = await bench.open("unchecked", config);
      await attempt(async () => {
        await assert.rejects(stack.up(), (error: Error) => error.message.includes(words), title);
      }).finally(async () => {
        await stack.destroy({ remove: true });
      });
      assert.ok(documentation.includes(`\`${documented}\``), `docs/magnum.md does not know: ${documented}`);
    }
    assert.deepEqual(await inventory(bench), before);
  },
);
