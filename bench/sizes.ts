import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { deploy } from "../deploy.ts";
import type { Outputs } from "../outputs.ts";
import { repository } from "../sandbox/layout.ts";
import { parseSettings } from "../settings/parse.ts";

/** Clouds of which there is a stack file to start from. */
export const CLOUDS = ["gke", "eks", "magnum"] as const;
/** One of them. */
export type Cloud = (typeof CLOUDS)[number];

/** How large a stack is. */
export interface Size {
  readonly releases: number;
  /** Node pools; not fewer than the cloud's small stack file has. */
  readonly pools: number;
}

/** Releases of one kind, as many as asked for: each `dask` with one worker in a namespace of its own. */
export function manyReleases(count: number): Record<string, object> {
  const release = { kind: "dask", workers: { replicas: 1 }, jupyter: false };
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`dask-${index + 1}`, release]));
}

/** The program of a cloud's small stack file, with as many releases and node pools as asked for. */
export function sizedProgram(cloud: Cloud, { releases, pools }: Size): () => Promise<Outputs> {
  const file = join(repository, "stacks", `Pulumi.${cloud}-small.yaml`);
  const { config } = parse(readFileSync(file, "utf8")) as { config: Record<string, unknown> };
  const cluster = config["dask:cluster"] as { nodePools: Record<string, object> };
  return () => {
    for (const [key, value] of Object.entries(config))
      if (!key.startsWith("dask:")) pulumi.runtime.setConfig(key, String(value));
    const settings = parseSettings({
      cluster: { ...cluster, nodePools: morePools(cluster.nodePools, pools) },
      releases: manyReleases(releases),
      liveChecks: false,
    });
    return deploy(settings);
  };
}

/** The pools of a stack file and further ones like its workers', which pods reach by their own placement. */
function morePools(pools: Readonly<Record<string, object>>, count: number): Record<string, object> {
  const missing = Math.max(0, count - Object.keys(pools).length);
  const further = Array.from({ length: missing }, (_, index) => [`pool${index + 1}`, pools.worker ?? {}]);
  return { ...pools, ...Object.fromEntries(further) };
}
