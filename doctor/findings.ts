/** What `--fix` does about a finding; each is safe to do once more. */
export type Fix =
  | { readonly kind: "unlock" }
  | { readonly kind: "clear-pending"; readonly count: number; readonly adopt: readonly string[] }
  | { readonly kind: "delete-secrets"; readonly namespace: string; readonly names: readonly string[] }
  | { readonly kind: "delete-objects"; readonly paths: readonly string[] }
  | { readonly kind: "await-namespace"; readonly name: string }
  | { readonly kind: "finish-deletion"; readonly urn: string }
  | { readonly kind: "refresh"; readonly urns: readonly string[] };

/** Why a pod is not ready: words of its status or events that show it, and what usually mends it. */
export interface Cause {
  readonly what: string;
  readonly words: readonly string[];
  readonly remedy: string;
}

/** One thing that is wrong. */
export interface Finding {
  /** What is wrong, in one sentence that names the object. */
  readonly problem: string;
  /** What shows it: the cluster's own words, events, last log lines. */
  readonly evidence: readonly string[];
  /** What usually mends it; for a finding with a fix, what `--fix` will do. */
  readonly remedy: string;
  /** Absent where only people can mend it. */
  readonly fix?: Fix;
  /** Whether another run may be at work, so that nothing may be mended now. */
  readonly waits?: true;
}
