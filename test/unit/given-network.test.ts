import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type GivenSubnet,
  homeOf,
  serviceProblems,
  subnetProblems,
  zoneProblems,
} from "../../providers/eks/subnet-problems.ts";
import { misfits, placeOf } from "../../providers/gke/given-network.ts";
import type { Problem } from "../../settings/problems.ts";

const lines = (problems: readonly Problem[]) => problems.map(({ key, message }) => `${key} ${message}`);

/** Private subnets at these places, each in a zone named by a letter and a VPC. */
function subnets(...places: readonly (readonly [zone: string, vpcId: string] | "nowhere" | undefined)[]) {
  return places.map((place, index): GivenSubnet => {
    const where = typeof place === "object" ? { zone: place[0], vpcId: place[1] } : place;
    return { list: "privateSubnets", index, id: `subnet-${index}`, place: where };
  });
}

test("the VPC of subnets is that of the first which is known, and each of another is named", () => {
  const given = subnets("nowhere", undefined, ["a", "vpc-1"], ["b", "vpc-2"], ["c", "vpc-1"]);
  assert.deepEqual(homeOf(given), { vpcId: "vpc-1", whose: "subnet-2" });
  assert.deepEqual(lines(subnetProblems(given, "eu-west-1")), [
    "dask:cluster.network.existing.privateSubnets[0] is no subnet that this account has in eu-west-1; choose one of: aws ec2 describe-subnets --region eu-west-1",
    "dask:cluster.network.existing.privateSubnets[3] is in vpc-2, and subnet-2 in vpc-1; choose a subnet of that VPC",
  ]);
  assert.deepEqual(subnetProblems(subnets(undefined, undefined), "eu-west-1"), []);
});

test("subnets are of one zone only where that is known of each", () => {
  const one = ["a", "vpc-1"] as const;
  assert.equal(zoneProblems(subnets(one, one)).length, 1);
  assert.deepEqual(zoneProblems(subnets(one, ["b", "vpc-1"])), []);
  assert.deepEqual(zoneProblems(subnets(one, undefined)), []);
  assert.deepEqual(zoneProblems(subnets(one, "nowhere")), []);
  const outside = subnets(["b", "vpc-1"]).map((each) => ({ ...each, list: "publicSubnets" as const }));
  assert.equal(zoneProblems([...subnets(one, one), ...outside]).length, 1);
});

test("Services are offered a range apart from all of the VPC's, where there is one", () => {
  const problems = (...ranges: string[]) =>
    lines(serviceProblems("10.0.64.0/20", { vpcId: "vpc-1" }, ranges));
  assert.deepEqual(problems("10.1.0.0/16"), []);
  assert.deepEqual(problems("10.1.0.0/16", "10.0.0.0/16"), [
    "dask:cluster.network.serviceCidr overlaps 10.0.0.0/16 of vpc-1; set it to 172.20.0.0/16",
  ]);
  assert.match(problems("10.0.0.0/16", "172.16.0.0/12").join(), /set it to 10\.100\.0\.0\/16$/);
  const all = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
  assert.match(problems(...all).join(), /; choose a network apart from the VPC's$/);
});

test("a subnetwork is one of the cluster's project by its name, and any by its path", () => {
  const own = { project: "mine", region: "europe-west1" };
  assert.deepEqual(placeOf("nodes", own), { ...own, name: "nodes" });
  const path = "projects/host/regions/us-east1/subnetworks/nodes";
  const shared = { project: "host", region: "us-east1", name: "nodes" };
  assert.deepEqual(placeOf(path, own), shared);
  assert.deepEqual(placeOf(`https://www.googleapis.com/compute/v1/${path}`, own), shared);
});

test("a network is known by its name or path, and a subnetwork without secondary ranges is told how to get one", () => {
  const place = { name: "nodes", region: "europe-west1" };
  const found = { network: "https://example.org/projects/host/global/networks/lan", secondaryIpRanges: [] };
  const given = { name: "projects/host/global/networks/lan", subnetwork: "nodes", nat: false };
  const ranges = [{ rangeName: "a" }, { rangeName: "b" }];
  const fits = { ...given, pods: "a", services: "b" };
  assert.deepEqual(misfits(fits, { ...found, secondaryIpRanges: ranges }, place), []);
  assert.deepEqual(lines(misfits({ ...fits, name: "wan" }, { ...found, secondaryIpRanges: ranges }, place)), [
    "dask:cluster.network.existing.name is not the network of the subnetwork nodes, which is lan; write that",
  ]);
  const [pods, services] = lines(misfits(fits, found, place));
  assert.match(
    pods ?? "",
    /existing\.pods is no secondary range of the subnetwork nodes, which has none; add one: gcloud/,
  );
  assert.match(
    services ?? "",
    /subnets update nodes --region europe-west1 --add-secondary-ranges <name>=<network>$/,
  );
});
