import assert from "node:assert/strict";
import { test } from "node:test";
import { withHost } from "../../components/host-record.ts";
import { problemsOf } from "./refusals.ts";

const ON_AMAZON = {
  provider: "eks",
  region: "eu-central-1",
  dns: { zone: "example.org" },
  nodePools: { core: { machineType: "m6i.2xlarge", max: 3 } },
};
const OPEN = { allowFrom: ["203.0.113.0/24"] };

function problems(releases: object, cluster: object = ON_AMAZON): string[] {
  return problemsOf({ cluster, releases, smokeTest: false });
}

test("a host is a full name, and names what is exposed", () => {
  const dask = (scheduler: object, jupyter?: object) => ({ batch: { kind: "dask", scheduler, jupyter } });
  assert.deepEqual(problems(dask({ host: "dask.example.org", expose: OPEN })), []);
  const name = /scheduler\.host must be a full host name in lower case, without scheme and port; write/;
  for (const host of ["dask", "Dask.example.org", "http://dask.example.org", "dask.example.org:8786"])
    assert.match(problems(dask({ host, expose: OPEN })).join("\n"), name);
  const hidden = "names what nobody reaches from outside; add expose with allowFrom beside it, or remove it";
  assert.deepEqual(problems(dask({ host: "dask.example.org" })), [
    `dask:releases.batch.scheduler.host ${hidden}`,
  ]);
  assert.deepEqual(problems(dask({}, { host: "nb.example.org", expose: "ClusterIP" })), [
    `dask:releases.batch.jupyter.host ${hidden}`,
  ]);
  const gateway = { gw: { kind: "dask-gateway", host: "gw.example.org" } };
  assert.deepEqual(problems(gateway), [`dask:releases.gw.host ${hidden}`]);
});

test("a hub may have a host though it stays inside: TLS may end before it", () => {
  const hub = {
    kind: "jupyterhub",
    host: "hub.elsewhere.net",
    tls: { kind: "offload" },
    expose: "ClusterIP",
  };
  assert.deepEqual(problems({ hub }), []);
});

test("a name has one record, so two endpoints cannot share it where there is a zone", () => {
  const both = {
    batch: { kind: "dask", scheduler: { host: "dask.example.org", expose: OPEN } },
    gw: { kind: "dask-gateway", host: "dask.example.org", expose: OPEN },
  };
  assert.deepEqual(problems(both), [
    "dask:releases.gw.host is that of dask:releases.batch.scheduler.host too, and a name has one record; choose another",
  ]);
  const { dns: _, ...withoutZone } = ON_AMAZON;
  assert.deepEqual(problems(both, withoutZone), []);
});

test("a host lies in the zone that gets its record, where the zone's name says which that is", () => {
  const gateway = (host: string) => ({ gw: { kind: "dask-gateway", host, expose: OPEN } });
  assert.deepEqual(problems(gateway("dask.badexample.org")), [
    "dask:releases.gw.host lies outside example.org, the zone of dask:cluster.dns; choose a name below it, or remove dns",
  ]);
  assert.deepEqual(problems(gateway("example.org")), []);
  const onGoogle = {
    provider: "gke",
    project: "my-project",
    location: "europe-west1-b",
    dns: { zone: "a-name-of-the-zone" },
    nodePools: { core: { machineType: "e2-standard-8", max: 3 } },
  };
  assert.deepEqual(problems(gateway("dask.example.org"), onGoogle), []);
});

test("a URL keeps scheme, port and path under its host, and what is no URL stays", () => {
  assert.equal(withHost("tcp://203.0.113.7:8786", "a.b"), "tcp://a.b:8786");
  assert.equal(withHost("http://[2001:db8::1]:8080/x", "a.b"), "http://a.b:8080/x");
  assert.equal(withHost("http://lb.example.net", "a.b"), "http://a.b");
  assert.equal(
    withHost("the cluster has given no address yet", "a.b"),
    "the cluster has given no address yet",
  );
});
