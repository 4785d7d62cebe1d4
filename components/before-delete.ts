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
  /** Seconds that the program waits by itself at most; default: 300, and none waits longer. */
  readonly patience?: number;
  /** What the program needs: it runs before any of these is deleted. */
  readonly dependsOn: readonly pulumi.Resource[];
}

const CHART = fileURLToPath(new URL("../charts/before-delete", import.meta.url));

/** The chart's path from the project, where the provider looks: the same on every machine, so that no `up` sees a change. */
function chartPath(project: string): string {
  // An inline program of the Automation API has no project directory.
  return isAbsolute(project) ? `./${relative(project, CHART)}` : CHART;
}

/** Seconds that a program waits by itself at most. */
const PATIENCE_S = 300;

/** Seconds for what comes before the program and counts towards its Job's deadline: a node for the pod, its image. */
const START_S = 300;

/** Seconds that Helm waits longer than the Job, whose end says more. */
const MARGIN_S = 60;

/**
 * Seconds that a Job may take, and that Helm waits for it; pure.
 *
 * At its deadline Kubernetes deletes a Job's pod, and with it the log in which the program would name what holds the
 * deletion.
 *
 * @param patience seconds that the program waits by itself
 */
export function limitsOf(patience: number): { readonly deadlineSeconds: number; readonly timeout: number } {
  const deadlineSeconds = patience + START_S;
  return { deadlineSeconds, timeout: deadlineSeconds + MARGIN_S };
}

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
  const { deadlineSeconds, timeout } = limitsOf(args.patience ?? PATIENCE_S);
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
        deadlineSeconds,
        resources: { requests: { cpu: "50m", memory: "64M" }, limits: { memory: "256M" } },
        ...cluster.placement("core"),
      },
      timeout,
    },
    {
      ...(parent === undefined ? {} : { parent }),
      provider: cluster.provider,
      dependsOn: [...namespace.resources, ...cluster.ready, ...args.dependsOn],
    },
  );
}
