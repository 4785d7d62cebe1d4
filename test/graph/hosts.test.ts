import assert from "node:assert/strict";
import { test } from "node:test";
import { cloudCalls, cloudStates } from "./clouds.ts";
import { type Run, reaches } from "./mock-engine.ts";
import { onPlanned } from "./planned-cluster.ts";

interface Cloud {
  readonly cluster: object;
  /** The key `dns`, and the type of a record in its zone. */
  readonly dns: object;
  readonly record: string;
  /** Type of an address that the stack makes for an endpoint; absent where the Service's own is all there is. */
  readonly address?: string;
}

const CLOUDS: Readonly<Record<string, Cloud>> = {
  "Google Cloud": {
    cluster: {
      provider: "gke",
      project: "my-project",
      location: "europe-west1-b",
      nodePools: { core: { machineType: "e2-standard-8", max: 3 } },
    },
    dns: { zone: "example" },
    record: "gcp:dns/recordSet:RecordSet",
    address: "gcp:compute/address:Address",
  },
  Amazon: {
    cluster: {
      provider: "eks",
      region: "eu-central-1",
      nodePools: { core: { machineType: "m6i.2xlarge", max: 3 } },
    },
    dns: { zone: "example.org" },
    record: "aws:route53/record:Record",
  },
  "Amazon with addresses that stay": {
    cluster: {
      provider: "eks",
      region: "eu-central-1",
      loadBalancer: { static: true, subnets: 1 },
      nodePools: { core: { machineType: "m6i.2xlarge", max: 3 } },
    },
    dns: { zone: "example.org" },
    record: "aws:route53/record:Record",
    address: "aws:ec2/eip:Eip",
  },
  OpenStack: {
    cluster: {
      provider: "magnum",
      template: "k8s-1.34",
      floatingIpPool: "public",
      nodePools: { core: { machineType: "m1.large", max: 3, resources: { cores: 7, memory: "28G" } } },
    },
    dns: { zone: "example.org" },
    record: "openstack:dns/recordSet:RecordSet",
    address: "openstack:networking/floatingIp:FloatingIp",
  },
};

function program(cluster: object, releases: object): Promise<Run> {
  const options = { states: cloudStates, calls: cloudCalls };
  return onPlanned({ cluster, releases, smokeTest: false }, options);
}

const OPEN = { allowFrom: ["203.0.113.0/24"] };
const HOSTS = {
  batch: {
    kind: "dask",
    scheduler: { host: "scheduler.example.org", expose: OPEN },
    jupyter: { host: "notebook.example.org", expose: OPEN },
  },
  gateway: { kind: "dask-gateway", host: "gateway.example.org", expose: OPEN },
};

type Endpoints = Record<string, Record<string, string>>;
const SERVICE = "kubernetes:core/v1:Service";

for (const [name, { cluster, dns, record, address }] of Object.entries(CLOUDS)) {
  test(`${name}: with a zone every host gets its record, whatever the kind of release`, async () => {
    const made = await program({ ...cluster, dns }, HOSTS);
    assert.deepEqual(
      made
        .all(record)
        .map((each) => each.name)
        .sort(),
      ["gateway.example.org", "notebook.example.org", "scheduler.example.org"],
    );
    for (const each of made.all(record)) {
      // The Service of a chart is read, not made, so it stands among the dependencies alone.
      const waits = [...reaches(made, each)].some((urn) => urn.includes(`${SERVICE}::`));
      assert.equal(
        waits,
        address === undefined,
        `${each.name} stands before its Service where that is known`,
      );
    }
  });

  test(`${name}: address first, then host: the endpoint of the first run is that of the second`, async () => {
    const first = await program(cluster, {
      batch: { kind: "dask", scheduler: { expose: OPEN }, jupyter: { expose: OPEN } },
      gateway: { kind: "dask-gateway", expose: OPEN },
      hub: { kind: "jupyterhub", expose: { allowFrom: ["10.0.0.0/8"] } },
    });
    const tls = { kind: "letsencrypt", email: "ops@example.org" };
    const second = await program(cluster, {
      ...HOSTS,
      hub: { kind: "jupyterhub", host: "hub.example.org", tls },
    });
    assert.deepEqual(second.all(record), [], "without a zone nobody makes records");
    assert.equal(first.all(SERVICE).length, 2);
    assert.deepEqual(second.all(SERVICE), first.all(SERVICE), "a Service that stays keeps its load balancer");
    if (address !== undefined) {
      const given = (made: Run) => made.all(address).map(({ urn, inputs }) => ({ urn, inputs }));
      assert.ok(given(first).length >= 4);
      assert.deepEqual(given(second), given(first));
    }
    const { batch, gateway, hub } = second.outputs.endpoints as Endpoints;
    assert.equal(batch?.scheduler, "tcp://scheduler.example.org:8786");
    assert.equal(batch?.dashboard, "http://scheduler.example.org");
    assert.equal(batch?.schedulerAddress, (first.outputs.endpoints as Endpoints).batch?.scheduler);
    assert.equal(batch?.jupyter, "http://notebook.example.org");
    assert.equal(gateway?.gateway, "http://gateway.example.org");
    assert.equal(hub?.hub, "https://hub.example.org");
  });
}
