import * as pulumi from "@pulumi/pulumi";

/** What is waited for, and until when. */
export interface OverdueArgs {
  readonly namespace: pulumi.Input<string>;
  /** Secret; without one only the command that tells more is named. */
  readonly kubeconfig?: pulumi.Input<string>;
  /** What comes before the wait begins. */
  readonly needs: pulumi.Input<unknown>;
  /** Seconds of the wait. */
  readonly timeout: number;
  /** Who waits, in words. Default: up. */
  readonly who?: "Helm" | "up";
}

/** Seconds that the Kubernetes provider waits for a Job or a Service: its own default. */
export const PROVIDER_WAITS_S = 600;

/**
 * Says what is not ready shortly before a resource is given up.
 *
 * Helm's own words are `context deadline exceeded`, and the engine ends the program together with the resource: before
 * that is the last moment in which the program can speak.
 *
 * @param name what is waited for, in words
 */
export function warnWhenOverdue(resource: pulumi.Resource, name: string, args: OverdueArgs): void {
  if (pulumi.runtime.isDryRun()) return;
  let ended = false;
  const waiting = pulumi.all([args.needs, args.namespace, args.kubeconfig]);
  waiting.apply(([, namespace, kubeconfig]) => {
    const margin = marginOf(args.timeout);
    const { who = "up" } = args;
    const timer = setTimeout(
      () => {
        // What cannot be said must not end the run.
        if (!ended) speak(name, { namespace, kubeconfig, margin, who }).catch(() => undefined);
      },
      Math.min((args.timeout - margin) * 1000, LONGEST_TIMER_MS),
    );
    // A program that is done must not wait for it.
    timer.unref();
    resource.urn.apply(() => {
      ended = true;
      clearTimeout(timer);
    });
  });
}

/** Node fires a timer of more milliseconds at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Seconds before the end of the wait, enough to ask a cluster through a credential plugin: half of the wait, at most thirty. */
function marginOf(timeout: number): number {
  return Math.min(30, timeout / 2);
}

interface Overdue {
  readonly namespace: string;
  readonly kubeconfig: string | undefined;
  readonly margin: number;
  readonly who: string;
}

async function speak(name: string, overdue: Overdue): Promise<void> {
  const { namespace, kubeconfig, margin, who } = overdue;
  const reasons = kubeconfig === undefined ? "" : await reasonsIn(namespace, kubeconfig).catch(() => "");
  const lines = [
    `${name} is not ready, and ${who} waits no longer than ${Math.round(margin)} s more.`,
    ...(reasons === "" ? [] : [reasons]),
    `To look again: npm run doctor -- --stack ${pulumi.getStack()}`,
  ];
  // Without the resource: its URN, which a message about it would wait for, comes when the wait has ended.
  await pulumi.log.warn(lines.join("\n"));
}

async function reasonsIn(namespace: string, kubeconfig: string): Promise<string> {
  // Only now: a release that comes up needs none of it.
  const { reasonsNotReady } = await import("../doctor/not-ready.ts");
  return reasonsNotReady(namespace, kubeconfig);
}
