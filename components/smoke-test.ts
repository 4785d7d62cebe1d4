import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "./cluster.ts";
import type { EnvironmentVariable } from "./dask/values.ts";
import type { Namespace } from "./namespace.ts";
import { PROVIDER_WAITS_S, warnWhenOverdue } from "./overdue.ts";
import { RESTRICTED_CONTAINER, RESTRICTED_POD, UNRESTRICTED_ANNOTATION } from "./pod-security.ts";
import type { SmokeTestResult } from "./release.ts";
import { type SmokeTestSubject, smokeTestProgram } from "./smoke-test-program.ts";

/** What the Job of a smoke test is made of. */
export interface SmokeTestArgs {
  readonly cluster: Cluster;
  readonly namespace: Namespace;
  /** Image that holds the same Dask as the workers. */
  readonly image: string;
  readonly pullSecrets: readonly string[];
  /** Environment of the test: where it connects and what it expects. */
  readonly env: readonly EnvironmentVariable[];
  readonly subject: SmokeTestSubject;
  /** Changes when the release changes; the Job then runs again, and only then. */
  readonly revision: pulumi.Input<number | string>;
  /** Whether the pod runs as whom its image says: its start-up installs packages, or the settings say so. */
  readonly needsRoot: boolean;
  /** ServiceAccount whose rights the test has; without one it gets no token. */
  readonly serviceAccountName?: pulumi.Input<string>;
}

/** Seconds until a smoke test that hangs is ended. */
const DEADLINE_S = 900;

/**
 * Runs a Python program in a Job that connects to a release as a user would, computes and checks the answer.
 *
 * `up` waits for the Job and fails with the program's last words when it fails.
 */
export function smokeTest(name: string, args: SmokeTestArgs, parent: pulumi.Resource): SmokeTestResult {
  const { cluster, namespace } = args;
  const needs = [...namespace.resources, ...cluster.ready];
  const job = new k8s.batch.v1.Job(
    name,
    {
      metadata: {
        name,
        namespace: namespace.name,
        // A Job that failed can never succeed: the next up makes a new one instead of waiting for it.
        annotations: { "pulumi.com/replaceUnready": "true" },
      },
      spec: jobSpec(args),
    },
    {
      parent,
      provider: cluster.provider,
      dependsOn: needs,
      deleteBeforeReplace: true,
    },
  );
  warnWhenOverdue(job, `the smoke test ${name}`, {
    namespace: namespace.name,
    kubeconfig: cluster.kubeconfig,
    needs: [args.revision, ...needs.map(({ urn }) => urn)],
    timeout: PROVIDER_WAITS_S,
  });
  const where = job.metadata;
  return {
    job: pulumi.interpolate`${where.namespace}/${where.name}`,
    read: pulumi.interpolate`kubectl logs -n ${where.namespace} job/${where.name}`,
  };
}

function jobSpec(args: SmokeTestArgs): k8s.types.input.batch.v1.JobSpec {
  return {
    backoffLimit: 1,
    activeDeadlineSeconds: DEADLINE_S,
    template: {
      metadata: {
        annotations: {
          "dask/release-revision": pulumi.interpolate`${args.revision}`,
          ...(args.needsRoot ? { [UNRESTRICTED_ANNOTATION]: NEEDS_ROOT } : {}),
        },
      },
      spec: {
        restartPolicy: "Never",
        automountServiceAccountToken: args.serviceAccountName !== undefined,
        ...(args.serviceAccountName === undefined ? {} : { serviceAccountName: args.serviceAccountName }),
        enableServiceLinks: false,
        ...(args.needsRoot ? {} : { securityContext: RESTRICTED_POD }),
        imagePullSecrets: args.pullSecrets.map((name) => ({ name })),
        ...args.cluster.placement("user"),
        containers: [container(args)],
      },
    },
  };
}

function container(args: SmokeTestArgs): k8s.types.input.core.v1.Container {
  return {
    name: "smoke-test",
    image: args.image,
    // args, not command: the image's entry point installs the same packages as on the workers.
    args: ["python", "-c", smokeTestProgram(args.subject)],
    env: [...args.env],
    resources: { requests: { cpu: "100m", memory: "512M" }, limits: { cpu: "1", memory: "1G" } },
    terminationMessagePolicy: "FallbackToLogsOnError",
    ...(args.needsRoot ? {} : { securityContext: RESTRICTED_CONTAINER }),
  };
}

/** Why a smoke test cannot run under the restricted profile. */
const NEEDS_ROOT = "the image's start-up installs packages, or the image is said to need root";
