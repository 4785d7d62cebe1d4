import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/** What is waited for, and until when. */
export interface OverdueArgs {
  readonly namespace: pulumi.Input<string>;
  /** Secret; without one only the command that tells more is named. */
  readonly kubeconfig?: pulumi.Input<string>;
  /** What the release waits for before Helm begins. */
  readonly needs: pulumi.Input<unknown>;
  /** Seconds that Helm waits. */
  readonly timeout: number;
}

/**
 * Says what is not ready shortly before Helm gives up on a release.
 *
 * Helm's own words are `context deadline exceeded`, and the engine ends the program together with the release: before
 * that is the last moment in which the program can speak.
 */
export function warnWhenOverdue(release: k8s.helm.v3.Release, name: string, args: OverdueArgs): void {
  if (pulumi.runtime.isDryRun()) return;
  let ended = false;
  const waiting = pulumi.all([args.needs, args.namespace, args.kubeconfig]);
  waiting.apply(([, namespace, kubeconfig]) => {
    const margin = marginOf(args.timeout);
    const timer = setTimeout(
      () => {
        // What cannot be said must not end the run.
        if (!ended) speak(name, { namespace, kubeconfig, margin }).catch(() => undefined);
      },
      Math.min((args.timeout - margin) * 1000, LONGEST_TIMER_MS),
    );
    // A program that is done must not wait for it.
    timer.unref();
    release.urn.apply(() => {
      ended = true;
      clearTimeout(timer);
    });
  });
}

/** Node fires a timer of more milliseconds at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Seconds before Helm gives up, enough to ask a cluster through a credential plugin: half of the wait, at most thirty. */
function marginOf(timeout: number): number {
  return Math.min(30, timeout / 2);
}

interface Overdue {
  readonly namespace: string;
  readonly kubeconfig: string | undefined;
  readonly margin: number;
}

async function speak(name: string, overdue: Overdue): Promise<void> {
  const { namespace, kubeconfig, margin } = overdue;
  const reasons = kubeconfig === undefined ? "" : await reasonsIn(namespace, kubeconfig).catch(() => "");
  const lines = [
    `${name} is not ready, and Helm waits no longer than ${Math.round(margin)} s more.`,
    ...(reasons === "" ? [] : [reasons]),
    `To look again: npm run doctor -- --stack ${pulumi.getStack()}`,
  ];
  // Without the resource: its URN, which a message about it would wait for, comes when Helm has ended.
  await pulumi.log.warn(lines.join("\n"));
}

async function reasonsIn(namespace: string, kubeconfig: string): Promise<string> {
  // Only now: a release that comes up needs none of it.
  const { reasonsNotReady } = await import("../doctor/not-ready.ts");
  return reasonsNotReady(namespace, kubeconfig);
}
