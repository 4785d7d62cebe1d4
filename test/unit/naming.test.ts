import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { cloudName, clusterName } from "../../providers/cloud/naming.ts";
import { gcpLabels, openstackTags, tagsOf } from "../../providers/cloud/tags.ts";

const MOCKS: pulumi.runtime.Mocks = {
  newResource: ({ name, inputs }) => ({ id: name, state: inputs }),
  call: ({ inputs }) => inputs,
};

test("a name is lower case with dashes for what clouds do not allow", () => {
  assert.equal(cloudName({ max: 63 }, "dask-dev", "hub proxy"), "dask-dev-hub-proxy");
  assert.equal(cloudName({ max: 63 }, "Dask_Dev.1"), "dask-dev-1");
});

test("whatever the parts, a name is one that every cloud allows, and two of them are two", () => {
  const part = fc.string({ maxLength: 60 });
  fc.assert(
    fc.property(fc.integer({ min: 12, max: 63 }), part, part, (max, one, other) => {
      const name = cloudName({ max }, one, other);
      assert.match(name, /^[a-z]([-a-z0-9]*[a-z0-9])?$/);
      assert.ok(name.length <= max, name);
      const longer = cloudName({ max }, one, `${other}${"x".repeat(max)}a`);
      assert.notEqual(longer, cloudName({ max }, one, `${other}${"x".repeat(max)}b`));
    }),
  );
});

test("the cluster is named after project and stack, or as the settings say", async () => {
  await pulumi.runtime.setMocks(MOCKS, "dask", "Team_A");
  assert.equal(clusterName(undefined), "dask-team-a");
  assert.equal(clusterName("own"), "own");
});

test("everything carries the stack and its owner, which further tags cannot replace", async () => {
  await pulumi.runtime.setMocks(MOCKS, "dask", "prod", false, "acme");
  const tags = tagsOf({ owner: "Ada Lovelace", tags: { "dask:stack": "other", costCentre: "42" } });
  assert.deepEqual(tags, { "dask:stack": "acme/dask/prod", "dask:owner": "Ada Lovelace", costCentre: "42" });
  assert.deepEqual(gcpLabels(tags), {
    "dask-stack": "acme-dask-prod",
    "dask-owner": "ada-lovelace",
    costcentre: "42",
  });
  assert.deepEqual(openstackTags(tags), [
    "dask:stack=acme.dask.prod",
    "costCentre=42",
    "dask:owner=Ada Lovelace",
  ]);
});
