import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Fields } from "../../policies/planned.ts";
import type { Bench } from "./sandbox.ts";

const NAMESPACE = "restricted";

/** Asks the API server whether a namespace of the restricted Pod Security profile would take a pod. */
export type Admit = (spec: Fields) => Promise<void>;

/** Works with a namespace that enforces the restricted profile; what it refuses rejects with the profile's words. */
export async function inRestricted<Result>(
  { kubectl }: Pick<Bench, "kubectl">,
  body: (admit: Admit) => Promise<Result>,
): Promise<Result> {
  await kubectl("create", "namespace", NAMESPACE);
  try {
    await kubectl("label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=restricted");
    await kubectl("wait", "--for=create", "serviceaccount/default", "-n", NAMESPACE);
    return await body((spec) => admit(kubectl, spec));
  } finally {
    await kubectl("delete", "namespace", NAMESPACE);
  }
}

const ELSEWHERE = ["serviceAccountName", "serviceAccount", "priorityClassName", "priority", "nodeName"];

/** Without what only the pod's own namespace or node has. */
async function admit(kubectl: Bench["kubectl"], spec: Fields): Promise<void> {
  const own = Object.entries(spec).filter(([key]) => !ELSEWHERE.includes(key));
  const metadata = { name: "asked", namespace: NAMESPACE };
  const file = join(mkdtempSync(join(tmpdir(), "pod-")), "pod.json");
  try {
    writeFileSync(
      file,
      JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata, spec: Object.fromEntries(own) }),
    );
    await kubectl("create", "--dry-run=server", "-f", file);
  } finally {
    rmSync(dirname(file), { recursive: true });
  }
}
