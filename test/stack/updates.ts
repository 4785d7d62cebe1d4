import type { EngineEvent, OpMap } from "@pulumi/pulumi/automation/index.js";

/** What `up`, `destroy`, `refresh` and `preview` of a stack take to tell what they do. */
export interface Watch {
  readonly onEvent: (event: EngineEvent) => void;
  readonly onOutput: (text: string) => void;
  /** What was done so far, without what stayed the same: `update shared`, sorted. */
  done(): string[];
}

/** Operations that stand for the change of one object; the others are steps of these. */
const STEPS: readonly (keyof OpMap)[] = ["same", "create-replacement", "delete-replaced", "read", "refresh"];

/** Watches the steps of the engine; `say` takes what it prints. */
export function watch(say: (text: string) => void = () => {}): Watch {
  const done = new Set<string>();
  return {
    onOutput: say,
    onEvent: ({ resourcePreEvent }) => {
      if (resourcePreEvent === undefined) return;
      const { op, urn } = resourcePreEvent.metadata;
      if (!STEPS.includes(op as keyof OpMap)) done.add(`${op} ${urn.split("::").at(-1)}`);
    },
    done: () => [...done].sort(),
  };
}
