import { readFileSync } from "node:fs";
import { isAbsolute, relative } from "node:path";
import { fileURLToPath } from "node:url";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "./cluster.ts";
import type { Namespace } from "./namespace.ts";

/** What a program that runs before a deletion is made of. */
export interface BeforeDeleteArgs {
  readonly cluster: Cluster;
  readonly namespace: Namespace;
  /** Image with Python 3.9 or newer. */
  readonly image: string;
  readonly pullSecrets: readonly string[];
  /** File beside this one with the Python program; it needs no packages. */
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  /** ServiceAccount whose rights the program has, in the same namespace. */
  readonly serviceAccountName: pulumi.Input<string>;
  /** What the program needs: it runs before any of these is deleted. */
  readonly dependsOn: readonly pulumi.Resource[];
}

const CHART = fileURLToPath(new URL("../charts/before-delete", import.meta.url));

/** The chart's path from the project, where the provider looks: the same on every machine, so that no `up` sees a change. */
function chartPath(project: string): string {
  // An inline program of the Automation API has no project directory.
  return isAbsolute(project) ? `./${relative(project, CHART)}` : CHART;
}

/** Seconds that the program may take, and that Helm waits for it. */
const DEADLINE_S = 300;
const TIMEOUT_S = 360;

/**
 * Runs a Python program in the cluster when the stack is destroyed, before what it depends on is deleted.
 *
 * A Helm release whose only work is a pre-delete hook: `pulumi destroy` runs it without the program of the stack.
 * Where the Job fails, `destroy` stops there, and the Job stays with its log.
 */
export function beforeDelete(
  name: string,
  args: BeforeDeleteArgs,
  parent?: pulumi.Resource,
): k8s.helm.v3.Release {
  const { cluster, namespace } = args;
  return new k8s.helm.v3.Release(
    name,
    {
      chart: chartPath(pulumi.runtime.getRootDirectory()),
      name,
      namespace: namespace.name,
      values: {
        image: args.image,
        pullSecrets: args.pullSecrets,
        script: readFileSync(new URL(args.script, import.meta.url), "utf8"),
        env: args.env,
        serviceAccountName: args.serviceAccountName,
        deadlineSeconds: DEADLINE_S,
        resources: { requests: { cpu: "50m", memory: "64M" }, limits: { memory: "256M" } },
        ...cluster.placement("core"),
      },
      timeout: TIMEOUT_S,
    },
    {
      ...(parent === undefined ? {} : { parent }),
      provider: cluster.provider,
      dependsOn: [...namespace.resources, ...cluster.ready, ...args.dependsOn],
    },
  );
}
