import assert from "node:assert/strict";
import { test } from "node:test";
import { cloudCalls, cloudStates, isOfCloud } from "../graph/clouds.ts";
import { type Run, run } from "../graph/mock-engine.ts";
import { programOf, secondStepOf } from "./stack-files.ts";

const HUB = "kubernetes:helm.sh/v3:Release";
const OPTIONS = { states: cloudStates, calls: cloudCalls, stack: "team-a" };

/** What of a run would be made anew by a change: the cloud's parts with their inputs. */
function cloudParts(made: Run) {
  return made.resources.filter(isOfCloud).map(({ urn, inputs }) => ({ urn, inputs }));
}

function hubValues(made: Run) {
  const { values } = made.find(HUB, "hub").inputs as { values: { proxy: Record<string, unknown> } };
  return values;
}

for (const cloud of ["gke", "eks", "magnum"]) {
  const file = `stacks/Pulumi.${cloud}-small.yaml`;
  test(`${file}: the comments of step 2 make a hub with a certificate on the address of step 1`, async () => {
    const first = await run(programOf(file), OPTIONS);
    const second = await run(secondStepOf(file), OPTIONS);
    assert.ok(cloudParts(first).length > 0);
    assert.deepEqual(cloudParts(second), cloudParts(first));
    const [before, after] = [hubValues(first).proxy, hubValues(second).proxy];
    const { https } = after as {
      https: { hosts: string[]; type: string; letsencrypt: { contactEmail: string } };
    };
    assert.ok(!("https" in before) || !Reflect.get(Object(before.https), "enabled"));
    assert.deepEqual(https.hosts, ["hub.example.org"]);
    assert.equal(https.type, "letsencrypt");
    assert.equal(https.letsencrypt.contactEmail, "ops@example.org");
    const service = (proxy: Record<string, unknown>) => proxy.service as Record<string, unknown>;
    assert.equal(service(after).type, "LoadBalancer");
    assert.equal(service(after).loadBalancerIP, service(before).loadBalancerIP);
    // Step 1 lets nobody in; a certificate is only given to who can be reached.
    assert.deepEqual(service(before).loadBalancerSourceRanges, ["10.0.0.0/8"]);
    assert.notDeepEqual(service(after).loadBalancerSourceRanges, ["10.0.0.0/8"]);
  });
}
